// Values as the server holds them, how they compare, and their form on the wire.
// 64-bit numbers and times are bigint; a Uuid is the hex of its stored bytes, so that it sorts as YDB sorts it; String is a Buffer.
import type proto from 'ydb-sdk-proto';
import { badRequest } from './errors.ts';
import type { Primitive, YdbType } from './types.ts';
import { uuidFromHalves, uuidToHalves, type WireLong } from './uuid.ts';

export type Value = null | boolean | number | bigint | string | Buffer | readonly Value[];
export type Row = readonly Value[];
type Wire = proto.Ydb.IValue;

interface Codec {
  readonly encode: (value: never) => Wire;
  readonly decode: (wire: Wire) => Value | undefined;
}

const int32: Codec = { encode: (value: number) => ({ int32Value: value }), decode: (wire) => wire.int32Value ?? undefined };
const uint32: Codec = { encode: (value: number) => ({ uint32Value: value }), decode: (wire) => wire.uint32Value ?? undefined };
const int64: Codec = {
  encode: (value: bigint) => ({ int64Value: longOf(value) as never }),
  decode: (wire) => (wire.int64Value === null || wire.int64Value === undefined ? undefined : BigInt.asIntN(64, bigintOf(wire.int64Value))),
};
const uint64: Codec = {
  encode: (value: bigint) => ({ uint64Value: longOf(value) as never }),
  decode: (wire) => (wire.uint64Value === null || wire.uint64Value === undefined ? undefined : bigintOf(wire.uint64Value)),
};
const text: Codec = { encode: (value: string) => ({ textValue: value }), decode: (wire) => wire.textValue ?? undefined };
const bytes: Codec = {
  encode: (value: Buffer) => ({ bytesValue: value }),
  decode: (wire) => (wire.bytesValue ? Buffer.from(wire.bytesValue) : undefined),
};

const codecs: Readonly<Record<Primitive, Codec>> = {
  Bool: { encode: (value: boolean) => ({ boolValue: value }), decode: (wire) => wire.boolValue ?? undefined },
  Int8: int32, Int16: int32, Int32: int32, Uint8: uint32, Uint16: uint32, Uint32: uint32, Date: uint32, Datetime: uint32,
  Int64: int64, Interval: int64, Uint64: uint64, Timestamp: uint64,
  Float: { encode: (value: number) => ({ floatValue: value }), decode: (wire) => wire.floatValue ?? undefined },
  Double: { encode: (value: number) => ({ doubleValue: value }), decode: (wire) => wire.doubleValue ?? undefined },
  String: bytes, Yson: bytes, Utf8: text, Json: text, JsonDocument: text,
  Uuid: {
    encode: (value: string) => uuidToHalves(value) as Wire,
    decode: ({ low_128: low, high_128: high }) =>
      (low === null || low === undefined ? undefined : uuidFromHalves(bigintOf(low), bigintOf(high ?? 0))),
  },
};

export function encodeValue(type: YdbType, value: Value): Wire {
  if (value === null) return { nullFlagValue: 0 };
  switch (type.kind) {
    case 'primitive':
      return codecs[type.name].encode(value as never);
    case 'optional':
      return encodeValue(type.item, value);
    case 'list':
      return { items: (value as Row).map((item) => encodeValue(type.item, item)) };
    case 'struct':
      return { items: type.members.map((member, index) => encodeValue(member.type, (value as Row)[index] ?? null)) };
    case 'tuple':
      return { items: type.items.map((item, index) => encodeValue(item, (value as Row)[index] ?? null)) };
    case 'null':
      break;
  }
  return { nullFlagValue: 0 };
}

