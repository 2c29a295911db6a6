// A look into the tables from inside the process, for tests: no session, no lock, no call in the log.
import type { Settings } from './ast.ts';
import { latestRows, type Store } from './storage/store.ts';
import type { Table } from './storage/table.ts';
import { primitiveOf, typeText } from './types.ts';
import { uuidText } from './uuid.ts';
import type { Row, Value } from './values.ts';

export type Plain = Readonly<Record<string, Value>>;

export interface TableView {
  readonly columns: Readonly<Record<string, string>>;
  readonly primaryKey: readonly string[];
  readonly settings: Settings;
  readonly indexes: Readonly<Record<string, { readonly columns: readonly string[]; readonly settings: Settings }>>;
}

export interface Inspector {
  names(): string[];
  /** In key order. 64-bit numbers and times (microseconds) are bigint, String is a Buffer, Uuid its text. */
  rows(table: string): Plain[];
  /** The rows in the order of an index, as it stands. */
  indexRows(table: string, index: string): Plain[];
  describe(table: string): TableView;
}

export function inspectorOf(store: Store): Inspector {
  return {
    names: () => [...store.tables.keys()].sort(),
    rows: (name) => latestRows(store, store.table(name)).map((row) => plain(store.table(name), row)),
    indexRows: (name, index) => indexRows(store, store.table(name), index),
    describe: (name) => describe(store.table(name)),
  };
}

function plain({ columns }: Table, row: Row): Plain {
  return Object.fromEntries(columns.map(({ name, type }, place) => [name, shown(primitiveOf(type), row[place] ?? null)]));
}

function shown(type: string | null, value: Value): Value {
  return type === 'Uuid' && typeof value === 'string' ? uuidText(value) : value;
}

function indexRows(store: Store, table: Table, name: string): Plain[] {
  const index = table.indexes.find((one) => one.name === name);
  if (index === undefined) throw new Error(`${table.name} has no index ${name}`);
  const places = [...index.key, ...index.cover];
  const entries = index.entries.scan({ low: null, high: null }, store.lastCommit);
  return [...entries].map(({ key, row }) => {
    const cells = [...key, ...row];
    return Object.fromEntries(
      places.map(
        (place, at) => [
          table.columns[place]?.name ?? '',
          shown(primitiveOf(table.columns[place]?.type ?? { kind: 'null' }), cells[at] ?? null),
        ],
      ),
    );
  });
}

function describe(table: Table): TableView {
  const nameAt = (place: number): string => table.columns[place]?.name ?? '';
  return {
    columns: Object.fromEntries(table.columns.map(({ name, type }) => [name, typeText(type)])),
    primaryKey: table.key.map(nameAt),
    settings: table.settings,
    indexes: Object.fromEntries(
      table.indexes.map(({ name, key, ownKeyLength, settings }) => [name, { columns: key.slice(0, ownKeyLength).map(nameAt), settings }]),
    ),
  };
}
