// What a pending write makes of a row. A patch is blind: it joins whatever row it finds at the commit.
import { compareRows, type Row, type Value } from '../values.ts';
import { blankRow, type Table } from './table.ts';

export type Write =
  | { readonly kind: 'put'; readonly row: Row }
  | { readonly kind: 'patch'; readonly cells: ReadonlyMap<number, Value> }
  | { readonly kind: 'delete' };

export interface PendingWrite {
  readonly key: Row;
  readonly write: Write;
}

export function applyWrite(table: Table, { key, write }: PendingWrite, found: Row | null): Row | null {
  if (write.kind === 'put') return write.row;
  return write.kind === 'delete' ? null : patched(found ?? blankRow(table, key), write.cells);
}

export function writeOver(table: Table, key: Row, { earlier, write }: { earlier: Write | undefined; write: Write }): Write {
  if (earlier === undefined || write.kind !== 'patch') return write;
  if (earlier.kind === 'patch') return { kind: 'patch', cells: new Map([...earlier.cells, ...write.cells]) };
  return { kind: 'put', row: patched(earlier.kind === 'put' ? earlier.row : blankRow(table, key), write.cells) };
}

export function compareKeyed(a: { readonly key: Row }, b: { readonly key: Row }): number {
  return compareRows(a.key, b.key);
}

function patched(row: Row, cells: ReadonlyMap<number, Value>): Row {
  const copy = [...row];
  for (const [place, value] of cells) copy[place] = value;
  return copy;
}
