// Built-in functions. A name that is not here is an error, never a guess.
import { compileError, failure, type Position, Status } from '../errors.ts';
import { intervalMicros } from '../times.ts';
import { bare, isNullable, optionalOf, primitive, type Primitive, primitiveNamed, primitiveOf, typeText } from '../types.ts';
import { compareValues, type Value } from '../values.ts';
import { convertTo, parsers } from './convert.ts';
import { isInteger } from './numbers.ts';
import { coalesce, commonType } from './operators.ts';
import { type Compiled, constant } from './scope.ts';

type Build = (args: readonly Compiled[], at: Position) => Compiled;

const micros: Readonly<Record<string, bigint>> = {
  Microseconds: 1n, Milliseconds: 1_000n, Seconds: 1_000_000n, Minutes: 60_000_000n, Hours: 3_600_000_000n, Days: 86_400_000_000n,
};

const general: Readonly<Record<string, Build>> = {
  CURRENTUTCTIMESTAMP: () => ({ type: primitive('Timestamp'), run: (_, env) => env.nowMicros }),
  CURRENTUTCDATETIME: () => ({ type: primitive('Datetime'), run: (_, env) => Number(env.nowMicros / 1_000_000n) }),
  CURRENTUTCDATE: () => ({ type: primitive('Date'), run: (_, env) => Number(env.nowMicros / 86_400_000_000n) }),
  RANDOMUUID: () => ({ type: primitive('Uuid'), run: (_, env) => randomUuid(env.random) }),
  RANDOM: () => ({ type: primitive('Double'), run: (_, env) => env.random() }),
  COALESCE: (args, at) => args.slice(1).reduce((left, right) => coalesce(left, right, at), first(args, at)),
  NVL: (args, at) => args.slice(1).reduce((left, right) => coalesce(left, right, at), first(args, at)),
  IF: choose,
  JUST: (args, at) => ({ type: optionalOf(first(args, at).type), run: first(args, at).run }),
  UNWRAP: unwrap,
  ENSURE: ensure,
  LENGTH: length,
  LEN: length,
  MAXOF: (args, at) => extreme(args, at, 1),
  MINOF: (args, at) => extreme(args, at, -1),
  GREATEST: (args, at) => extreme(args, at, 1),
  LEAST: (args, at) => extreme(args, at, -1),
  STARTSWITH: (args, at) => textTest(args, at, (text, part) => text.startsWith(part)),
  ENDSWITH: (args, at) => textTest(args, at, (text, part) => text.endsWith(part)),
  ASLIST: (args, at) => {
    const item = commonType(args, at);
    const items = args.map((value) => convertTo(value, item, { at }));
    return { type: { kind: 'list', item }, run: (row, env) => items.map((value) => value.run(row, env)) };
  },
  ASTUPLE: (args) => ({
    type: { kind: 'tuple', items: args.map(({ type }) => type) }, run: (row, env) => args.map((value) => value.run(row, env)),
  }),
  LISTLENGTH: (args, at) => ({
    type: primitive('Uint64'), run: (row, env) => BigInt((first(args, at).run(row, env) as readonly Value[]).length),
  }),
  ABS: (args, at) => mapped(first(args, at), first(args, at).type, (value) => (compareValues(value, 0) < 0 ? negated(value) : value)),
};

function moduleFunction(name: string): Build | null {
  const [, way = '', unit = ''] = /^DateTime::(IntervalFrom|From|To)(\w+)$/.exec(name) ?? [];
  const size = micros[unit];
  if (size === undefined) return null;
  const makers: Readonly<Record<string, Build>> = {
    IntervalFrom: (args, at) => mapped(first(args, at), optionalOf(primitive('Interval')), (value) => BigInt(value as number) * size),
    From: (args, at) => mapped(
      first(args, at),
      optionalOf(primitive('Timestamp')),
      (value) => (BigInt(value as number) < 0n ? null : BigInt(value as number) * size),
    ),
    To: (args, at) => toUnits(first(args, at), size, at),
  };
  return makers[way] ?? null;
}

function toUnits(value: Compiled, size: bigint, at: Position): Compiled {
  const name = primitiveOf(value.type);
  if (name !== 'Timestamp' && name !== 'Interval') throw compileError(
    `Expected Timestamp or Interval, but got: ${typeText(value.type)}`,
    at,
  );
  const whole = name === 'Interval' ? 'Int64' : size >= 1_000_000n ? 'Uint32' : 'Uint64';
  return mapped(value, primitive(whole), (micro) => (whole === 'Uint32' ? Number((micro as bigint) / size) : (micro as bigint) / size));
}

const builtins = new Map(Object.entries(general));

function functionNamed(name: string): Build | null {
  if (name.includes('::')) return moduleFunction(name);
  return builtins.get(name.toUpperCase().replaceAll('_', '')) ?? literalOf(name);
}

