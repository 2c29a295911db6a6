// Which part of a table or an index a WHERE asks for: equalities on a key prefix, then one range.
import type { Expression } from '../ast.ts';
import type { Bound, KeyRange } from '../storage/sorted.ts';
import { bare, primitiveOf, type YdbType } from '../types.ts';
import { compareRows, type Row, type Value } from '../values.ts';
import { compile, inItems } from './expression.ts';
import { type Env, noRow, type Scope } from './scope.ts';
import { conjuncts, usesColumns } from './walk.ts';

/** What is scanned: key columns by name, in key order. */
export interface KeyColumns {
  readonly names: readonly string[];
  readonly types: readonly YdbType[];
  readonly qualifiers: ReadonlySet<string | null>;
}

type Limit = (env: Env) => { parts: Row; inclusive: boolean };

export interface AccessPath {
  readonly equalities: number;
  /** True if all the equalities are of one value, so that rows come in key order. */
  readonly ordered: boolean;
  readonly bounded: boolean;
  readonly ranges: (env: Env) => readonly KeyRange[];
}

interface Constraint {
  readonly columns: readonly number[];
  readonly operator: '=' | 'in' | '<' | '<=' | '>' | '>=';
  /** For `in`: the alternatives, each of one value; else one row of values for the columns. */
  readonly values: (env: Env) => readonly Row[];
}

export function planAccess(where: Expression | null, key: KeyColumns, scope: Scope): AccessPath {
  const constraints = conjuncts(where).flatMap((conjunct) => constraintOf(conjunct, key, scope));
  const prefix: Constraint[] = [];
  for (let place = 0; place < key.names.length; place += 1) {
    const own = constraints.filter(({ columns }) => columns.length === 1 && columns[0] === place);
    const equality = own.find(({ operator }) => operator === '=') ?? own.find(({ operator }) => operator === 'in');
    if (equality === undefined) break;
    prefix.push(equality);
  }
  const after = constraints.filter(
    ({ columns, operator }) => operator !== '=' && operator !== 'in' && columns.every((column, index) => column === prefix.length + index),
  );
  const [low, high] = [limitOf(after, '>'), limitOf(after, '<')];
  return {
    equalities: prefix.length,
    ordered: prefix.every(({ operator }) => operator === '='),
    bounded: prefix.length > 0 || low !== null || high !== null,
    ranges: (env) => prefixes(prefix, env).map((parts) => rangeOf(parts, low?.(env) ?? null, high?.(env) ?? null)),
  };
}

// A tuple says more than its first column alone, so the longest bound is taken.
function limitOf(constraints: readonly Constraint[], sign: '<' | '>'): Limit | null {
  const [best] = constraints.filter(({ operator }) => operator.startsWith(sign)).toSorted((a, b) => b.columns.length - a.columns.length);
  if (best === undefined) return null;
  return (env) => ({ parts: best.values(env)[0] ?? [], inclusive: best.operator.endsWith('=') });
}

function rangeOf(prefix: Row, low: Bound | null, high: Bound | null): KeyRange {
  // With an upper bound only, NULL keys lie below it; the filter drops them.
  const whole = prefix.length === 0 ? null : { parts: prefix, inclusive: true };
  return {
    low: low === null ? whole : { parts: [...prefix, ...low.parts], inclusive: low.inclusive },
    high: high === null ? whole : { parts: [...prefix, ...high.parts], inclusive: high.inclusive },
  };
}

/** In key order and without repetitions, so that no row comes twice. */
function prefixes(constraints: readonly Constraint[], env: Env): readonly Row[] {
  let rows: readonly Row[] = [[]];
  for (const { values } of constraints) {
    const alternatives = values(env).filter(([value]) => value !== null);
    rows = rows.flatMap((row) => alternatives.map((one) => [...row, ...one]));
  }
  return rows.toSorted(compareRows).filter((row, index, sorted) => index === 0 || compareRows(row, sorted[index - 1] ?? []) !== 0);
}

const flipped = { '=': '=', '<': '>', '<=': '>=', '>': '<', '>=': '<=' } as const;

function constraintOf(conjunct: Expression, key: KeyColumns, scope: Scope): Constraint[] {
  if (conjunct.kind === 'in') return inConstraint(conjunct, key, scope);
  if (conjunct.kind !== 'binary' || !(conjunct.operator in flipped)) return [];
  const operator = conjunct.operator as keyof typeof flipped;
  const { left, right } = conjunct;
  return comparisonConstraint({ side: left, other: right, operator }, key, scope) ?? comparisonConstraint(
    { side: right, other: left, operator: flipped[operator] },
    key,
    scope,
  ) ?? [];
}

interface Comparison {
  readonly side: Expression;
  readonly other: Expression;
  readonly operator: keyof typeof flipped;
}

function comparisonConstraint({ side, other, operator }: Comparison, key: KeyColumns, scope: Scope): Constraint[] | null {
  if (usesColumns(other)) return null;
  if (side.kind === 'tuple' && other.kind === 'tuple') {
    const columns = side.items.map((item) => keyPlace(item, key));
    const values = other.items.map((item, index) => keyValue(item, key.types[columns[index] ?? -1], scope));
    if (operator === '=') return columns.map(
      (column, index) => ({ columns: [column], operator, values: (env: Env) => [[values[index]?.(env) ?? null]] }),
    ).filter(({ columns: [column] }) => column !== -1);
    return columns.includes(-1) || values.includes(null) ? [] : [
      { columns, operator, values: (env) => [values.map((value) => value?.(env) ?? null)] },
    ];
  }
  const column = keyPlace(side, key);
  const value = column === -1 ? null : keyValue(other, key.types[column], scope);
  return value === null ? null : [{ columns: [column], operator, values: (env) => [[value(env)]] }];
}

function inConstraint({ value, list }: Expression & { kind: 'in' }, key: KeyColumns, scope: Scope): Constraint[] {
  const column = keyPlace(value, key);
  const type = key.types[column];
  if (type === undefined || usesColumns(list)) return [];
  const { itemType, values } = inItems(list, scope);
  const change = keyForm(itemType, type);
  return change === null ? [] : [{ columns: [column], operator: 'in', values: (env) => values(env).map((item) => [change(item)]) }];
}

function keyPlace(expression: Expression, key: KeyColumns): number {
  return expression.kind === 'column' && key.qualifiers.has(expression.qualifier) ? key.names.indexOf(expression.name) : -1;
}

function keyValue(expression: Expression, type: YdbType | undefined, scope: Scope): ((env: Env) => Value) | null {
  if (type === undefined) return null;
  const value = compile(expression, { catalog: scope.catalog, columns: [] });
  const change = keyForm(value.type, type);
  return change === null ? null : (env) => change(value.run(noRow, env));
}

/** A value to compare with stored ones; numbers of any width compare as they are. */
export function keyForm(from: YdbType, to: YdbType): ((value: Value) => Value) | null {
  const [source, target] = [primitiveOf(from), primitiveOf(bare(to))];
  if (source === 'String' && target === 'Utf8') return (value) => (value === null ? null : (value as Buffer).toString('utf8'));
  if (source === 'Utf8' && target === 'String') return (value) => (value === null ? null : Buffer.from(value as string, 'utf8'));
  return (value) => value;
}
