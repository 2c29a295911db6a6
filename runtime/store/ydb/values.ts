// Values on YDB's wire: our own encoder and decoder, because the client library's turns 64-bit integers negative, rounds large
// numbers and loses rows with types it does not know. Timestamps and intervals are milliseconds here and microseconds there.
import type { Ydb } from 'ydb-sdk';
import { ServiceError } from '../../errors.ts';

/** Ydb.Type.PrimitiveTypeId (ydb_value.proto) and the field of Ydb.Value that carries the type. */
const primitives = {
  Bool: { typeId: 0x0006, field: 'boolValue' },
  Uint32: { typeId: 0x0002, field: 'uint32Value' },
  Int64: { typeId: 0x0003, field: 'int64Value' },
  Uint64: { typeId: 0x0004, field: 'uint64Value' },
  Timestamp: { typeId: 0x0032, field: 'uint64Value' },
  Interval: { typeId: 0x0033, field: 'int64Value' },
  Utf8: { typeId: 0x1200, field: 'textValue' },
} as const;

type Primitive = keyof typeof primitives;
/** A column's type as YQL writes it; `?` for one that may be NULL. */
export type TypeName = Primitive | `${Primitive}?`;
/** The members of a Struct, in order. */
export type Shape = Readonly<Record<string, TypeName>>;

export type Value = string | number | boolean | null;
export type Fields = Readonly<Record<string, Value>>;
/** A cell as it is read: 64-bit integers, microseconds among them, as bigint. */
export type Cell = string | number | bigint | boolean | null;
export type Row = Readonly<Record<string, Cell>>;

const microsPerMs = 1_000n;

function primitiveOf(type: TypeName): Primitive {
  return (type.endsWith('?') ? type.slice(0, -1) : type) as Primitive;
}

function malformed(what: string): ServiceError {
  return new ServiceError('internal', `ydb: ${what}`);
}

function integer(value: Value): bigint {
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw malformed('a parameter is not a safe integer');
  return BigInt(value);
}

/** As protobufjs takes a fixed64 without the `long` package. */
function fixed64(value: bigint, unsigned: boolean): { low: number; high: number; unsigned: boolean } {
  return { low: Number(BigInt.asIntN(32, value)), high: Number(BigInt.asIntN(32, value >> 32n)), unsigned };
}

const encoders: { readonly [Name in Primitive]: (value: Value) => unknown } = {
  Bool: (value) => value === true,
  Uint32: (value) => Number(integer(value)),
  Int64: (value) => fixed64(integer(value), false),
  Uint64: (value) => fixed64(integer(value), true),
  Timestamp: (value) => fixed64(integer(value) * microsPerMs, true),
  Interval: (value) => fixed64(integer(value) * microsPerMs, false),
  Utf8: (value) => {
    if (typeof value !== 'string') throw malformed('a parameter is not a text');
    return value;
  },
};

function encodeType(type: TypeName): object {
  const plain = { typeId: primitives[primitiveOf(type)].typeId };
  return type.endsWith('?') ? { optionalType: { item: plain } } : plain;
}

function encodeValue(type: TypeName, value: Value): object {
  if (value !== null) return { [primitives[primitiveOf(type)].field]: encoders[primitiveOf(type)](value) };
  if (!type.endsWith('?')) throw malformed('a parameter must not be null');
  return { nullFlagValue: 0 };
}

export function encodeScalar(type: TypeName, value: Value): Ydb.ITypedValue {
  return { type: encodeType(type), value: encodeValue(type, value) };
}

/** A List<Struct>. A member that a row lacks is a defect of ours, not a NULL. */
export function encodeRows(shape: Shape, rows: readonly Fields[]): Ydb.ITypedValue {
  const names = Object.entries(shape);
  const members = names.map(([name, type]) => ({ name, type: encodeType(type) }));
  const items = rows.map((row) => ({ items: names.map(([name, type]) => encodeMember(row, name, type)) }));
  return { type: { listType: { item: { structType: { members } } } }, value: { items } };
}

function encodeMember(row: Fields, name: string, type: TypeName): object {
  const value = row[name];
  if (value === undefined) throw malformed(`a row of parameters lacks ${name}`);
  return encodeValue(type, value);
}

type Decoder = (value: Ydb.IValue) => Cell | undefined;

function wide(value: unknown): bigint | undefined {
  if (typeof value === 'number') return BigInt(value);
  if (typeof value !== 'object' || value === null || !('low' in value) || !('high' in value)) return undefined;
  const bits = (BigInt(Number(value.high)) << 32n) | BigInt(Number(value.low) >>> 0);
  return 'unsigned' in value && value.unsigned === true ? BigInt.asUintN(64, bits) : BigInt.asIntN(64, bits);
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
  Object.entries(primitives).map(([name, { typeId }]) => [typeId, decoders[name as Primitive]]),
);

/** Throws for a type that the schema does not use: guessing would be a wrong row. */
export function rowDecoder(columns: readonly Ydb.IColumn[]): (row: Ydb.IValue) => Row {
  const cells = columns.map(({ name, type }) => ({ name: name ?? '', decode: cellDecoder(name ?? '', type ?? {}) }));
  return (row) => Object.fromEntries(cells.map(({ name, decode }, index) => [name, decode(row.items?.[index] ?? {})]));
}

function cellDecoder(name: string, type: Ydb.IType): (value: Ydb.IValue) => Cell {
  const item = type.optionalType?.item;
  const isOptional = item !== undefined && item !== null;
  const decode = decoderOf.get((item ?? type).typeId ?? 0);
  if (decode === undefined) throw new ServiceError('record_corrupt', `ydb: column ${name} has a type that is not read`);
  return (value) => {
    if (isOptional && typeof value.nullFlagValue === 'number') return null;
    const cell = decode(value);
    if (cell === undefined) throw new ServiceError('record_corrupt', `ydb: column ${name} holds what it must not`);
    return cell;
  };
}
