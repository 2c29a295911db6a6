// Expressions to typed functions of a row.
import type { Expression } from '../ast.ts';
import { compileError } from '../errors.ts';
import { bare, isNullable, optionalOf, primitive, primitiveOf, typeText, type YdbType } from '../types.ts';
import { keyText, type Row, type Value } from '../values.ts';
import { castTo, convertTo } from './convert.ts';
import { buildCall } from './functions.ts';
import { isInteger, wrap } from './numbers.ts';
import { commonType, comparable, operators } from './operators.ts';
import { type Compiled, constant, memoized, noRow, type Relation, resolveColumn, type Scope, variable } from './scope.ts';

type Node<Kind> = Expression & { readonly kind: Kind };
type Compilers = { readonly [Kind in Expression['kind']]: (node: Node<Kind>, scope: Scope) => Compiled };

const bool = primitive('Bool');

const compilers: Compilers = {
  literal: ({ type, value }) => constant(type, value),
  column: ({ qualifier, name, at }, scope) => {
    const place = resolveColumn(scope, qualifier, name, at);
    return { type: scope.columns[place]?.type ?? bool, run: (row) => row[place] ?? null };
  },
  variable: compileVariable,
  call: compileCall,
  cast: ({ value, type, at }, scope) => castTo(compile(value, scope), type, at),
  nothing: ({ type }) => ({ type: optionalOf(type), run: () => null }),
  negate: compileNegate,
  not: ({ value, at }, scope) => {
    const inner = requireBool(compile(value, scope), at);
    return { type: inner.type, run: (row, env) => negated(inner.run(row, env)) };
  },
  binary: ({ operator, left, right, at }, scope) => operators[operator](compile(left, scope), compile(right, scope), at),
  'is-null': ({ value }, scope) => {
    const inner = compile(value, scope);
    return { type: bool, run: (row, env) => inner.run(row, env) === null };
  },
  in: compileIn,
  like: compileLike,
  case: compileCase,
  tuple: ({ items }, scope) => {
    const parts = items.map((item) => compile(item, scope));
    return { type: { kind: 'tuple', items: parts.map(({ type }) => type) }, run: (row, env) => parts.map((part) => part.run(row, env)) };
  },
  member: compileMember,
  subquery: ({ select, at }, scope) => scalar(scope.catalog.compileSelect(select, scope.catalog), at),
  exists: ({ select }, scope) => {
    const relation = scope.catalog.compileSelect(select, scope.catalog);
    return { type: bool, run: (_, env) => memoized(env, relation, () => relation.rows(env)[Symbol.iterator]().next().done !== true) };
  },
};

export function compile(expression: Expression, scope: Scope): Compiled {
  return (compilers[expression.kind] as (node: Expression, scope: Scope) => Compiled)(expression, scope);
}

/** For WHERE, HAVING, ON: NULL counts as false. */
export function compilePredicate(expression: Expression, scope: Scope): Compiled {
  return requireBool(compile(expression, scope), expression.at);
}

function requireBool(value: Compiled, at: Expression['at']): Compiled {
  if (primitiveOf(value.type) !== 'Bool' && value.type.kind !== 'null') throw compileError(
    `Expected bool, but got: ${typeText(value.type)}`,
    at,
  );
  return value;
}

function negated(value: Value): Value {
  return value === null ? null : value !== true;
}

// A named expression is evaluated anew wherever it is used, against the names known where it was written.
function compileVariable({ name, at }: Node<'variable'>, scope: Scope): Compiled {
  const binding = variable(scope.catalog, name, at);
  if (binding.kind === 'expression') return compile(binding.value, { catalog: binding.catalog, columns: [] });
  return { type: binding.type, run: (_, env) => env.parameters.get(name) ?? null };
}

function compileCall(node: Node<'call'>, scope: Scope): Compiled {
  if (isAggregate(node)) {
    if (scope.aggregate === undefined) throw compileError(`Aggregation function ${node.name} is not allowed here`, node.at);
    return scope.aggregate(node);
  }
  if (node.name.toUpperCase().replaceAll('_', '') === 'ASSTRUCT') return compileStruct(node, scope);
  return buildCall(node.name, node.args.map(({ value }) => compile(value, scope)), node.at);
}

export const aggregateNames = new Set(['COUNT', 'COUNTIF', 'SUM', 'MIN', 'MAX', 'SOME', 'AVG', 'BOOLAND', 'BOOLOR', 'MAXBY', 'MINBY']);

export function isAggregate(expression: Expression): boolean {
  return expression.kind === 'call' && aggregateNames.has(expression.name.toUpperCase().replaceAll('_', ''));
}

function compileStruct({ args, at }: Node<'call'>, scope: Scope): Compiled {
  const members = args.map(({ value, name }) => {
    if (name === null) throw compileError('AsStruct needs `value AS name`', at);
    return { name, value: compile(value, scope) };
  });
  const type: YdbType = { kind: 'struct', members: members.map(({ name, value }) => ({ name, type: value.type })) };
  return { type, run: (row, env) => members.map(({ value }) => value.run(row, env)) };
}

function compileNegate({ value, at }: Node<'negate'>, scope: Scope): Compiled {
  const inner = compile(value, scope);
  const name = primitiveOf(inner.type);
  const negate = (input: Value): Value => (
    isInteger(name) ? wrap(name, -BigInt(input as number)) : typeof input === 'bigint' ? -input : -Number(input)
  );
  if (name === null || (!isInteger(name) && !['Float', 'Double', 'Interval'].includes(name))) throw compileError(
    `Cannot negate ${typeText(inner.type)}`,
    at,
  );
  if (inner.literal !== undefined) return constant(inner.type, negate(inner.literal));
  return {
    type: inner.type,
    run: (row, env) => {
      const input = inner.run(row, env);
      return input === null ? null : negate(input);
    },
  };
}

