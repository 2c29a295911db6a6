// Values on YDB's wire: our own encoder and decoder, because the client library's turns 64-bit integers negative, rounds large
// numbers and loses rows with types it does not know. Timestamps and intervals are milliseconds here and microseconds there.
import type { Ydb } from 'ydb-sdk';
import { ServiceError } from '../../errors.ts';

/** Ydb.Type.PrimitiveTypeId (ydb_value.proto). */
const typeIds = { Bool: 0x0006, Uint32: 0x0002, Int64: 0x0003, Uint64: 0x0004, Timestamp: 0x0032, Interval: 0x0033, Utf8: 0x1200 } as const;

type Primitive = keyof typeof typeIds;
/** A column's type as YQL writes it; `?` for one that may be NULL. */
export type TypeName = Primitive | `${Primitive}?`;
/** The members of a Struct, in order. */
export type Shape = Readonly<Record<string, TypeName>>;

export type Value = string | number | boolean | null;
export type Fields = Readonly<Record<string, Value>>;
/** A cell as it is read: 64-bit integers, microseconds among them, as bigint. */
export type Cell = string | number | bigint | boolean | null;
export type Row = Readonly<Record<string, Cell>>;

const microsPerMs = 1_000;
const halfRange = 2 ** 32;

function primitiveOf(type: TypeName): Primitive {
  return (isOptional(type) ? type.slice(0, -1) : type) as Primitive;
}

function isOptional(type: TypeName): boolean {
  return type.endsWith('?');
}

function malformed(what: string): ServiceError {
  return new ServiceError('internal', `ydb: ${what}`);
}

function integer(value: Value): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw malformed('a parameter is not a safe integer');
  return value;
}

/** Typed as the class of the `long` package, of which protobufjs takes these fields alone. */
type Fixed64 = NonNullable<Ydb.IValue['int64Value']>;

function halves(low: number, high: number, unsigned: boolean): Fixed64 {
  return { low, high, unsigned } as unknown as Fixed64;
}

function fixed64(value: number, unsigned: boolean): Fixed64 {
  return halves(value | 0, Math.floor(value / halfRange) | 0, unsigned);
}

function micros(ms: number, unsigned: boolean): Fixed64 {
  const product = ms * microsPerMs;
  if (Number.isSafeInteger(product)) return fixed64(product, unsigned);
  const exact = BigInt(ms) * BigInt(microsPerMs);
  return halves(Number(BigInt.asIntN(32, exact)), Number(BigInt.asIntN(32, exact >> 32n)), unsigned);
}

type Encoder = (value: Value) => Ydb.IValue;

const encoders: { readonly [Name in Primitive]: Encoder } = {
  Bool: (value) => ({ boolValue: value === true }),
  Uint32: (value) => ({ uint32Value: integer(value) }),
  Int64: (value) => ({ int64Value: fixed64(integer(value), false) }),
  Uint64: (value) => ({ uint64Value: fixed64(integer(value), true) }),
  Timestamp: (value) => ({ uint64Value: micros(integer(value), true) }),
  Interval: (value) => ({ int64Value: micros(integer(value), false) }),
  Utf8: (value) => {
    if (typeof value !== 'string') throw malformed('a parameter is not a text');
    // Half of a surrogate pair has no UTF-8: the server could not read the request.
    return { textValue: value.toWellFormed() };
  },
};

function encodeType(type: TypeName): Ydb.IType {
  const plain = { typeId: typeIds[primitiveOf(type)] };
  return isOptional(type) ? { optionalType: { item: plain } } : plain;
}

function encoderOf(type: TypeName): Encoder {
  const encode = encoders[primitiveOf(type)];
  const encodeNull = isOptional(type) ? () => ({ nullFlagValue: 0 }) : refuseNull;
  return (value) => (value === null ? encodeNull() : encode(value));
}

function refuseNull(): never {
  throw malformed('a parameter must not be null');
}

/** What a declared type asks of every value, worked out once. */
export type Plan<Taken> = (value: Taken) => Ydb.ITypedValue;

export function scalarPlan(name: TypeName): Plan<Value> {
  const type = encodeType(name);
  const encode = encoderOf(name);
  return (value) => ({ type, value: encode(value) });
}

