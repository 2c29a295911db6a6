// UPSERT, INSERT, REPLACE, UPDATE and DELETE: each compiles to a function that writes into the transaction.
import type { Select, Statement, ValuesRows } from '../ast.ts';
import { compileError, duplicateKey, failure, IssueCode, Status } from '../errors.ts';
import { columnPlace, type Table } from '../storage/table.ts';
import type { Write } from '../storage/writes.ts';
import { keyText, type Row, type Value } from '../values.ts';
import { planAccess } from './access.ts';
import { convertTo } from './convert.ts';
import { compile, compilePredicate } from './expression.ts';
import { type Catalog, type Compiled, type Env, noRow, type Scope } from './scope.ts';
import { compileSelect } from './select.ts';
import { compileSource, scanRows } from './source.ts';
import { isUniqueViolated, readsBeforeWrite } from './write-locks.ts';

/** Answers the rows after the change (before it, for a deletion). */
export interface Modification {
  readonly table: Table;
  readonly run: (env: Env) => readonly Row[];
}

type Of<Kind> = Statement & { readonly kind: Kind };

export function compileWrite(node: Of<'write'>, catalog: Catalog): Modification {
  const table = catalog.store.table(node.table);
  const input = compileInput(node, table, catalog);
  requireKey(table, input.places, node);
  requireNotNull(table, input.places, node);
  const looks = readsBeforeWrite(table, node.write === 'UPSERT' ? input.places : null);
  const writeRow = (env: Env, key: Row, cells: ReadonlyMap<number, Value>): void => {
    if (node.write === 'INSERT' && env.tx.get(table, key) !== null) throw duplicateKey(table.path);
    if (looks) env.tx.get(table, key);
    const write: Write = node.write === 'UPSERT' ? { kind: 'patch', cells } : { kind: 'put', row: fullRow(table, cells) };
    env.tx.write(table, key, write);
    if (isUniqueViolated(table, key, env)) throw duplicateKey(table.path);
  };
  return { table, run: (env) => writeAll(input, table, { env, writeRow, returns: node.returning !== null }) };
}

interface WriteAll {
  readonly env: Env;
  readonly writeRow: (env: Env, key: Row, cells: ReadonlyMap<number, Value>) => void;
  readonly returns: boolean;
}

function writeAll(input: Input, table: Table, { env, writeRow, returns }: WriteAll): readonly Row[] {
  const keys = new Map<string, Row>();
  const given = [...input.rows(env)];
  for (const cells of given) {
    const key = table.key.map((place) => cells.get(place) ?? null);
    writeRow(env, key, cells);
    if (returns) keys.set(keyText(key), key);
  }
  return [...keys.values()].map((key) => env.tx.get(table, key)).filter((row) => row !== null);
}

function fullRow(table: Table, cells: ReadonlyMap<number, Value>): Row {
  return table.columns.map(({ defaultValue }, place) => (cells.has(place) ? (cells.get(place) ?? null) : defaultValue));
}

interface Input {
  /** Places of the columns that are given. */
  readonly places: readonly number[];
  readonly rows: (env: Env) => Iterable<ReadonlyMap<number, Value>>;
}

interface Target {
  readonly columns: readonly string[] | null;
  readonly rows: Select | ValuesRows;
  readonly at: Statement['at'];
}

function compileInput({ columns, rows, at }: Target, table: Table, catalog: Catalog): Input {
  if ('kind' in rows) return compileValues(rows, table, { columns, catalog, at });
  const relation = compileSelect(rows, catalog);
  if (columns !== null && columns.length !== relation.columns.length) {
    throw compileError(`SELECT has ${relation.columns.length} columns, ${table.name} expects: ${columns.length}`, at);
  }
  const names = columns ?? relation.columns.map(({ name }) => name);
  const places = names.map((name) => placeOf(table, name, at));
  const changes = relation.columns.map(
    ({ type }, index) => columnValue(table, places[index] ?? -1, { value: { type, run: (row) => row[index] ?? null }, at }),
  );
  return { places, rows: (env) => cellRows(relation.rows(env), places, { changes, env }) };
}

function* cellRows(
  rows: Iterable<Row>,
  places: readonly number[],
  { changes, env }: { changes: readonly Compiled[]; env: Env },
): Generator<ReadonlyMap<number, Value>> {
  for (const row of rows) yield new Map(places.map((place, index) => [place, changes[index]?.run(row, env) ?? null]));
}

/** The literals of VALUES take the types of their columns, so that 1 may fill a Uint64. */
function compileValues(
  { rows }: ValuesRows,
  table: Table,
  { columns, catalog, at }: { columns: readonly string[] | null; catalog: Catalog; at: Target['at'] },
): Input {
  if (columns === null) throw compileError('VALUES needs a list of columns here', at);
  const places = columns.map((name) => placeOf(table, name, at));
  const compiled = rows.map((row) => {
    if (row.length !== columns.length) throw compileError(
      `VALUES have ${row.length} columns, the statement expects: ${columns.length}`,
      at,
    );
    return row.map(
      (value, index) => columnValue(table, places[index] ?? -1, { value: compile(value, { catalog, columns: [] }), at: value.at }),
    );
  });
  return {
    places,
    rows: (env) => compiled.map((row) => new Map(places.map((place, index) => [place, row[index]?.run(noRow, env) ?? null]))),
  };
}

