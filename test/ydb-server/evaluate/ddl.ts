// CREATE, ALTER and DROP TABLE on the store; each takes effect at once.
import type { AlterAction, ColumnDefinition, IndexDefinition, Statement, TimeToLive } from '../ast.ts';
import { compileError, failure, IssueCode, type Position, Status } from '../errors.ts';
import { fillIndex, latestRows, type Store } from '../storage/store.ts';
import { type Column, columnPlace, makeIndex, type Table } from '../storage/table.ts';
import { VersionedMap } from '../storage/versions.ts';
import { primitiveOf } from '../types.ts';
import type { Row } from '../values.ts';
import { convertTo } from './convert.ts';
import { compile } from './expression.ts';
import { compileSelect } from './select.ts';

type Of<Kind> = Statement & { readonly kind: Kind };
export type SchemeStatement = Of<'create-table'> | Of<'alter-table'> | Of<'drop-table'>;

const maxIndexes = 20;
const maxColumns = 200;
const maxKeyColumns = 20;
const ttlTypes = new Set(['Date', 'Datetime', 'Timestamp', 'Uint32', 'Uint64']);
const unsorted = new Set(['Json', 'JsonDocument', 'Yson', 'Float', 'Double']);

export function runScheme(statement: SchemeStatement, store: Store): void {
  if (statement.kind === 'create-table') createTable(statement, store);
  else if (statement.kind === 'alter-table') alterTable(statement, store);
  else dropTable(statement, store);
}

function createTable(node: Of<'create-table'>, store: Store): void {
  const name = store.relative(node.table);
  if (store.tables.has(name)) {
    if (node.ifNotExists) return;
    throw schemeError(`Check failed: path: '${store.database}/${name}', error: path exist, request accepts it`);
  }
  if (node.columns.length > maxColumns) throw schemeError(`Too many columns: ${node.columns.length}`);
  const columns = node.columns.map((column) => columnOf(column, store));
  const key = keyOf(node, columns);
  const path = `${store.database}/${name}`;
  const table: Table = { path, name, columns, key, rows: new VersionedMap(), indexes: [], settings: node.settings, ttl: null };
  for (const index of node.indexes) addIndex(table, index);
  table.ttl = checkedTtl(table, node.ttl, node.at);
  store.tables.set(name, table);
}

function columnOf({ name, type, notNull, defaultValue, at }: ColumnDefinition, store: Store): Column {
  if (defaultValue === null) return { name, type, notNull, defaultValue: null };
  const given = compile(defaultValue, { catalog: { store, variables: new Map(), compileSelect }, columns: [] });
  const value = convertTo(given, type, { at, column: name });
  if (given.literal === undefined) throw compileError(`DEFAULT of ${name} must be a literal`, at);
  return { name, type, notNull, defaultValue: value.run([], undefined as never) };
}

function keyOf({ primaryKey, at }: Of<'create-table'>, columns: readonly Column[]): readonly number[] {
  if (primaryKey.length === 0) throw compileError('No primary key specified', at);
  if (primaryKey.length > maxKeyColumns) throw compileError('Too many key columns', at);
  return primaryKey.map((name) => sortableColumn(columns, name, at));
}

function sortableColumn(columns: readonly Column[], name: string, at: Position): number {
  const place = columns.findIndex((column) => column.name === name);
  const column = columns[place];
  if (column === undefined) throw compileError(`Undefined column: ${name}`, at);
  if (unsorted.has(primitiveOf(column.type) ?? '')) throw compileError(`Column ${name} has a type that cannot be in a key`, at);
  return place;
}

function addIndex(table: Table, definition: IndexDefinition): void {
  const { name, columns, cover, at } = definition;
  if (table.indexes.some((index) => index.name === name)) throw compileError(`Index ${name} must be defined once`, at);
  if (table.indexes.length >= maxIndexes) throw schemeError(`indexes count has reached maximum value in the table, ${maxIndexes}`);
  for (const column of columns) sortableColumn(table.columns, column, at);
  for (const column of cover) {
    if (columnPlace(table, column) === -1) throw compileError(`Undefined column: ${column}`, at);
    if (columns.includes(column)) throw compileError(`Column ${column} is in the key of index ${name} already`, at);
  }
  table.indexes = [...table.indexes, makeIndex(table, definition)];
}

