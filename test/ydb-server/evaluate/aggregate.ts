// GROUP BY and the aggregate functions. A group's row holds its keys, then the results.
import type { Expression } from '../ast.ts';
import { compileError } from '../errors.ts';
import { bare, isNullable, optionalOf, primitive, primitiveOf, type YdbType } from '../types.ts';
import { compareValues, keyText, type Row, type Value } from '../values.ts';
import { compile } from './expression.ts';
import { isInteger, isNumeric, isSigned, wrap } from './numbers.ts';
import type { Compiled, Env, Relation, Scope } from './scope.ts';

type Call = Expression & { readonly kind: 'call' };

interface Aggregate {
  readonly type: YdbType;
  readonly compute: (rows: readonly Row[], env: Env) => Value;
}

export interface Grouping {
  readonly scope: Scope;
  readonly relation: Relation;
}

interface Keys {
  readonly keys: readonly { readonly value: Expression; readonly alias: string | null }[];
}

/** The projections compiled against `scope` register what they aggregate; the relation is read after that. */
export function compileGrouping(input: Relation, scope: Scope, { keys }: Keys): Grouping {
  const compiled = keys.map(({ value }) => compile(value, scope));
  const aggregates: Aggregate[] = [];
  const columns = keys.map(({ value, alias }, index) => ({
    qualifier: alias === null && value.kind === 'column' ? qualifierOf(value, scope) : null,
    name: alias ?? (value.kind === 'column' ? value.name : `group${index}`),
    type: compiled[index]?.type ?? primitive('Bool'),
  }));
  const aggregate = (call: Call): Compiled => {
    const place = keys.length + aggregates.length;
    const made = build(call, { ...scope, columns: input.columns }, keys.length > 0);
    aggregates.push(made);
    return { type: made.type, run: (row) => row[place] ?? null };
  };
  return {
    scope: { catalog: scope.catalog, columns, aggregate },
    relation: {
      columns,
      rows: (env) => groups(input.rows(env), compiled, env).map(
        ({ key, rows }) => [...key, ...aggregates.map(({ compute }) => compute(rows, env))],
      ),
    },
  };
}

function qualifierOf(column: Expression & { kind: 'column' }, scope: Scope): string | null {
  return column.qualifier ?? scope.columns.find(({ name }) => name === column.name)?.qualifier ?? null;
}

// Without keys there is one group, even of no rows.
function groups(rows: Iterable<Row>, keys: readonly Compiled[], env: Env): { key: Row; rows: Row[] }[] {
  const found = new Map<string, { key: Row; rows: Row[] }>(keys.length === 0 ? [['', { key: [], rows: [] }]] : []);
  for (const row of rows) {
    const key = keys.map((one) => one.run(row, env));
    const text = keyText(key);
    const group = found.get(text) ?? { key, rows: [] };
    found.set(text, group);
    group.rows.push(row);
  }
  return [...found.values()];
}

type Fold = (values: readonly Value[]) => Value;

interface Kind {
  readonly type: (item: YdbType) => YdbType;
  readonly fold: (item: YdbType) => Fold;
  /** NULL over no rows, so optional unless there are keys and the argument is never NULL. */
  readonly nullable: boolean;
}

const kinds: Readonly<Record<string, Kind>> = {
  COUNT: { type: () => primitive('Uint64'), fold: () => (values) => BigInt(values.length), nullable: false },
  COUNTIF: {
    type: () => primitive('Uint64'),
    fold: () => (values) => BigInt(values.filter((value) => value === true).length),
    nullable: false,
  },
  SOME: { type: bare, fold: () => (values) => values[0] ?? null, nullable: true },
  MIN: { type: bare, fold: () => (values) => values.reduce((a, b) => (compareValues(b, a) < 0 ? b : a)), nullable: true },
  MAX: { type: bare, fold: () => (values) => values.reduce((a, b) => (compareValues(b, a) > 0 ? b : a)), nullable: true },
  BOOLAND: { type: bare, fold: () => (values) => values.every((value) => value === true), nullable: true },
  BOOLOR: { type: bare, fold: () => (values) => values.includes(true), nullable: true },
  AVG: {
    type: () => primitive('Double'),
    fold: () => (values) => values.reduce((total: number, value) => total + Number(value), 0) / values.length,
    nullable: true,
  },
  SUM: { type: sumType, fold: foldSum, nullable: true },
};

function sumType(item: YdbType): YdbType {
  const name = primitiveOf(item);
  if (name === 'Interval') return primitive('Interval');
  if (!isInteger(name)) return primitive('Double');
  return primitive(isSigned(name) ? 'Int64' : 'Uint64');
}

function foldSum(item: YdbType): Fold {
  const name = primitiveOf(sumType(item));
  if (name === 'Double' || name === null) return (values) => values.reduce((total: number, value) => total + Number(value), 0);
  const whole = name === 'Interval' ? 'Int64' : name;
  return (values) => wrap(whole, values.reduce((total: bigint, value) => total + BigInt(value as number), 0n));
}

function build({ name, args, star, distinct, at }: Call, scope: Scope, grouped: boolean): Aggregate {
  const upper = name.toUpperCase().replaceAll('_', '');
  const kind = kinds[upper];
  if (kind === undefined) throw compileError(`Unknown aggregation function: ${name}`, at);
  if (star) return { type: primitive('Uint64'), compute: (rows) => BigInt(rows.length) };
  const [argument] = args;
  if (argument === undefined || args.length !== 1) throw compileError(`Aggregation function ${name} expects 1 argument`, at);
  const value = compile(argument.value, scope);
  const summed = upper === 'SUM' || upper === 'AVG';
  const argumentType = primitiveOf(value.type);
  if (summed && !isNumeric(argumentType) && argumentType !== 'Interval') throw compileError(`Expected a number for ${name}`, at);
  const type = kind.type(value.type);
  const fold = kind.fold(value.type);
  return {
    type: kind.nullable && (!grouped || isNullable(value.type)) ? optionalOf(type) : type,
    compute: (rows, env) => {
      const present = rows.map((row) => value.run(row, env)).filter((one) => one !== null);
      const values = distinct ? [...new Map(present.map((one) => [keyText([one]), one])).values()] : present;
      return values.length === 0 && kind.nullable ? null : fold(values);
    },
  };
}