export function decodeValue(type: YdbType, wire: Wire | null | undefined, place: string): Value {
  if (!wire) throw badRequest(`${place}: no value`);
  switch (type.kind) {
    case 'optional':
      return wire.nullFlagValue === null || wire.nullFlagValue === undefined ? decodeValue(type.item, wire, place) : null;
    case 'list':
      return (wire.items ?? []).map((item, index) => decodeValue(type.item, item, `${place}[${index}]`));
    case 'struct':
      return type.members.map((member, index) => decodeValue(member.type, wire.items?.[index], `${place}.${member.name}`));
    case 'tuple':
      return type.items.map((item, index) => decodeValue(item, wire.items?.[index], `${place}.${index}`));
    case 'null':
      return null;
    case 'primitive':
      break;
  }
  return decodePrimitive(type.name, wire, place);
}

const smallRanges: Partial<Record<Primitive, readonly [number, number]>> = {
  Int8: [-128, 127], Uint8: [0, 255], Int16: [-32_768, 32_767], Uint16: [0, 65_535], Date: [0, 49_672],
};

// An absent oneof is not a value: this is what a client sends that has encoded its argument wrongly.
function decodePrimitive(name: Primitive, wire: Wire, place: string): Value {
  const value = codecs[name].decode(wire);
  if (value === undefined) throw badRequest(`${place}: the value on the wire is not ${name}`);
  const range = smallRanges[name];
  if (range !== undefined && ((value as number) < range[0] || (value as number) > range[1])) throw badRequest(
    `${place}: out of the range of ${name}`,
  );
  if ((name === 'Json' || name === 'JsonDocument') && !isJson(value as string)) throw badRequest(`${place}: Invalid Json value`);
  return value;
}

export function isJson(value: string): boolean {
  try {
    JSON.parse(value);
    return true;
  } catch {
    return false;
  }
}

export function longOf(value: bigint): WireLong {
  return { low: Number(BigInt.asIntN(32, value)), high: Number(BigInt.asIntN(32, value >> 32n)), unsigned: true };
}

/** From whatever protobufjs gives for a 64-bit field; the result is unsigned. */
export function bigintOf(value: number | { readonly low: number; readonly high: number }): bigint {
  if (typeof value === 'number') return BigInt.asUintN(64, BigInt(value));
  return (BigInt(value.high >>> 0) << 32n) | BigInt(value.low >>> 0);
}

/** NULL sorts first; text by its UTF-8 bytes; the rest by its own order. */
export function compareValues(a: Value, b: Value): number {
  if (a === b) return 0;
  if (a === null) return -1;
  if (b === null) return 1;
  if (typeof a === 'string' && typeof b === 'string') return compareText(a, b);
  if (Buffer.isBuffer(a) || Buffer.isBuffer(b)) return Buffer.compare(bytesOf(a), bytesOf(b));
  if (Array.isArray(a)) return compareRows(a, b as Row);
  return a < b ? -1 : Number(a > b);
}

function bytesOf(value: Value): Buffer {
  return Buffer.isBuffer(value) ? value : Buffer.from(String(value), 'utf8');
}

export function compareRows(a: Row, b: Row): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index += 1) {
    const order = compareValues(a[index] ?? null, b[index] ?? null);
    if (order !== 0) return order;
  }
  return 0;
}

function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index += 1) {
    const order = unitRank(a.charCodeAt(index)) - unitRank(b.charCodeAt(index));
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

// In UTF-8 the characters outside the basic plane come last, in UTF-16 their halves come before U+E000.
function unitRank(unit: number): number {
  return unit >= 0xd8_00 && unit < 0xe0_00 ? unit + 0x1_00_00 : unit;
}

/** A text that is the same for equal values only; used as a map key. */
export function keyText(row: Row): string {
  return row.map(valueText).join('\u0001');
}

function valueText(value: Value): string {
  if (value === null) return '-';
  if (Buffer.isBuffer(value)) return `b${value.toString('hex')}`;
  if (Array.isArray(value)) return `(${keyText(value)})`;
  return typeof value === 'string' ? `s${value.replaceAll('\u0001', '\u0001\u0001')}` : `n${String(value)}`;
}
