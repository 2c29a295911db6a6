// Keyset pages. A cursor is the sort key of the last row shown, as base64url JSON; the first page starts from a key beyond all rows,
// so that each list needs one statement only.
import { z } from 'zod';
import { ServiceError } from '../../errors.ts';
import type { Page, PageRequest } from '../../store.ts';

/** Integers are a moment and a row number; both fit into a double. */
export const first = Number.MIN_SAFE_INTEGER;
export const last = Number.MAX_SAFE_INTEGER;

export type Position = readonly [at: number, seq: number];
const position = z.tuple([z.int(), z.int()]);

/** Newest first: pages go down from the end. */
export const newestFirst: Position = [last, last];
/** Oldest first: pages go up from the beginning. */
export const oldestFirst: Position = [first, first];

export function encodeCursor(key: readonly (number | string)[]): string {
  return Buffer.from(JSON.stringify(key)).toString('base64url');
}

/** Throws `bad_cursor` for anything this adapter has not written. */
export function decodeCursor<Key>(cursor: string, key: z.ZodType<Key>): Key {
  const decoded = key.safeParse(jsonOf(cursor));
  if (!decoded.success) throw new ServiceError('bad_cursor', 'cursor: not a position in this list');
  return decoded.data;
}

export function positionOf(page: PageRequest, start: Position): Position {
  return page.cursor === null ? start : decodeCursor(page.cursor, position);
}

/** `rows` holds one more than the page when there is a next one. */
export function pageOf<Entry, Item>(
  rows: readonly Entry[],
  limit: number,
  itemOf: (row: Entry) => Item,
  keyOf: (row: Entry) => readonly (number | string)[],
): Page<Item> {
  const shown = rows.slice(0, limit);
  const final = shown.at(-1);
  const more = rows.length > limit && final !== undefined;
  return { items: shown.map(itemOf), nextCursor: more ? encodeCursor(keyOf(final)) : null };
}

function jsonOf(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch (error) {
    throw new ServiceError('bad_cursor', 'cursor: not a position in this list', { cause: error });
  }
}
