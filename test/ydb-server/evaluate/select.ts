// SELECT to a relation: sources, filter, groups, projection, order, limit.
import type { Expression, Select, SelectCore } from '../ast.ts';
import { compileError } from '../errors.ts';
import { keyText, type Row } from '../values.ts';
import { compileGrouping } from './aggregate.ts';
import { convertTo } from './convert.ts';
import { compilePredicate, isAggregate } from './expression.ts';
import { compileJoin } from './join.ts';
import { commonType } from './operators.ts';
import { limited, orderOf, sorted } from './order.ts';
import { outputName, type Projected, project } from './projection.ts';
import type { Catalog, Compiled, Env, Relation, Scope, ScopeColumn } from './scope.ts';
import { columnsOf, type CompiledSource, compileSource, scanPath, scanRows } from './source.ts';
import { collect, conjuncts, some } from './walk.ts';

export function compileSelect(select: Select, catalog: Catalog): Relation {
  const [core] = select.cores;
  if (core !== undefined && select.cores.length === 1) return compileSingle(core, select, catalog);
  return compileUnion(select, catalog);
}

/** Columns are matched by name; one that a part lacks is NULL there. */
function compileUnion(select: Select, catalog: Catalog): Relation {
  const parts = select.cores.map((core) => compileSingle(core, null, catalog));
  const names = [...new Set(parts.flatMap(({ columns }) => columns.map(({ name }) => name)))];
  const columns = names.map(
    (name): ScopeColumn => ({ qualifier: null, name, type: commonType(parts.map((part) => columnOrNull(part, name)), select.at) }),
  );
  const readers = parts.map((part) => columns.map(({ name, type }) => convertTo(columnOrNull(part, name), type, { at: select.at })));
  const rows = function* rows(env: Env): Generator<Row> {
    for (const [index, part] of parts.entries()) {
      for (const row of part.rows(env)) yield (readers[index] ?? []).map((reader) => reader.run(row, env));
    }
  };
  const all: Relation = { columns, rows: (env) => (select.distinctUnion ? distinct(rows(env)) : rows(env)) };
  const keys = orderOf(select.orderBy, { catalog, columns });
  return { columns, rows: limited(select, catalog, (env) => sorted(all.rows(env), keys, env)) };
}

function columnOrNull({ columns }: Relation, name: string): Compiled {
  const place = columns.findIndex((column) => column.name === name);
  const found = columns[place];
  return found === undefined ? { type: { kind: 'null' }, run: () => null } : { type: found.type, run: (row) => row[place] ?? null };
}

function compileSingle(core: SelectCore, whole: Select | null, catalog: Catalog): Relation {
  const input = compileInput(core, whole, catalog);
  const inputScope: Scope = { catalog, columns: input.relation.columns };
  const grouped = core.groupBy.length > 0 || expressionsOf(core, whole).some((expression) => some(expression, isAggregate));
  const grouping = grouped ? compileGrouping(input.relation, inputScope, { keys: core.groupBy }) : null;
  const scope = grouping?.scope ?? inputScope;
  const projected = project(core, scope);
  const having = core.having === null ? null : compilePredicate(core.having, scope);
  const keys = whole === null || input.inOrder ? [] : orderOf(whole.orderBy, orderScope(projected, scope));
  const source = grouping?.relation ?? input.relation;
  const rows = (env: Env): Iterable<Row> => {
    const kept = having === null ? source.rows(env) : filter(source.rows(env), (row) => having.run(row, env) === true);
    if (keys.length === 0) return core.distinct ? distinct(outputs(kept, projected, env)) : outputs(kept, projected, env);
    return sortedOutputs(kept, { projected, keys, unique: core.distinct }, env);
  };
  return { columns: projected.columns, rows: whole === null ? rows : limited(whole, catalog, rows) };
}

function expressionsOf(core: SelectCore, whole: Select | null): readonly Expression[] {
  const projections = core.projections.flatMap((one) => (one.kind === 'expression' ? [one.value] : []));
  return [...projections, ...(core.having === null ? [] : [core.having]), ...(whole?.orderBy.map(({ value }) => value) ?? [])];
}

// ORDER BY sees the output first, then the columns behind it.
function orderScope(projected: Projected, scope: Scope): Scope {
  const names = new Set(projected.columns.map(({ name }) => name));
  const shown = projected.columns.map((column) => ({ ...column, qualifier: null }));
  const behind = scope.columns.map((column) => ({ ...column, hidden: names.has(column.name) }));
  const place = shown.length;
  return {
    ...scope,
    columns: [...shown, ...behind],
    ...(scope.aggregate && { aggregate: (call) => shifted(scope.aggregate?.(call), place) }),
  };
}

function shifted(compiled: Compiled | undefined, places: number): Compiled {
  if (compiled === undefined) throw new Error('an aggregate outside of a group');
  return { type: compiled.type, run: (row, env) => compiled.run(row.slice(places), env) };
}

function* outputs(rows: Iterable<Row>, { run }: Projected, env: Env): Generator<Row> {
  for (const row of rows) yield run(row, env);
}

interface SortPlan {
  readonly projected: Projected;
  readonly keys: ReturnType<typeof orderOf>;
  readonly unique: boolean;
}

