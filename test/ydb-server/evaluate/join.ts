// INNER, LEFT, LEFT ONLY and LEFT SEMI JOIN on equalities: by key look-ups where the key allows, else by hashing.
import type { Expression, Join } from '../ast.ts';
import { compileError } from '../errors.ts';
import { optionalOf } from '../types.ts';
import { keyText, type Row, type Value } from '../values.ts';
import { keyForm } from './access.ts';
import { compile } from './expression.ts';
import { comparable } from './operators.ts';
import type { Compiled, Env, Relation, Scope, ScopeColumn } from './scope.ts';
import { columnsOf, type CompiledSource, scanRows, type TableSource } from './source.ts';
import { conjuncts, some } from './walk.ts';

interface Equality {
  readonly left: Compiled;
  readonly right: Compiled;
  /** The column on the right, if the right side is one. */
  readonly column: string | null;
}

type Matches = (env: Env) => (row: Row) => readonly Row[];

export function compileJoin(left: Relation, join: Join, { right, scope }: { right: CompiledSource; scope: Scope }): Relation {
  const rightColumns = columnsOf(right);
  const equalities = conjuncts(join.on).map(
    (conjunct) => equalityOf(conjunct, { ...scope, columns: left.columns }, { ...scope, columns: rightColumns }),
  );
  const matches = matcher(right, equalities);
  if (join.kind === 'left-only' || join.kind === 'left-semi') {
    const wanted = join.kind === 'left-semi';
    return { columns: left.columns, rows: (env) => filtered(left.rows(env), matches(env), wanted) };
  }
  const outer = join.kind === 'left';
  const columns = outer ? rightColumns.map((column) => ({ ...column, type: optionalOf(column.type) })) : rightColumns;
  const blank: Row = rightColumns.map(() => null);
  return { columns: [...left.columns, ...columns], rows: (env) => joined(left.rows(env), matches(env), outer ? [blank] : []) };
}

function* joined(rows: Iterable<Row>, matches: (row: Row) => readonly Row[], otherwise: readonly Row[]): Generator<Row> {
  for (const row of rows) {
    const found = matches(row);
    for (const other of found.length === 0 ? otherwise : found) yield [...row, ...other];
  }
}

function* filtered(rows: Iterable<Row>, matches: (row: Row) => readonly Row[], wanted: boolean): Generator<Row> {
  for (const row of rows) {
    if (matches(row).length > 0 === wanted) yield row;
  }
}

function equalityOf(conjunct: Expression, left: Scope, right: Scope): Equality {
  if (conjunct.kind !== 'binary' || conjunct.operator !== '=') throw compileError('JOIN ON expects equalities joined by AND', conjunct.at);
  const [a, b] = belongs(conjunct.left, left) && belongs(conjunct.right, right) ? [
    conjunct.left,
    conjunct.right,
  ] : [conjunct.right, conjunct.left];
  if (!belongs(a, left) || !belongs(b, right)) throw compileError('JOIN ON expects a column of each side in every equality', conjunct.at);
  const [one, other] = [compile(a, left), compile(b, right)];
  comparable(one, other, conjunct.at);
  return { left: one, right: other, column: b.kind === 'column' ? b.name : null };
}

function belongs(expression: Expression, { columns }: Scope): boolean {
  const known = (part: Expression): boolean => part.kind !== 'column' || columns.some((column) => matchesColumn(part, column));
  return !some(expression, (part) => !known(part)) && some(expression, ({ kind }) => kind === 'column');
}

function matchesColumn({ qualifier, name }: Expression & { kind: 'column' }, column: ScopeColumn): boolean {
  return column.name === name && (qualifier === null || qualifier === column.qualifier);
}

function matcher(right: CompiledSource, equalities: readonly Equality[]): Matches {
  if (right.kind === 'table') return lookup(right.source, equalities) ?? hashed((env) => scanAll(right.source, env), equalities);
  return hashed(right.relation.rows, equalities);
}

function scanAll(source: TableSource, env: Env): Iterable<Row> {
  return scanRows(source, { equalities: 0, ordered: true, bounded: false, ranges: () => [{ low: null, high: null }] }, env, false);
}

/** Possible if the equalities cover a prefix of the key. */
function lookup(source: TableSource, equalities: readonly Equality[]): Matches | null {
  const prefix: { value: Compiled; change: (value: Value) => Value }[] = [];
  for (const [place, name] of source.key.names.entries()) {
    const equality = equalities.find(({ column }) => column === name);
    const type = source.key.types[place];
    const change = equality === undefined || type === undefined ? null : keyForm(equality.left.type, type);
    if (equality === undefined || change === null) break;
    prefix.push({ value: equality.left, change });
  }
  if (prefix.length === 0) return null;
  return (env) => (row) => {
    const parts = prefix.map(({ value, change }) => change(value.run(row, env)));
    if (parts.includes(null)) return [];
    const bound = { parts, inclusive: true };
    return [...source.read({ low: bound, high: bound }, env, false)].filter((other) => agrees(equalities, row, { other, env }));
  };
}

function agrees(equalities: readonly Equality[], row: Row, { other, env }: { other: Row; env: Env }): boolean {
  return equalities.every(({ left, right }) => {
    const [a, b] = [left.run(row, env), right.run(other, env)];
    return a !== null && b !== null && joinText(a) === joinText(b);
  });
}

function hashed(rows: (env: Env) => Iterable<Row>, equalities: readonly Equality[]): Matches {
  return (env) => {
    let table: Map<string, Row[]> | null = null;
    return (row) => {
      table ??= groupRows(rows(env), (other) => hashKey(equalities.map(({ right }) => right.run(other, env))));
      const key = hashKey(equalities.map(({ left }) => left.run(row, env)));
      return key === null ? [] : (table.get(key) ?? []);
    };
  };
}

function groupRows(rows: Iterable<Row>, keyOf: (row: Row) => string | null): Map<string, Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const key = keyOf(row);
    if (key === null) continue;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [row]);
    else group.push(row);
  }
  return groups;
}

// NULL joins nothing.
function hashKey(values: readonly Value[]): string | null {
  return values.includes(null) ? null : values.map(joinText).join('\u0001');
}

function joinText(value: Value): string {
  return keyText([Buffer.isBuffer(value) ? value.toString('utf8') : value]);
}
