// Implicit conversion into a column, a parameter or a branch, and CAST.
import { compileError, failure, IssueCode, type Position, Status } from '../errors.ts';
import { timestampMicros, timestampText } from '../times.ts';
import { isNullable, optionalOf, type Primitive, primitiveOf, sameType, typeText, type YdbType } from '../types.ts';
import { storedUuid, uuidText } from '../uuid.ts';
import { isJson, type Value } from '../values.ts';
import { fits, isInteger, isNumeric, widens, wrap } from './numbers.ts';
import type { Compiled } from './scope.ts';

type Convert = (value: Value) => Value;

/** For a column: what is not allowed is an error that names the types and the place. */
export function convertTo(source: Compiled, target: YdbType, { at, column }: { at: Position; column?: string }): Compiled {
  if (sameType(source.type, target)) return source;
  if (isNullable(source.type) && !isNullable(target)) throw notNullable(
    source.type,
    target,
    { at, ...(column === undefined ? {} : { column }) },
  );
  if (source.type.kind === 'null') return { type: target, run: () => null };
  const change = conversion(source, target);
  if (change === null) throw compileError(
    `Failed to convert ${column === undefined ? 'type' : `'${column}'`}: ${typeText(source.type)} to ${typeText(target)}`,
    at,
  );
  return { type: target, run: lifted(source, change) };
}

function notNullable(source: YdbType, target: YdbType, { at, column }: { at: Position; column?: string }): Error {
  if (column === undefined) return compileError(`Failed to convert type: ${typeText(source)} to ${typeText(target)}`, at);
  return failure(
    Status.BAD_REQUEST,
    `${at.line}:${at.column}: Can't set optional or NULL value to not null column: ${column}`,
    IssueCode.badColumnType,
  );
}

function conversion(source: Compiled, target: YdbType): Convert | null {
  if (target.kind === 'optional' && sameType(unwrapped(source.type), target.item)) return (value) => value;
  const [from, to] = [primitiveOf(source.type), primitiveOf(target)];
  if (from === null || to === null) return null;
  if (isNumeric(from) && isNumeric(to)) return numericConversion(source, from, to);
  if (from === 'String' && to === 'Utf8' && source.literal !== undefined) return (value) => (value as Buffer).toString('utf8');
  return from === 'Utf8' && to === 'String' ? (value) => Buffer.from(value as string, 'utf8') : null;
}

function numericConversion(source: Compiled, from: Primitive, to: Primitive): Convert | null {
  const literal = typeof source.literal === 'number' || typeof source.literal === 'bigint' ? source.literal : null;
  const fitting = literal !== null && isInteger(from) && (!isInteger(to) || fits(to, literal));
  if (!fitting && !widens(from, to)) return null;
  return isInteger(to) ? (value) => wrap(to, BigInt(value as number | bigint)) : Number;
}

function unwrapped(type: YdbType): YdbType {
  return type.kind === 'optional' ? type.item : type;
}

function lifted({ run }: Compiled, change: Convert): Compiled['run'] {
  return (row, env) => {
    const value = run(row, env);
    return value === null ? null : change(value);
  };
}

interface Casting {
  readonly fallible: boolean;
  readonly change: Convert;
}

export function castTo(source: Compiled, target: YdbType, at: Position): Compiled {
  const [from, to] = [primitiveOf(source.type), primitiveOf(target)];
  if (source.type.kind === 'null') return { type: optionalOf(target), run: () => null };
  const casting = from === null || to === null ? null : findCasting(from, to);
  if (casting === null) throw compileError(`Cannot cast type ${typeText(source.type)} into ${typeText(target)}`, at);
  const optional = casting.fallible || isNullable(source.type) || isNullable(target);
  return { type: optional ? optionalOf(target) : target, run: lifted(source, casting.change) };
}

function findCasting(from: Primitive, to: Primitive): Casting | null {
  if (from === to) return { fallible: false, change: (value) => value };
  if (isNumeric(from) && isNumeric(to)) return { fallible: !widens(from, to), change: (value) => castNumber(value as number | bigint, to) };
  if (to === 'Utf8' || to === 'String') return toText(from, to);
  if (from === 'Utf8' || from === 'String') {
    const parse = parsers[to] ?? (isNumeric(to) ? (text: string) => parseNumber(text, to) : undefined);
    return parse === undefined ? null : { fallible: true, change: (value) => parse(String(value)) };
  }
  return timeCasting(from, to);
}

function castNumber(value: number | bigint, to: Primitive): Value {
  if (!isInteger(to)) return Number(value);
  if (typeof value === 'number' && !Number.isFinite(value)) return null;
  const whole = BigInt(typeof value === 'number' ? Math.trunc(value) : value);
  return fits(to, whole) ? wrap(to, whole) : null;
}

function parseNumber(text: string, to: Primitive): Value {
  if (!isInteger(to)) return text.trim() === '' || Number.isNaN(Number(text)) ? null : Number(text);
  return /^-?\d+$/.test(text) ? castNumber(BigInt(text), to) : null;
}

/** Text forms, as in Timestamp("...") and CAST("..." AS Timestamp). */
export const parsers: Partial<Record<Primitive, (text: string) => Value>> = {
  Utf8: (text) => text,
  String: (text) => Buffer.from(text, 'utf8'),
  Uuid: storedUuid,
  Timestamp: timestampMicros,
  Json: (text) => (isJson(text) ? text : null),
  JsonDocument: (text) => (isJson(text) ? text : null),
  Bool: (text) => ({ true: true, false: false })[text.toLowerCase()] ?? null,
};

const printers: Partial<Record<Primitive, (value: Value) => string>> = {
  Uuid: (value) => uuidText(value as string),
  Timestamp: (value) => timestampText(value as bigint),
  String: (value) => (value as Buffer).toString('utf8'),
  Bool: String, Utf8: String, Json: String, JsonDocument: String,
};

function toText(from: Primitive, to: Primitive): Casting | null {
  const print = printers[from] ?? (isNumeric(from) ? String : undefined);
  if (print === undefined) return null;
  return { fallible: from === 'String', change: (value) => (to === 'String' ? Buffer.from(print(value), 'utf8') : print(value)) };
}

function timeCasting(from: Primitive, to: Primitive): Casting | null {
  if ((from === 'Timestamp' || from === 'Interval') && isInteger(to)) {
    return { fallible: to !== 'Uint64' && to !== 'Int64', change: (value) => castNumber(value as bigint, to) };
  }
  if (isInteger(from) && (to === 'Timestamp' || to === 'Interval')) {
    return { fallible: true, change: (value) => (to === 'Timestamp' && BigInt(value as number) < 0n ? null : BigInt(value as number)) };
  }
  return from === 'Timestamp' && to === 'Datetime' ? { fallible: false, change: (value) => Number((value as bigint) / 1_000_000n) } : null;
}