export function buildCall(name: string, args: readonly Compiled[], at: Position): Compiled {
  const build = functionNamed(name);
  if (build === null) throw compileError(`Unknown builtin: ${name}`, at);
  return build(args, at);
}

/** `Timestamp("...")`, `Uuid("...")`, `Uint64("1")`: a literal of the type, checked when the text is compiled. */
function literalOf(name: string): Build | null {
  const type = primitiveNamed(name);
  if (type === undefined) return null;
  return (args, at) => {
    const { literal } = first(args, at);
    const text = Buffer.isBuffer(literal) || typeof literal === 'string' ? literal.toString() : null;
    const value = text === null ? null : parseLiteral(type, text);
    if (value === null) throw compileError(`Bad atom format for type: ${type}`, at);
    return constant(primitive(type), value);
  };
}

function parseLiteral(type: Primitive, text: string): Value {
  const parse = parsers[type];
  if (type === 'Interval') return intervalMicros(text);
  if (isInteger(type)) return /^-?\d+$/.test(text) ? (type.endsWith('64') ? BigInt(text) : Number(text)) : null;
  return parse?.(text) ?? null;
}

function first(args: readonly Compiled[], at: Position): Compiled {
  const [value] = args;
  if (value === undefined) throw compileError('Expected at least 1 argument', at);
  return value;
}

/** NULL stays NULL, and makes the type optional. */
function mapped(value: Compiled, type: Compiled['type'], apply: (value: Value) => Value): Compiled {
  const run: Compiled['run'] = (row, env) => {
    const input = value.run(row, env);
    return input === null ? null : apply(input);
  };
  return { type: isNullable(value.type) ? optionalOf(type) : type, run };
}

function negated(value: Value): Value {
  return typeof value === 'bigint' ? -value : -Number(value);
}

function choose(args: readonly Compiled[], at: Position): Compiled {
  const [condition, yes, no = constant({ kind: 'null' }, null)] = args;
  if (condition === undefined || yes === undefined) throw compileError('IF expects 2 or 3 arguments', at);
  const type = commonType([yes, no], at);
  const [positive, negative] = [convertTo(yes, type, { at }), convertTo(no, type, { at })];
  return { type, run: (row, env) => (condition.run(row, env) === true ? positive : negative).run(row, env) };
}

function unwrap(args: readonly Compiled[], at: Position): Compiled {
  const value = first(args, at);
  const [, message] = args;
  if (value.type.kind !== 'optional') throw compileError(`Expected optional type, but got: ${typeText(value.type)}`, at);
  return {
    type: value.type.item,
    run: (row, env) => {
      const result = value.run(row, env);
      if (result === null) throw failure(
        Status.PRECONDITION_FAILED,
        `Failed to unwrap empty optional${message ? `. ${String(message.run(row, env))}` : ''}`,
      );
      return result;
    },
  };
}

function ensure(args: readonly Compiled[], at: Position): Compiled {
  const [value, predicate, message] = args;
  if (value === undefined || predicate === undefined || primitiveOf(predicate.type) !== 'Bool') throw compileError(
    'Ensure expects a value and a bool',
    at,
  );
  return {
    type: value.type,
    run: (row, env) => {
      if (predicate.run(row, env) !== true) throw failure(
        Status.PRECONDITION_FAILED,
        `Condition violated${message ? `. ${String(message.run(row, env))}` : ''}`,
      );
      return value.run(row, env);
    },
  };
}

function length(args: readonly Compiled[], at: Position): Compiled {
  return mapped(first(args, at), primitive('Uint32'), (value) => Buffer.byteLength(value as string | Buffer));
}

function extreme(args: readonly Compiled[], at: Position, sign: number): Compiled {
  const type = commonType(args, at);
  const values = args.map((value) => convertTo(value, type, { at }));
  const better = (a: Value, b: Value): Value => (a === null || b === null ? null : sign * compareValues(a, b) >= 0 ? a : b);
  return { type, run: (row, env) => values.map((value) => value.run(row, env)).reduce(better) };
}

function textTest(args: readonly Compiled[], at: Position, test: (text: string, part: string) => boolean): Compiled {
  const [text, part] = args;
  if (text === undefined || part === undefined) throw compileError('Expected 2 arguments', at);
  const nullable = isNullable(text.type) || isNullable(part.type);
  const run: Compiled['run'] = (row, env) => {
    const [whole, piece] = [text.run(row, env), part.run(row, env)];
    return whole === null || piece === null ? null : test(String(whole), String(piece));
  };
  return { type: nullable ? optionalOf(bare(primitive('Bool'))) : primitive('Bool'), run };
}

function randomUuid(random: () => number): string {
  const bytes = Buffer.alloc(16).map(() => Math.floor(random() * 256));
  bytes[7] = ((bytes[7] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return Buffer.from(bytes).toString('hex');
}