function checkedTtl(table: Table, ttl: TimeToLive | null, at: Position): TimeToLive | null {
  if (ttl === null) return null;
  const column = table.columns[columnPlace(table, ttl.column)];
  if (column === undefined) throw schemeError(`Cannot enable TTL on unknown column: '${ttl.column}'`);
  const type = primitiveOf(column.type);
  if (type === null || !ttlTypes.has(type)) throw schemeError(`Unsupported column type for TTL: '${ttl.column}'`);
  if (type.startsWith('Uint') !== (ttl.unitMicros !== null)) throw compileError('a unit is for numeric TTL columns, and they need one', at);
  return ttl;
}

function alterTable({ table: name, actions, at }: Of<'alter-table'>, store: Store): void {
  const table = store.table(name);
  for (const action of actions) alterOne(table, action, { store, at });
}

type Change<Kind> = (table: Table, action: AlterAction & { readonly kind: Kind }, place: { store: Store; at: Position }) => void;

const changes: { readonly [Kind in AlterAction['kind']]: Change<Kind> } = {
  'add-column': (table, { column }, { store }) => addColumn(table, column, store),
  'drop-column': dropColumn,
  'add-index': (table, { index }, { store, at }) => {
    // Built online it would not be unique on servers of today.
    if (index.unique) throw compileError('a unique index can be made with its table only', at);
    addIndex(table, index);
    const added = table.indexes.at(-1);
    if (added !== undefined) fillIndex(store, table, added);
  },
  'drop-index': (table, { name }) => {
    const index = indexOf(table, name);
    table.indexes = table.indexes.filter((one) => one !== index);
  },
  'set-index': (table, { name, settings }) => {
    const index = indexOf(table, name);
    index.settings = { ...index.settings, ...settings };
  },
  set: (table, { settings, ttl }, { at }) => {
    table.settings = { ...table.settings, ...settings };
    table.ttl = checkedTtl(table, ttl, at) ?? table.ttl;
  },
  reset: (table, { names }) => {
    if (names.includes('TTL')) table.ttl = null;
    table.settings = Object.fromEntries(Object.entries(table.settings).filter(([name]) => !names.includes(name)));
  },
};

function alterOne(table: Table, action: AlterAction, place: { store: Store; at: Position }): void {
  (changes[action.kind] as Change<AlterAction['kind']>)(table, action, place);
}

function addColumn(table: Table, definition: ColumnDefinition, store: Store): void {
  if (columnPlace(table, definition.name) !== -1) throw failure(Status.GENERIC_ERROR, `AlterTable : Column: "${definition.name}" already exists`);
  const column = columnOf(definition, store);
  if (column.notNull && column.defaultValue === null) throw failure(
    Status.BAD_REQUEST,
    `Cannot add a not null column without a default value: ${column.name}`,
  );
  table.columns = [...table.columns, column];
  if (column.defaultValue === null) return;
  const last = table.columns.length - 1;
  const filled = (row: Row): Row => table.columns.map((_, place) => (place === last ? column.defaultValue : (row[place] ?? null)));
  store.apply(
    latestRows(store, table).map(
      (row) => ({ table, key: table.key.map((place) => row[place] ?? null), row: (latest) => filled(latest ?? row) }),
    ),
  );
}

// The place of a column stays, so that stored rows need no rewriting; its name is freed.
function dropColumn(table: Table, { name }: { readonly name: string }, { at }: { at: Position }): void {
  const place = columnPlace(table, name);
  if (place === -1 || table.key.includes(place)) throw compileError(`Cannot drop column: ${name}`, at);
  if (table.indexes.some(({ key, cover }) => key.includes(place) || cover.includes(place))) throw schemeError(
    `Impossible to drop column because a table index depends on it: ${name}`,
  );
  if (place !== table.columns.length - 1) throw compileError(`this server drops the last column only, not ${name}`, at);
  table.columns = table.columns.slice(0, -1);
}

function indexOf(table: Table, name: string): Table['indexes'][number] {
  const found = table.indexes.find((index) => index.name === name);
  if (found === undefined) throw schemeError(`Index not found: ${table.path}/${name}`);
  return found;
}

function dropTable({ table: name, ifExists }: Of<'drop-table'>, store: Store): void {
  if (ifExists && !store.tables.has(store.relative(name))) return;
  store.tables.delete(store.table(name).name);
}

function schemeError(message: string): Error {
  return failure(Status.SCHEME_ERROR, message, IssueCode.schemeError);
}
