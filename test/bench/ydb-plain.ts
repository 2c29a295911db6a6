// Parameters as a user of the client library has them: plain rows, and types made once with the library's own `Types`.
import type { Ydb } from 'ydb-sdk';
import { ydb } from '../../runtime/store/ydb/sdk.ts';

type TypedValues = Readonly<Record<string, Ydb.ITypedValue>>;

interface PlainParameter {
  readonly type: Ydb.IType;
  /** Of a scalar or of all rows of a list. */
  readonly value: unknown;
}

export type PlainParameters = Readonly<Record<string, PlainParameter>>;

/** Made as any user of the library makes them. */
export function encoded(parameters: PlainParameters): Record<string, Ydb.ITypedValue> {
  const { TypedValues } = ydb();
  const typed: Record<string, Ydb.ITypedValue> = {};
  for (const [name, { type, value }] of Object.entries(parameters)) {
    const item = type.listType?.item;
    typed[name] = Array.isArray(value) && item ? TypedValues.list(item, value) : TypedValues.fromNative(type, value);
  }
  return typed;
}

export function plainOf(parameters: TypedValues): PlainParameters {
  return Object.fromEntries(Object.entries(parameters).map(([name, { type, value }]) => {
    if (!type || !value) throw new Error(`the parameter ${name} has no value`);
    return [name, { type: typeOf(type), value: valueOf(type, value) }];
  }));
}

/** Throws when the library would send anything else. */
export function assertSameBytes(plain: PlainParameters, sent: TypedValues): void {
  const { TypedValue } = ydb().Ydb;
  const made = encoded(plain);
  for (const [name, value] of Object.entries(sent)) {
    const [theirs, ours] = [TypedValue.encode(made[name] ?? {}).finish(), TypedValue.encode(value).finish()];
    if (Buffer.compare(theirs, ours) !== 0) throw new Error(`the library sends something else for ${name}`);
  }
}

const types = new Map<string, Ydb.IType>();

/** One for all parameters of its kind, as a constant of a program is. */
function typeOf(type: Ydb.IType): Ydb.IType {
  const key = JSON.stringify(type);
  const known = types.get(key) ?? makeType(type);
  types.set(key, known);
  return known;
}

function makeType(type: Ydb.IType): Ydb.IType {
  const { Types } = ydb();
  if (type.optionalType?.item) return Types.optional(makeType(type.optionalType.item));
  if (type.listType?.item) return Types.list(makeType(type.listType.item));
  if (!type.structType) return { typeId: type.typeId ?? 0 };
  const members = (type.structType.members ?? []).map(({ name, type: member }) => [name ?? '', makeType(member ?? {})]);
  return Types.struct(Object.fromEntries(members) as Record<string, Ydb.IType>);
}

function valueOf(type: Ydb.IType, value: Ydb.IValue): unknown {
  if (type.optionalType?.item) return typeof value.nullFlagValue === 'number' ? null : valueOf(type.optionalType.item, value);
  if (type.listType?.item) return (value.items ?? []).map((item) => valueOf(type.listType?.item ?? {}, item));
  if (!type.structType) return scalarOf(type, value);
  const members = (type.structType.members ?? []).map(({ name, type: member }, index) => [name ?? '', valueOf(member ?? {}, value.items?.[index] ?? {})]);
  return Object.fromEntries(members) as unknown;
}

/** A moment as the library takes it; any other number as it is on the wire. */
function scalarOf(type: Ydb.IType, value: Ydb.IValue): unknown {
  const wide = value.int64Value ?? value.uint64Value;
  if (wide === undefined || wide === null) return value.boolValue ?? value.uint32Value ?? value.textValue;
  const number = numberOf(wide);
  return type.typeId === ydb().Ydb.Type.PrimitiveTypeId.TIMESTAMP ? new Date(number / 1_000) : number;
}

function numberOf(wide: unknown): number {
  if (typeof wide === 'number') return wide;
  const { low, high } = wide as { readonly low: number; readonly high: number };
  return high * 2 ** 32 + (low >>> 0);
}
