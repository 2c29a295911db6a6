// Pages in the order of time over rows that lie in hash buckets: one short range of an index per bucket, merged here.
import type { Page, PageRequest } from '../../store.ts';
import { perBucket, bucketCount } from './buckets.ts';
import { readInteger, readText } from './columns.ts';
import { comparePositions, newestFirst, oldestFirst, pageOf, type Position, positionOf } from './paging.ts';
import { bind, type Arguments, type Part } from './query.ts';
import type { ReadSet } from './read-set.ts';
import type { Row, TypeName } from './values.ts';

export interface BucketedList {
  readonly part: Part;
  readonly descending: boolean;
  /** The column of the time, in the unit of cursors. */
  readonly at: string;
}

interface Listing {
  readonly name: string;
  readonly table: string;
  readonly view: string;
  readonly columns: string;
  /** Columns before the time in the index, each compared with the parameter of its name. */
  readonly equal?: Readonly<Record<string, TypeName>>;
  readonly at: string;
  readonly atType?: TypeName;
  readonly descending: boolean;
  /** Compared with the parameter `before`. */
  readonly bounded?: boolean;
  /** Compared with the parameter `since`. */
  readonly recent?: boolean;
  /** A further condition on the rows of the index. */
  readonly also?: string;
}

export function bucketedList({ name, table, view, columns, equal = {}, at, atType = 'Int64', descending, ...more }: Listing): BucketedList {
  const { bounded = false, recent = false, also = '' } = more;
  const direction = descending ? ' DESC' : '';
  const order = ['bucket', ...Object.keys(equal), at, 'seq', 'id'].map((column) => `${column}${direction}`).join(', ');
  const equalities = Object.keys(equal).map((column) => ` AND ${column} = $${column}`).join('');
  const conditions = equalities + (bounded ? ` AND ${at} < $before` : '') + (recent ? ` AND ${at} >= $since` : '') + also;
  const body = perBucket((bucket) => `SELECT ${columns} FROM ${table} VIEW ${view}
WHERE bucket = ${bucket}${conditions} AND (${at}, seq, id) ${descending ? '<' : '>'} ($after_at, $after_seq, $after_id)
ORDER BY ${order} LIMIT $page_limit;`);
  const bounds = { ...(bounded ? { before: atType } : {}), ...(recent ? { since: atType } : {}) };
  const parameters = { ...equal, ...bounds, after_at: atType, after_seq: 'Int64', after_id: 'Utf8', page_limit: 'Uint64' } as const;
  return { part: { name, parameters, body, sets: bucketCount }, descending, at };
}

type Ask = Pick<ReadSet, 'query'>;

export interface Place {
  readonly position: Position;
  readonly limit: number;
}

/** The next rows after `position`, one more than the page when there is another. */
export async function rowsAfter(reads: Ask, list: BucketedList, values: Arguments, { position, limit }: Place): Promise<Row[]> {
  const [at, seq, id] = position;
  const { parts } = await reads.query([bind(list.part, { ...values, after_at: at, after_seq: seq, after_id: id, page_limit: limit + 1 })]);
  return sortRows((parts[0] ?? []).flat(), list).slice(0, limit + 1);
}

export function sortRows(rows: readonly Row[], list: Pick<BucketedList, 'at' | 'descending'>): Row[] {
  const sign = list.descending ? -1 : 1;
  return [...rows].sort((a, b) => sign * comparePositions(positionOfRow(a, list), positionOfRow(b, list)));
}

export function positionOfRow(row: Row, { at }: Pick<BucketedList, 'at'>): Position {
  return [readInteger(row, at), readInteger(row, 'seq'), readText(row, 'id')];
}

export async function pageOfList<Item>(
  reads: Ask,
  list: BucketedList,
  { values, page }: { values: Arguments; page: PageRequest },
  itemOf: (row: Row) => Item,
): Promise<Page<Item>> {
  const position = positionOf(page, list.descending ? newestFirst : oldestFirst);
  const rows = await rowsAfter(reads, list, values, { position, limit: page.limit });
  return pageOf(rows, page.limit, itemOf, (row) => positionOfRow(row, list));
}