/** A List<Struct>. A member that a row lacks is a defect of ours, not a NULL. */
export function rowsPlan(shape: Shape): Plan<readonly Fields[]> {
  const members = Object.entries(shape).map(([name, type]) => ({ name, encode: encoderOf(type) }));
  const type = { listType: { item: { structType: { members: Object.entries(shape).map(([name, member]) => ({ name, type: encodeType(member) })) } } } };
  const encodeRow = (row: Fields): Ydb.IValue => ({ items: members.map(({ name, encode }) => encode(memberOf(row, name))) });
  return (rows) => ({ type, value: { items: rows.map(encodeRow) } });
}

function memberOf(row: Fields, name: string): Value {
  const value = row[name];
  if (value === undefined) throw malformed(`a row of parameters lacks ${name}`);
  return value;
}

type Decoder = (value: Ydb.IValue) => Cell | undefined;

function wide(value: unknown): bigint | undefined {
  if (typeof value === 'number') return BigInt(value);
  if (typeof value !== 'object' || value === null || !('low' in value) || !('high' in value)) return undefined;
  const [low, high] = [Number(value.low) >>> 0, Number(value.high)];
  const isUnsigned = 'unsigned' in value && value.unsigned === true;
  const sum = (isUnsigned ? high >>> 0 : high | 0) * halfRange + low;
  if (Number.isSafeInteger(sum)) return BigInt(sum);
  const bits = (BigInt(high) << 32n) | BigInt(low);
  return isUnsigned ? BigInt.asUintN(64, bits) : BigInt.asIntN(64, bits);
}

const decoders: { readonly [Name in Primitive]: Decoder } = {
  Bool: (value) => value.boolValue ?? undefined,
  Uint32: (value) => value.uint32Value ?? undefined,
  Int64: (value) => wide(value.int64Value),
  Uint64: (value) => wide(value.uint64Value),
  Timestamp: (value) => wide(value.uint64Value),
  Interval: (value) => wide(value.int64Value),
  Utf8: (value) => value.textValue ?? undefined,
};

const decoderOf: ReadonlyMap<number, Decoder> = new Map(
  Object.entries(typeIds).map(([name, typeId]) => [typeId, decoders[name as Primitive]]),
);

type RowDecoder = (row: Ydb.IValue) => Row;

/** By the names and types of the columns: the selections of our statements, which are few. */
const rowDecoders = new Map<string, RowDecoder>();

/** Throws for a type that the schema does not use: guessing would be a wrong row. */
export function rowDecoder(columns: readonly Ydb.IColumn[]): RowDecoder {
  const key = keyOfColumns(columns);
  const known = rowDecoders.get(key);
  if (known !== undefined) return known;
  const made = makeRowDecoder(columns);
  rowDecoders.set(key, made);
  return made;
}

function keyOfColumns(columns: readonly Ydb.IColumn[]): string {
  let key = '';
  for (const { name, type } of columns) key += `${name} ${type?.typeId ?? 0} ${type?.optionalType?.item?.typeId ?? ''},`;
  return key;
}

function makeRowDecoder(columns: readonly Ydb.IColumn[]): RowDecoder {
  const cells = columns.map(({ name, type }, index) => ({ name: name ?? '', index, decode: cellDecoder(name ?? '', type ?? {}) }));
  return ({ items }) => {
    const row: Record<string, Cell> = {};
    for (const { name, index, decode } of cells) row[name] = decode(items?.[index] ?? {});
    return row;
  };
}

function cellDecoder(name: string, type: Ydb.IType): (value: Ydb.IValue) => Cell {
  const item = type.optionalType?.item;
  const mayBeNull = item !== undefined && item !== null;
  const decode = decoderOf.get((item ?? type).typeId ?? 0);
  if (decode === undefined) throw new ServiceError('record_corrupt', `ydb: column ${name} has a type that is not read`);
  return (value) => {
    if (mayBeNull && typeof value.nullFlagValue === 'number') return null;
    const cell = decode(value);
    if (cell === undefined) throw new ServiceError('record_corrupt', `ydb: column ${name} holds what it must not`);
    return cell;
  };
}
