// Promocodes that came before their matching was finished, oldest first.
import { z } from 'zod';
import type { ProfileKey } from '../../../machines/ids.ts';
import type { Page, PageRequest, PendingPromocode } from '../../store.ts';
import { readInteger, readText } from './columns.ts';
import { decodeCursor, pageOf } from './paging.ts';
import { bind, type Part } from './query.ts';
import type { ReadSet } from './read-set.ts';
import type { Row } from './values.ts';

/** Few rows, kept for weeks at most: the index needs no buckets. */
const page: Part = {
  name: 'promocode_page',
  parameters: { seen_after: 'Int64', entity_after: 'Utf8', promocode_after: 'Utf8', page_limit: 'Uint64' },
  body: `SELECT entity, promocode, first_seen_at FROM pending_promocodes VIEW by_seen
WHERE (first_seen_at, entity, promocode) > ($seen_after, $entity_after, $promocode_after)
ORDER BY first_seen_at, entity, promocode LIMIT $page_limit;`,
  sets: 1,
};

export const promocodeParts = { page } as const;

const position = z.tuple([z.int(), z.string(), z.string()]);

export async function promocodePage(reads: Pick<ReadSet, 'query'>, { limit, cursor }: PageRequest): Promise<Page<PendingPromocode>> {
  const [seen, entity, promocode] = cursor === null ? ([Number.MIN_SAFE_INTEGER, '', ''] as const) : decodeCursor(cursor, position);
  const after = { seen_after: seen, entity_after: entity, promocode_after: promocode };
  const { parts } = await reads.query([bind(page, { ...after, page_limit: limit + 1 })]);
  return pageOf(parts[0]?.[0] ?? [], limit, promocodeFrom, (row) => {
    const item = promocodeFrom(row);
    return [item.firstSeenAt, item.entity, item.promocode];
  });
}

function promocodeFrom(row: Row): PendingPromocode {
  return {
    entity: readText(row, 'entity') as ProfileKey,
    promocode: readText(row, 'promocode'),
    firstSeenAt: readInteger(row, 'first_seen_at'),
  };
}
