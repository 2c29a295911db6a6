// Pages over the tables in memory, in the order of a moment.
import { z } from 'zod';
import type { Page, PageRequest } from '../../../runtime/store.ts';
import { decodeCursor, pageOf } from '../../../runtime/store/sqlite/paging.ts';
import type { Session } from './access.ts';
import type { Numbered, TableName } from './tables.ts';

export interface Listing<Row> {
  readonly table: TableName;
  readonly found: (entry: Numbered<Row>) => boolean;
  readonly moment: (row: Row) => number;
  readonly newest: boolean;
}

const momentPosition = z.tuple([z.int(), z.int()]);

/** A page in the order of the moment, newest or oldest first; what shares a moment in the order in which it came. */
export function pageBy<Row>({ tables }: Session, { table, found, moment, newest }: Listing<Row>, page: PageRequest): Page<Row> {
  const turn = newest ? -1 : 1;
  const after = page.cursor === null ? null : decodeCursor(page.cursor, momentPosition);
  const placeOf = ({ row, seq }: Numbered<Row>): readonly [number, number] => [moment(row), seq];
  const all = (tables.numbered(table) as unknown as Numbered<Row>[]).filter(found).sort((a, b) => turn * compare(placeOf(a), placeOf(b)));
  const rest = after === null ? all : all.filter((entry) => turn * compare(placeOf(entry), after) > 0);
  return pageOf(rest, page.limit, ({ row }) => row, placeOf);
}

export function compare(a: readonly (number | string)[], b: readonly (number | string)[]): number {
  const at = a.findIndex((part, index) => part !== b[index]);
  if (at < 0) return 0;
  return (a[at] as never) < (b[at] as never) ? -1 : 1;
}