function sortedOutputs(rows: Iterable<Row>, { projected, keys, unique }: SortPlan, env: Env): Iterable<Row> {
  const width = projected.columns.length;
  const wide = Array.from(rows, (row) => [...projected.run(row, env), ...row]);
  const ordered = sorted(wide, keys, env).map((row) => row.slice(0, width));
  return unique ? distinct(ordered) : ordered;
}

function* distinct(rows: Iterable<Row>): Generator<Row> {
  const seen = new Set<string>();
  for (const row of rows) {
    const text = keyText(row);
    if (seen.has(text)) continue;
    seen.add(text);
    yield row;
  }
}

function* filter(rows: Iterable<Row>, test: (row: Row) => boolean): Generator<Row> {
  for (const row of rows) {
    if (test(row)) yield row;
  }
}

interface Input {
  readonly relation: Relation;
  /** True if the rows come as ORDER BY wants them. */
  readonly inOrder: boolean;
}

function compileInput(core: SelectCore, whole: Select | null, catalog: Catalog): Input {
  if (core.from === null) return { relation: { columns: [], rows: () => [[]] }, inOrder: false };
  const used = usedColumns(core, whole);
  const sources = [core.from, ...core.joins.map(({ source }) => source)].map((source) => compileSource(source, catalog, used));
  const [first, second] = sources;
  if (first === undefined) throw compileError('a select without a source', core.at);
  // A list joined with a table reads the table by key, whichever is written first.
  const [join] = core.joins;
  const swap = join !== undefined && join.kind === 'inner' && first.kind === 'table' && second?.kind === 'rows' && !scanPath(
    first.source,
    core.where,
    scopeOf(first, catalog),
  ).bounded;
  const ordered = swap ? [second, first, ...sources.slice(2)] : sources;
  return joinAll(core, whole, { catalog, sources: ordered });
}

function scopeOf(source: CompiledSource, catalog: Catalog): Scope {
  return { catalog, columns: columnsOf(source) };
}

function joinAll(
  core: SelectCore,
  whole: Select | null,
  { catalog, sources }: { catalog: Catalog; sources: readonly CompiledSource[] },
): Input {
  const [first] = sources;
  if (first === undefined) throw compileError('a select without a source', core.at);
  const simple = core.joins.length === 0 && core.groupBy.length === 0 && !expressionsOf(core, whole).some(
    (expression) => some(expression, isAggregate),
  );
  const base = baseRows(first, { core, whole: simple ? whole : null }, catalog);
  let { relation } = base;
  for (const [index, join] of core.joins.entries()) {
    const right = sources[index + 1];
    if (right !== undefined) relation = compileJoin(relation, join, { right, scope: { catalog, columns: [] } });
  }
  if (core.where === null) return { relation, inOrder: base.inOrder };
  const test = compilePredicate(core.where, { catalog, columns: relation.columns });
  const { columns, rows } = relation;
  return { relation: { columns, rows: (env) => filter(rows(env), (row) => test.run(row, env) === true) }, inOrder: base.inOrder };
}

function baseRows(first: CompiledSource, { core, whole }: { core: SelectCore; whole: Select | null }, catalog: Catalog): Input {
  if (first.kind === 'rows') return { relation: first.relation, inOrder: false };
  const { source } = first;
  const path = scanPath(source, core.where, scopeOf(first, catalog));
  const direction = whole === null || !path.ordered ? null : keyDirection(core, whole, { names: source.key.names, fixed: path.equalities });
  return {
    relation: { columns: source.columns, rows: (env) => scanRows(source, path, env, direction === 'down') },
    inOrder: direction !== null,
  };
}

/** 'up' or 'down' if ORDER BY follows the key, whose first `fixed` columns have one value each. */
function keyDirection(
  core: SelectCore,
  { orderBy }: Select,
  { names, fixed }: { names: readonly string[]; fixed: number },
): 'up' | 'down' | null {
  if (orderBy.length === 0 || new Set(orderBy.map(({ descending }) => descending)).size !== 1) return null;
  const columns = orderBy.map(({ value }) => (value.kind === 'column' && !isRenamed(core, value.name) ? value.name : null));
  let place = 0;
  for (const column of columns) {
    const at = names.indexOf(column ?? '');
    if (at === -1) return null;
    if (at < fixed) continue;
    if (at !== Math.max(place, fixed)) return null;
    place = at + 1;
  }
  return orderBy[0]?.descending === true ? 'down' : 'up';
}

// `a AS b ... ORDER BY b` orders by the output, not by the table's own column b.
function isRenamed({ projections }: SelectCore, name: string): boolean {
  return projections.some(
    (one, index) => one.kind === 'expression' && outputName(one, index) === name && !(
      one.value.kind === 'column' && one.value.name === name
    ),
  );
}

function usedColumns(core: SelectCore, whole: Select | null): ReadonlySet<string> | null {
  if (core.projections.some(({ kind }) => kind === 'star')) return null;
  const used = new Set<string>();
  const all = [
    ...expressionsOf(core, whole),
    ...core.groupBy.map(({ value }) => value),
    ...core.joins.map(({ on }) => on),
    ...conjuncts(core.where),
  ];
  for (const expression of all) collect(expression, (part) => { if (part.kind === 'column') used.add(part.name); });
  return used;
}
