// A table: its columns, its rows by primary key, its indexes.
import type { Settings, TimeToLive } from '../ast.ts';
import type { YdbType } from '../types.ts';
import { compareRows, type Row, type Value } from '../values.ts';
import { VersionedMap } from './versions.ts';

export interface Column {
  readonly name: string;
  readonly type: YdbType;
  readonly notNull: boolean;
  /** What a row gets that does not name the column; null with NOT NULL means that it must be named. */
  readonly defaultValue: Value;
}

export interface Index {
  readonly name: string;
  /** Places of the key columns in a row: the index's own, then those of the primary key not among them. */
  readonly key: readonly number[];
  readonly ownKeyLength: number;
  readonly cover: readonly number[];
  readonly mode: 'sync' | 'async';
  readonly unique: boolean;
  /** Index key to the covered cells. */
  readonly entries: VersionedMap;
  settings: Settings;
}

export interface Table {
  readonly path: string;
  readonly name: string;
  columns: readonly Column[];
  readonly key: readonly number[];
  readonly rows: VersionedMap;
  indexes: readonly Index[];
  settings: Settings;
  ttl: TimeToLive | null;
}

export function columnPlace(table: Table, name: string): number {
  return table.columns.findIndex((column) => column.name === name);
}

export function pick(row: Row, places: readonly number[]): Row {
  return places.map((place) => row[place] ?? null);
}

export function primaryKeyOf(table: Table, row: Row): Row {
  return pick(row, table.key);
}

export function blankRow(table: Table, key: Row): Value[] {
  const row: Value[] = table.columns.map((column) => column.defaultValue);
  for (const [part, place] of table.key.entries()) row[place] = key[part] ?? null;
  return row;
}

/** The primary key of the row that an index entry belongs to. */
export function keyFromIndex(table: Table, index: Index, indexKey: Row): Row {
  return table.key.map((place) => indexKey[index.key.indexOf(place)] ?? null);
}

export function makeIndex(
  table: Pick<Table,
  'key' | 'columns'>,
  definition: { name: string; columns: readonly string[]; cover: readonly string[]; mode: 'sync' | 'async'; unique: boolean },
): Index {
  const place = (name: string): number => table.columns.findIndex((column) => column.name === name);
  const own = definition.columns.map(place);
  const { name, mode, unique } = definition;
  return {
    name, mode, unique, key: [...own, ...table.key.filter((part) => !own.includes(part))], ownKeyLength: own.length,
    cover: definition.cover.map(place), entries: new VersionedMap(), settings: {},
  };
}

/** Writes what one row's change means for one index. An entry whose cells stay the same is left alone. */
export function indexChange(index: Index, before: Row | null, after: Row | null): { key: Row; cells: Row | null }[] {
  const [oldKey, newKey] = [before && pick(before, index.key), after && pick(after, index.key)];
  const moved = oldKey === null || newKey === null || compareRows(oldKey, newKey) !== 0;
  if (!moved && before !== null && after !== null && compareRows(pick(before, index.cover), pick(after, index.cover)) === 0) return [];
  const removal = moved && oldKey !== null ? [{ key: oldKey, cells: null }] : [];
  return newKey === null || after === null ? removal : [...removal, { key: newKey, cells: pick(after, index.cover) }];
}
