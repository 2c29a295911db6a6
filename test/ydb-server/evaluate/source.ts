// What stands after FROM and JOIN: tables through their key or an index, AS_TABLE, named and nested selects.
import type { Expression, Source } from '../ast.ts';
import { compileError } from '../errors.ts';
import type { KeyRange } from '../storage/sorted.ts';
import type { Index, Table } from '../storage/table.ts';
import { typeText } from '../types.ts';
import type { Row } from '../values.ts';
import { type AccessPath, type KeyColumns, planAccess } from './access.ts';
import { compile } from './expression.ts';
import { type Catalog, type Env, noRow, type Relation, type Scope, type ScopeColumn, variable } from './scope.ts';

/** A table whose ranges can be read one by one. */
export interface TableSource {
  readonly table: Table;
  readonly index: Index | null;
  readonly columns: readonly ScopeColumn[];
  readonly key: KeyColumns;
  readonly read: (range: KeyRange, env: Env, reverse: boolean) => Iterable<Row>;
}

export type CompiledSource = {
  readonly kind: 'table';
  readonly source: TableSource;
} | { readonly kind: 'rows'; readonly relation: Relation };

export function columnsOf(compiled: CompiledSource): readonly ScopeColumn[] {
  return compiled.kind === 'table' ? compiled.source.columns : compiled.relation.columns;
}

/** `used` are the columns that the select names, or null for all: an index that holds them needs no look-up. */
export function compileSource(source: Source, catalog: Catalog, used: ReadonlySet<string> | null): CompiledSource {
  if (source.kind === 'table') return { kind: 'table', source: tableSource(source, catalog, used) };
  const { alias } = source;
  if (source.kind === 'as-table') return { kind: 'rows', relation: listRelation(source.list, catalog, alias) };
  if (source.kind === 'subquery') return { kind: 'rows', relation: renamed(catalog.compileSelect(source.select, catalog), alias) };
  const binding = variable(catalog, source.name, source.at);
  if (binding.kind === 'expression' && binding.value.kind === 'subquery') return {
    kind: 'rows',
    relation: renamed(binding.catalog.compileSelect(binding.value.select, binding.catalog), alias),
  };
  throw compileError(`$${source.name} is not a table: use AS_TABLE for a list`, source.at);
}

function renamed({ columns, rows }: Relation, qualifier: string | null): Relation {
  return { columns: columns.map((column) => ({ ...column, qualifier })), rows };
}

function listRelation(list: Expression, catalog: Catalog, qualifier: string | null): Relation {
  const value = compile(list, { catalog, columns: [] });
  const { type } = value;
  if (type.kind !== 'list' || type.item.kind !== 'struct') throw compileError(
    `AS_TABLE expects List<Struct<...>>, but got: ${typeText(type)}`,
    list.at,
  );
  return {
    columns: type.item.members.map(({ name, type: member }) => ({ qualifier, name, type: member })),
    rows: (env) => value.run(noRow, env) as readonly Row[],
  };
}

function tableSource(source: Source & { kind: 'table' }, catalog: Catalog, used: ReadonlySet<string> | null): TableSource {
  const table = catalog.store.table(source.table);
  const qualifier = source.alias ?? source.table;
  const index = source.view === null ? null : indexNamed(table, source.view, source);
  const places = index?.key ?? table.key;
  const held = new Set([...places, ...(index?.cover ?? [])].map((place) => table.columns[place]?.name ?? ''));
  const covered = used !== null && table.columns.every(({ name }) => !used.has(name) || held.has(name));
  const keyed = places.map((place) => table.columns[place]).filter((column) => column !== undefined);
  return {
    table, index,
    columns: table.columns.map(({ name, type }) => ({ qualifier, name, type })),
    key: { names: keyed.map(({ name }) => name), types: keyed.map(({ type }) => type), qualifiers: new Set([null, qualifier]) },
    read: (range, env, reverse) => (
      index === null ? env.tx.scan(table, range, reverse) : env.tx.scanIndex(table, index, range, { reverse, covered })
    ),
  };
}

function indexNamed(table: Table, name: string, { at }: Source): Index {
  const found = table.indexes.find((index) => index.name === name);
  if (found === undefined) throw compileError(`Required global index not found, index name: ${name}`, at, 2003);
  return found;
}

export function scanPath(source: TableSource, where: Expression | null, scope: Scope): AccessPath {
  return planAccess(where, source.key, scope);
}

export function* scanRows(source: TableSource, path: AccessPath, env: Env, reverse: boolean): Generator<Row> {
  if (!path.bounded) env.onFullScan(source.index === null ? source.table.name : `${source.table.name} VIEW ${source.index.name}`);
  const ranges = path.ranges(env);
  for (const range of reverse ? ranges.toReversed() : ranges) yield* source.read(range, env, reverse);
}
