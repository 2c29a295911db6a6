// Binary operators: their types, and NULL in them.
import type { BinaryOperator } from '../ast.ts';
import { compileError, type Position } from '../errors.ts';
import { isNullable, optionalOf, type Primitive, primitive, primitiveOf, typeText, type YdbType } from '../types.ts';
import { compareValues, type Row, type Value } from '../values.ts';
import { convertTo } from './convert.ts';
import { commonNumeric, isInteger, isNumeric, wrap } from './numbers.ts';
import type { Compiled } from './scope.ts';

type Combine = (left: Compiled, right: Compiled, at: Position) => Compiled;

const bool = primitive('Bool');
const neverCompared = new Set<Primitive | null>(['Json', 'JsonDocument', 'Yson']);

export const operators: Readonly<Record<BinaryOperator, Combine>> = {
  '=': comparison((order) => order === 0),
  '<>': comparison((order) => order !== 0),
  '<': comparison((order) => order < 0),
  '<=': comparison((order) => order <= 0),
  '>': comparison((order) => order > 0),
  '>=': comparison((order) => order >= 0),
  AND: logic(false),
  OR: logic(true),
  XOR: (left, right, at) => strict(left, right, { type: requireBools(left, right, at), apply: (a, b) => a !== b }),
  '+': arithmetic('+'),
  '-': arithmetic('-'),
  '*': arithmetic('*'),
  '/': arithmetic('/'),
  '%': arithmetic('%'),
  '||': concatenation,
  '??': coalesce,
};

/** NULL if either side is. */
function strict(left: Compiled, right: Compiled, { type, apply }: { type: YdbType; apply: (a: Value, b: Value) => Value }): Compiled {
  const optional = isNullable(left.type) || isNullable(right.type);
  return {
    type: optional ? optionalOf(type) : type,
    run: (row, env) => {
      const a = left.run(row, env);
      if (a === null) return null;
      const b = right.run(row, env);
      return b === null ? null : apply(a, b);
    },
  };
}

function comparison(test: (order: number) => boolean): Combine {
  return (left, right, at) => {
    const [a, b] = comparable(left, right, at);
    if (a.type.kind === 'tuple' && b.type.kind === 'tuple') return tupleComparison(test, a, b);
    return strict(a, b, { type: bool, apply: (one, two) => test(compareValues(one, two)) });
  };
}

/** Decided by the first parts that differ; NULL before that leaves it open. */
function tupleComparison(test: (order: number) => boolean, left: Compiled, right: Compiled): Compiled {
  const nullable = [left.type, right.type].some((type) => type.kind === 'tuple' && type.items.some(isNullable));
  const run: Compiled['run'] = (row, env) => {
    const [a, b] = [left.run(row, env) as Row, right.run(row, env) as Row];
    const place = a.findIndex((part, index) => part === null || (b[index] ?? null) === null || compareValues(part, b[index] ?? null) !== 0);
    if (place === -1) return test(0);
    const [one, other] = [a[place] ?? null, b[place] ?? null];
    return one === null || other === null ? null : test(compareValues(one, other));
  };
  return { type: nullable ? optionalOf(bool) : bool, run };
}

/** Both sides in one form: text against bytes is compared as bytes. */
export function comparable(left: Compiled, right: Compiled, at: Position): readonly [Compiled, Compiled] {
  if (!areComparable(left.type, right.type)) throw compileError(
    `Uncompatible types in compare: ${typeText(left.type)} and ${typeText(right.type)}`,
    at,
  );
  const [a, b] = [primitiveOf(left.type), primitiveOf(right.type)];
  if (a === 'Utf8' && b === 'String') return [asBytes(left), right];
  if (a === 'String' && b === 'Utf8') return [left, asBytes(right)];
  return [left, right];
}

function areComparable(left: YdbType, right: YdbType): boolean {
  if (left.kind === 'null' || right.kind === 'null') return true;
  if (left.kind === 'tuple' && right.kind === 'tuple') {
    return left.items.length === right.items.length && left.items.every((item, index) => areComparable(item, right.items[index] ?? item));
  }
  const [a, b] = [primitiveOf(left), primitiveOf(right)];
  if (a === null || b === null || neverCompared.has(a)) return false;
  return a === b || (isNumeric(a) && isNumeric(b)) || (isText(a) && isText(b));
}

function isText(name: Primitive | null): boolean {
  return name === 'Utf8' || name === 'String';
}

function asBytes(value: Compiled): Compiled {
  const type = primitive('String');
  return convertTo(value, isNullable(value.type) ? optionalOf(type) : type, { at: { line: 0, column: 0 } });
}

function requireBools(left: Compiled, right: Compiled, at: Position): YdbType {
  for (const { type } of [left, right]) {
    if (primitiveOf(type) !== 'Bool' && type.kind !== 'null') throw compileError(`Expected bool, but got: ${typeText(type)}`, at);
  }
  return bool;
}

/** Three-valued: `decisive` on either side settles it, whatever the other is. */
function logic(decisive: boolean): Combine {
  return (left, right, at) => ({
    type: isNullable(requireBools(left, right, at)) || isNullable(left.type) || isNullable(right.type) ? optionalOf(bool) : bool,
    run: (row, env) => {
      const a = left.run(row, env);
      if (a === decisive) return decisive;
      const b = right.run(row, env);
      if (b === decisive) return decisive;
      return a === null || b === null ? null : !decisive;
    },
  });
}

