// Keyset pages over lists that lie in hash buckets: each bucket answers its part, merged here. A cursor is the sort key of the last row
// shown, as base64url JSON; the first page starts from a key beyond all rows, so that each list needs one statement only.
import { z } from 'zod';
import { ServiceError } from '../../errors.ts';
import type { Page, PageRequest } from '../../store.ts';

/** Time in the unit of the list, order among equal times, id among equals of those. */
export type Position = readonly [at: number, seq: number, id: string];
const position = z.tuple([z.int(), z.int(), z.string()]);

/** After every id that can be stored. */
const lastId = '\u{10FFFF}';
/** Pages go down from the end. */
export const newestFirst: Position = [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, lastId];
/** Pages go up from the beginning. */
export const oldestFirst: Position = [Number.MIN_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, ''];

/** Throws `bad_cursor` for anything this adapter has not written. */
export function decodeCursor<Key>(cursor: string, key: z.ZodType<Key>): Key {
  const decoded = key.safeParse(jsonOf(cursor));
  if (!decoded.success) throw new ServiceError('bad_cursor', 'cursor: not a position in this list');
  return decoded.data;
}

function jsonOf(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch (error) {
    throw new ServiceError('bad_cursor', 'cursor: not a position in this list', { cause: error });
  }
}

export function positionOf(page: PageRequest, start: Position): Position {
  return page.cursor === null ? start : decodeCursor(page.cursor, position);
}

export function comparePositions(a: Position, b: Position): number {
  if (a[0] !== b[0] || a[1] !== b[1]) return a[0] - b[0] || a[1] - b[1];
  if (a[2] === b[2]) return 0;
  return a[2] < b[2] ? -1 : 1;
}

/** `entries` are in order, and one more than the page when there is a next one. */
export function pageOf<Entry, Item>(
  entries: readonly Entry[],
  limit: number,
  itemOf: (entry: Entry) => Item,
  keyOf: (entry: Entry) => readonly (number | string)[],
): Page<Item> {
  const shown = entries.slice(0, limit);
  const final = shown.at(-1);
  const more = entries.length > limit && final !== undefined;
  const nextCursor = more ? Buffer.from(JSON.stringify(keyOf(final))).toString('base64url') : null;
  return { items: shown.map(itemOf), nextCursor };
}