function columnValue(table: Table, place: number, { value, at }: { value: Compiled; at: Target['at'] }): Compiled {
  const column = table.columns[place];
  if (column === undefined) throw compileError('a column without a place', at);
  return convertTo(value, column.type, { at, column: column.name });
}

function placeOf(table: Table, name: string, at: Target['at']): number {
  const place = columnPlace(table, name);
  if (place === -1) throw compileError(`No such column: ${name} in table ${table.path}`, at);
  return place;
}

function requireKey(table: Table, places: readonly number[], { at }: { at: Target['at'] }): void {
  const missing = table.key.find((place) => !places.includes(place));
  if (missing !== undefined) throw compileError(
    `Missing key column in input: ${table.columns[missing]?.name ?? ''} for table: ${table.path}`,
    at,
  );
}

function requireNotNull(table: Table, places: readonly number[], { at }: { at: Target['at'] }): void {
  const missing = table.columns.find(({ notNull, defaultValue }, place) => notNull && defaultValue === null && !places.includes(place));
  if (missing === undefined) return;
  throw failure(
    Status.BAD_REQUEST,
    `${at.line}:${at.column}: Missing not null column in input: ${missing.name}. All not null columns should be initialized`,
    IssueCode.noColumnDefault,
  );
}

export function compileUpdate(node: Of<'update'>, catalog: Catalog): Modification {
  const { table, scope, rows } = filtered(node, catalog);
  const assignments = node.assignments.map(({ column, value }) => {
    const place = placeOf(table, column, node.at);
    if (table.key.includes(place)) throw compileError(`Cannot update primary key column: ${column}`, value.at);
    return { place, value: convertTo(compile(value, scope), table.columns[place]?.type ?? { kind: 'null' }, { at: value.at, column }) };
  });
  const run = (env: Env): readonly Row[] => {
    const patches = [...rows(env)].map(
      (row) => ({ key: keyOf(table, row), cells: new Map(assignments.map(({ place, value }) => [place, value.run(row, env)])) }),
    );
    return patch(table, patches, { env, returns: node.returning !== null });
  };
  return { table, run };
}

export function compileUpdateOn(node: Of<'update-on'>, catalog: Catalog): Modification {
  const table = catalog.store.table(node.table);
  const input = compileInput(node, table, catalog);
  requireKey(table, input.places, node);
  const run = (env: Env): readonly Row[] => {
    const given = [...input.rows(env)].map((cells) => ({ key: table.key.map((place) => cells.get(place) ?? null), cells }));
    const present = given.filter(({ key }) => env.tx.get(table, key) !== null);
    return patch(table, present, { env, returns: node.returning !== null });
  };
  return { table, run };
}

interface Patch {
  readonly key: Row;
  readonly cells: ReadonlyMap<number, Value>;
}

function patch(table: Table, patches: readonly Patch[], { env, returns }: { env: Env; returns: boolean }): readonly Row[] {
  for (const { key, cells } of patches) {
    env.tx.write(table, key, { kind: 'patch', cells });
    if (isUniqueViolated(table, key, env)) throw duplicateKey(table.path);
  }
  return returns ? patches.map(({ key }) => env.tx.get(table, key)).filter((row) => row !== null) : [];
}

export function compileDelete(node: Of<'delete'>, catalog: Catalog): Modification {
  const { table, rows } = filtered(node, catalog);
  const run = (env: Env): readonly Row[] => {
    const doomed = [...rows(env)];
    for (const row of doomed) env.tx.write(table, keyOf(table, row), { kind: 'delete' });
    return doomed;
  };
  return { table, run };
}

export function compileDeleteOn(node: Of<'delete-on'>, catalog: Catalog): Modification {
  const table = catalog.store.table(node.table);
  const input = compileInput(node, table, catalog);
  requireKey(table, input.places, node);
  const looks = node.returning !== null || readsBeforeWrite(table, null);
  const run = (env: Env): readonly Row[] => {
    const keys = [...input.rows(env)].map((cells) => table.key.map((place) => cells.get(place) ?? null));
    const doomed = looks ? keys.map((key) => env.tx.get(table, key)).filter((row) => row !== null) : [];
    for (const key of keys) env.tx.write(table, key, { kind: 'delete' });
    return doomed;
  };
  return { table, run };
}

interface Filtered {
  readonly table: Table;
  readonly scope: Scope;
  readonly rows: (env: Env) => Iterable<Row>;
}

/** The rows that WHERE picks, by their key where it can. */
function filtered({ table: name, where, at }: Of<'update'> | Of<'delete'>, catalog: Catalog): Filtered {
  const compiled = compileSource({ kind: 'table', table: name, view: null, alias: null, at }, catalog, null);
  if (compiled.kind !== 'table') throw compileError(`${name} is not a table`, at);
  const { source } = compiled;
  const scope: Scope = { catalog, columns: source.columns };
  const path = planAccess(where, source.key, scope);
  const test = where === null ? null : compilePredicate(where, scope);
  const rows = (env: Env): Row[] => [...scanRows(source, path, env, false)].filter((row) => test === null || test.run(row, env) === true);
  return { table: source.table, scope, rows };
}

function keyOf(table: Table, row: Row): Row {
  return table.key.map((place) => row[place] ?? null);
}