function compileIn({ value, list, at }: Node<'in'>, scope: Scope): Compiled {
  const items = inItems(list, scope);
  const needle = compile(value, scope);
  const [left, item] = comparable(needle, { type: items.itemType, run: (row) => row[0] ?? null }, at);
  const key = {};
  return {
    type: isNullable(needle.type) || isNullable(items.itemType) ? optionalOf(bool) : bool,
    run: (row, env) => {
      const set = memoized(
        env,
        key,
        () => new Set(items.values(env).map((one) => (one === null ? null : keyText([item.run([one], env)])))),
      );
      const wanted = left.run(row, env);
      if (wanted === null) return null;
      return set.has(keyText([wanted])) || (set.has(null) ? null : false);
    },
  };
}

export interface InItems {
  readonly itemType: YdbType;
  readonly values: (env: Parameters<Compiled['run']>[1]) => readonly Value[];
}

/** The right side of IN: a written list, a list value, or a subquery of one column. */
export function inItems(list: Expression, scope: Scope): InItems {
  const outer: Scope = { catalog: scope.catalog, columns: [] };
  const relation = subqueryOf(list, outer);
  if (relation !== null) return {
    itemType: relation.columns[0]?.type ?? bool,
    values: (env) => [...relation.rows(env)].map((row) => row[0] ?? null),
  };
  if (list.kind !== 'tuple') {
    const value = compile(list, outer);
    if (value.type.kind === 'list') return { itemType: value.type.item, values: (env) => value.run(noRow, env) as readonly Value[] };
    return { itemType: value.type, values: (env) => [value.run(noRow, env)] };
  }
  const parts = list.items.map((part) => compile(part, outer));
  const itemType = commonType(parts, list.at);
  const converted = parts.map((part) => convertTo(part, itemType, { at: list.at }));
  return { itemType, values: (env) => converted.map((part) => part.run(noRow, env)) };
}

function subqueryOf(list: Expression, scope: Scope): Relation | null {
  if (list.kind === 'subquery') return scope.catalog.compileSelect(list.select, scope.catalog);
  const binding = list.kind === 'variable' ? scope.catalog.variables.get(list.name) : undefined;
  return binding?.kind === 'expression' && binding.value.kind === 'subquery' ? binding.catalog.compileSelect(
    binding.value.select,
    binding.catalog,
  ) : null;
}

function compileLike({ value, pattern, ignoreCase, at }: Node<'like'>, scope: Scope): Compiled {
  const [text, shape] = [compile(value, scope), compile(pattern, scope)];
  for (const { type } of [text, shape]) {
    if (!['Utf8', 'String'].includes(primitiveOf(type) ?? '')) throw compileError(`LIKE expects text, but got: ${typeText(type)}`, at);
  }
  return {
    type: isNullable(text.type) || isNullable(shape.type) ? optionalOf(bool) : bool,
    run: (row, env) => {
      const [whole, like] = [text.run(row, env), shape.run(row, env)];
      return whole === null || like === null ? null : likePattern(String(like), ignoreCase).test(String(whole));
    },
  };
}

function likePattern(like: string, ignoreCase: boolean): RegExp {
  const source = like.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`).replaceAll('%', '[^]*').replaceAll('_', '[^]');
  return new RegExp(`^${source}$`, ignoreCase ? 'iu' : 'u');
}

function compileCase({ branches, otherwise, at }: Node<'case'>, scope: Scope): Compiled {
  const tests = branches.map(({ when }) => compilePredicate(when, scope));
  const results = [
    ...branches.map(({ result }) => compile(result, scope)),
    otherwise === null ? constant({ kind: 'null' }, null) : compile(otherwise, scope),
  ];
  const type = commonType(results, at);
  const converted = results.map((result) => convertTo(result, type, { at }));
  return {
    type,
    run: (row, env) => {
      const taken = tests.findIndex((test) => test.run(row, env) === true);
      return converted.at(taken)?.run(row, env) ?? null;
    },
  };
}

function compileMember({ value, name, at }: Node<'member'>, scope: Scope): Compiled {
  const inner = compile(value, scope);
  const type = bare(inner.type);
  const members = type.kind === 'struct' ? type.members : type.kind === 'tuple' ? type.items.map(
    (item, index) => ({ name: String(index), type: item }),
  ) : [];
  const place = members.findIndex((member) => member.name === name);
  const found = members[place];
  if (found === undefined) throw compileError(`Member not found: ${name} in ${typeText(inner.type)}`, at);
  const run: Compiled['run'] = (row, env) => (inner.run(row, env) as Row | null)?.[place] ?? null;
  return { type: isNullable(inner.type) ? optionalOf(found.type) : found.type, run };
}

/** The first cell of a subquery, NULL if it has no row. */
function scalar(relation: Relation, at: Expression['at']): Compiled {
  const [column] = relation.columns;
  if (column === undefined || relation.columns.length !== 1) throw compileError('a subquery in an expression must have one column', at);
  const first = (env: Parameters<Compiled['run']>[1]): Row | undefined => {
    for (const row of relation.rows(env)) return row;
    return undefined;
  };
  return { type: optionalOf(column.type), run: (_, env) => memoized(env, relation, () => first(env)?.[0] ?? null) };
}
