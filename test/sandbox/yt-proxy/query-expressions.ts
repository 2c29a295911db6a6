// Expressions of queries: columns, literals, comparisons, logic, arithmetic and a few functions.
import { bigintOf, double, integer, isInteger, isNumber, numberOf } from './exact.ts';
import { commandError } from './errors.ts';
import { compareValues } from './keys.ts';
import type { QueryReader } from './query-tokens.ts';
import type { Row } from './schema.ts';

export type Expression = (row: Row) => unknown;

type Operator = (a: unknown, b: unknown) => unknown;

export function parseExpression(reader: QueryReader): Expression {
  return parseLevel(reader, 0);
}

/** Numbers of different types are compared by their worth, unlike in keys. */
export function compareCells(a: unknown, b: unknown): number {
  if (!isNumber(a) || !isNumber(b) || isInteger(a) === isInteger(b)) return compareValues(a, b);
  return numberOf(a) - numberOf(b);
}

// From the loosest to the tightest.
const levels: readonly Readonly<Record<string, Operator>>[] = [
  { or: (a, b) => a === true || b === true },
  { and: (a, b) => a === true && b === true },
  {
    '=': (a, b) => compareCells(a, b) === 0,
    '!=': (a, b) => compareCells(a, b) !== 0,
    '<=': (a, b) => compareCells(a, b) <= 0,
    '>=': (a, b) => compareCells(a, b) >= 0,
    '<': (a, b) => compareCells(a, b) < 0,
    '>': (a, b) => compareCells(a, b) > 0,
  },
  { '+': arithmetic((a, b) => a + b, (a, b) => a + b), '-': arithmetic((a, b) => a - b, (a, b) => a - b) },
  { '*': arithmetic((a, b) => a * b, (a, b) => a * b), '/': arithmetic((a, b) => a / b, (a, b) => a / b), '%': arithmetic((a, b) => a % b, (a, b) => a % b) },
];

const functions: Readonly<Record<string, (...values: unknown[]) => unknown>> = {
  is_null: (value) => value === null,
  if_null: (value, other) => value ?? other,
  is_prefix: (prefix, text) => typeof text === 'string' && typeof prefix === 'string' && text.startsWith(prefix),
  lower: (text) => (typeof text === 'string' ? text.toLowerCase() : null),
  length: (text) => (typeof text === 'string' ? Buffer.byteLength(text) : null),
};

const constants: Readonly<Record<string, unknown>> = { null: null, true: true, false: false };

function parseLevel(reader: QueryReader, level: number): Expression {
  const operators = levels[level];
  if (operators === undefined) return parseUnary(reader);
  let left = parseLevel(reader, level + 1);
  for (;;) {
    const name = Object.keys(operators).find((sign) => reader.skip(sign));
    const operator = name === undefined ? undefined : operators[name];
    if (operator === undefined) return level === comparisons ? parseMembership(reader, left) : left;
    left = apply(operator, left, parseLevel(reader, level + 1));
  }
}

const comparisons = 2;

function apply(operator: Operator, left: Expression, right: Expression): Expression {
  return (row) => operator(left(row), right(row));
}

/** `x in (1, 2)`, `x not in (1)`, `x between 1 and 2`, `x is [not] null`. */
function parseMembership(reader: QueryReader, value: Expression): Expression {
  if (reader.skip('is')) {
    const wanted = !reader.skip('not');
    reader.expect('null');
    return (row) => (value(row) === null) === wanted;
  }
  const wanted = !reader.skip('not');
  if (reader.skip('between')) {
    const low = parseLevel(reader, comparisons + 1);
    reader.expect('and');
    const high = parseLevel(reader, comparisons + 1);
    return (row) => (compareCells(value(row), low(row)) >= 0 && compareCells(value(row), high(row)) <= 0) === wanted;
  }
  if (!reader.skip('in')) {
    if (!wanted) throw reader.unexpected();
    return value;
  }
  reader.expect('(');
  const options = reader.list(() => parseExpression(reader));
  reader.expect(')');
  return (row) => options.some((option) => compareCells(value(row), option(row)) === 0) === wanted;
}

function parseUnary(reader: QueryReader): Expression {
  if (reader.skip('not')) {
    const inner = parseLevel(reader, comparisons);
    return (row) => inner(row) !== true;
  }
  if (!reader.skip('-')) return parsePrimary(reader);
  const inner = parseUnary(reader);
  const minus = arithmetic((a, b) => a - b, (a, b) => a - b);
  return (row) => minus(0, inner(row));
}

function parsePrimary(reader: QueryReader): Expression {
  const constant = [...Object.keys(constants), '%true', '%false', '#'].find((word) => reader.skip(word));
  if (constant !== undefined) return constantly(constants[constant.replace('%', '')] ?? null);
  const number = reader.take('number');
  if (number !== null) return constantly(/^\d+u?$/.test(number) ? integer(BigInt(number.replace('u', ''))) : double(Number(number)));
  const text = reader.take('string');
  if (text !== null) return constantly(text.slice(1, -1).replaceAll(/\\(.)/g, '$1'));
  const column = reader.take('path') ?? reader.take('name');
  if (column === null) return parseBracketed(reader);
  return reader.skip('(') ? parseCall(reader, column) : (row) => row[column] ?? null;
}

function parseBracketed(reader: QueryReader): Expression {
  reader.expect('(');
  const inner = parseExpression(reader);
  reader.expect(')');
  return inner;
}

function parseCall(reader: QueryReader, name: string): Expression {
  const call = functions[name.toLowerCase()];
  if (call === undefined) throw commandError(1, `Undefined function "${name}"`);
  const values = reader.list(() => parseExpression(reader));
  reader.expect(')');
  return (row) => call(...values.map((value) => value(row)));
}

function constantly(value: unknown): Expression {
  return () => value;
}

function arithmetic(whole: (a: bigint, b: bigint) => bigint, fraction: (a: number, b: number) => number): Operator {
  return (a, b) => {
    if (!isNumber(a) || !isNumber(b)) return null;
    return isInteger(a) && isInteger(b) ? integer(whole(bigintOf(a), bigintOf(b))) : double(fraction(numberOf(a), numberOf(b)));
  };
}