type Sign = '+' | '-' | '*' | '/' | '%';

const integers: Readonly<Record<Sign, (a: bigint, b: bigint) => bigint | null>> = {
  '+': (a, b) => a + b, '-': (a, b) => a - b, '*': (a, b) => a * b,
  '/': (a, b) => (b === 0n ? null : a / b), '%': (a, b) => (b === 0n ? null : a % b),
};
const floats: Readonly<Record<Sign, (a: number, b: number) => number>> = {
  '+': (a, b) => a + b, '-': (a, b) => a - b, '*': (a, b) => a * b, '/': (a, b) => a / b, '%': (a, b) => a % b,
};

function arithmetic(sign: Sign): Combine {
  return (left, right, at) => {
    const [a, b] = [primitiveOf(left.type), primitiveOf(right.type)];
    if (left.type.kind === 'null' || right.type.kind === 'null') return { type: { kind: 'null' }, run: () => null };
    if (isNumeric(a) && isNumeric(b)) return numeric(sign, left, right, commonNumeric(a, b));
    const time = timeResult(sign, a, b);
    if (time === null) throw compileError(`Cannot ${sign} type ${typeText(left.type)} and ${typeText(right.type)}`, at);
    return withIntervals(sign, left, right, time);
  };
}

// An integer divided by zero is NULL, so the type is optional.
function numeric(sign: Sign, left: Compiled, right: Compiled, name: Primitive): Compiled {
  const type = primitive(name);
  if (!isInteger(name)) return strict(left, right, { type, apply: (x, y) => floats[sign](Number(x), Number(y)) });
  const apply = (x: Value, y: Value): Value => {
    const result = integers[sign](BigInt(x as number), BigInt(y as number));
    return result === null ? null : wrap(name, result);
  };
  return strict(left, right, { type: sign === '/' || sign === '%' ? optionalOf(type) : type, apply });
}

const times: Readonly<Record<string, { name: Primitive; optional: boolean }>> = {
  'Timestamp + Interval': { name: 'Timestamp', optional: true },
  'Interval + Timestamp': { name: 'Timestamp', optional: true },
  'Timestamp - Interval': { name: 'Timestamp', optional: true },
  'Timestamp - Timestamp': { name: 'Interval', optional: false },
  'Interval + Interval': { name: 'Interval', optional: true },
  'Interval - Interval': { name: 'Interval', optional: true },
};

function timeResult(sign: Sign, a: Primitive | null, b: Primitive | null): { name: Primitive; optional: boolean } | null {
  if (sign === '*' && ((a === 'Interval' && isInteger(b)) || (b === 'Interval' && isInteger(a)))) return {
    name: 'Interval',
    optional: true,
  };
  if (sign === '/' && a === 'Interval' && isInteger(b)) return { name: 'Interval', optional: true };
  return times[`${String(a)} ${sign} ${String(b)}`] ?? null;
}

// Arithmetic with an interval can leave the range of the type, so YQL makes it optional.
function withIntervals(sign: Sign, left: Compiled, right: Compiled, { name, optional }: { name: Primitive; optional: boolean }): Compiled {
  const type = primitive(name);
  const apply = (x: Value, y: Value): Value => {
    const result = integers[sign](BigInt(x as number), BigInt(y as number));
    return result === null || (name === 'Timestamp' && result < 0n) ? null : result;
  };
  return strict(left, right, { type: optional ? optionalOf(type) : type, apply });
}

function concatenation(left: Compiled, right: Compiled, at: Position): Compiled {
  const [a, b] = [primitiveOf(left.type), primitiveOf(right.type)];
  if (!isText(a) || !isText(b)) throw compileError(
    `Expected String or Utf8 on both sides of ||, but got: ${typeText(left.type)} and ${typeText(right.type)}`,
    at,
  );
  if (a === 'Utf8' && (b === 'Utf8' || right.literal !== undefined)) return strict(
    left,
    right,
    { type: primitive('Utf8'), apply: (x, y) => String(x) + String(y) },
  );
  if (b === 'Utf8' && left.literal !== undefined) return strict(
    left,
    right,
    { type: primitive('Utf8'), apply: (x, y) => String(x) + String(y) },
  );
  return strict(left, right, { type: primitive('String'), apply: (x, y) => Buffer.from(String(x) + String(y), 'utf8') });
}

export function coalesce(left: Compiled, right: Compiled, at: Position): Compiled {
  if (left.type.kind === 'null') return right;
  if (left.type.kind !== 'optional') return left;
  const type = isNullable(right.type) ? left.type : left.type.item;
  const other = convertTo(right, type, { at });
  return { type, run: (row, env) => left.run(row, env) ?? other.run(row, env) };
}

/** One type for the branches of IF, CASE, AsList. */
export function commonType(values: readonly Compiled[], at: Position): YdbType {
  const nullable = values.some(({ type }) => isNullable(type));
  const known = values.filter(({ type }) => type.kind !== 'null');
  const firm = known.find(({ literal }) => literal === undefined) ?? known[0];
  if (firm === undefined) return { kind: 'null' };
  const base = firm.type.kind === 'optional' ? firm.type.item : firm.type;
  const type = nullable ? optionalOf(base) : base;
  for (const value of known) convertTo(value, type, { at });
  return type;
}
