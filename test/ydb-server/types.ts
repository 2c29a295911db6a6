// The data types of YQL that the server knows, their wire form and their names.
import type proto from 'ydb-sdk-proto';
import { badRequest } from './errors.ts';

export const primitiveIds = {
  Bool: 0x06, Int8: 0x07, Uint8: 0x05, Int16: 0x08, Uint16: 0x09, Int32: 0x01, Uint32: 0x02, Int64: 0x03, Uint64: 0x04,
  Float: 0x21, Double: 0x20, Date: 0x30, Datetime: 0x31, Timestamp: 0x32, Interval: 0x33,
  String: 0x1001, Utf8: 0x1200, Yson: 0x1201, Json: 0x1202, Uuid: 0x1203, JsonDocument: 0x1204,
} as const;

export type Primitive = keyof typeof primitiveIds;

export interface Member {
  readonly name: string;
  readonly type: YdbType;
}

export type YdbType =
  | { readonly kind: 'primitive'; readonly name: Primitive }
  | { readonly kind: 'optional'; readonly item: YdbType }
  | { readonly kind: 'list'; readonly item: YdbType }
  | { readonly kind: 'struct'; readonly members: readonly Member[] }
  | { readonly kind: 'tuple'; readonly items: readonly YdbType[] }
  | { readonly kind: 'null' };

export const nullType: YdbType = { kind: 'null' };

const byId = new Map<number, Primitive>(Object.entries(primitiveIds).map(([name, id]) => [id, name as Primitive]));
const aliases: Readonly<Record<string, Primitive>> = { TEXT: 'Utf8', BYTES: 'String' };
const byName = new Map<string, Primitive>(Object.keys(primitiveIds).map((name) => [name.toUpperCase(), name as Primitive]));

export function primitiveNamed(name: string): Primitive | undefined {
  return byName.get(name.toUpperCase()) ?? aliases[name.toUpperCase()];
}

export function primitive(name: Primitive): YdbType {
  return { kind: 'primitive', name };
}

export function optionalOf(item: YdbType): YdbType {
  return item.kind === 'optional' || item.kind === 'null' ? item : { kind: 'optional', item };
}

export function bare(type: YdbType): YdbType {
  return type.kind === 'optional' ? type.item : type;
}

export function primitiveOf(type: YdbType): Primitive | null {
  const inner = bare(type);
  return inner.kind === 'primitive' ? inner.name : null;
}

export function isNullable(type: YdbType): boolean {
  return type.kind === 'optional' || type.kind === 'null';
}

export function typeText(type: YdbType): string {
  switch (type.kind) {
    case 'primitive':
      return type.name;
    case 'optional':
      return `Optional<${typeText(type.item)}>`;
    case 'list':
      return `List<${typeText(type.item)}>`;
    case 'struct':
      return `Struct<${sortedMembers(type.members).map(({ name, type: member }) => `'${name}':${typeText(member)}`).join(',')}>`;
    case 'tuple':
      return `Tuple<${type.items.map(typeText).join(',')}>`;
    case 'null':
      break;
  }
  return 'Null';
}

/** Members of a struct have no order of their own: two types are one if their sorted forms are. */
export function sameType(a: YdbType, b: YdbType): boolean {
  return a === b || typeText(a) === typeText(b);
}

function sortedMembers(members: readonly Member[]): readonly Member[] {
  return members.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

export function encodeType(type: YdbType): proto.Ydb.IType {
  switch (type.kind) {
    case 'primitive':
      return { typeId: primitiveIds[type.name] };
    case 'optional':
      return { optionalType: { item: encodeType(type.item) } };
    case 'list':
      return { listType: { item: encodeType(type.item) } };
    case 'struct':
      return { structType: { members: type.members.map(({ name, type: member }) => ({ name, type: encodeType(member) })) } };
    case 'tuple':
      return { tupleType: { elements: type.items.map(encodeType) } };
    case 'null':
      break;
  }
  return { nullType: 0 };
}

export function decodeType(type: proto.Ydb.IType | null | undefined, place: string): YdbType {
  if (type?.optionalType) return { kind: 'optional', item: decodeType(type.optionalType.item, place) };
  if (type?.listType) return { kind: 'list', item: decodeType(type.listType.item, place) };
  if (type?.tupleType) return { kind: 'tuple', items: (type.tupleType.elements ?? []).map((item) => decodeType(item, place)) };
  if (type?.structType) {
    const members = (type.structType.members ?? []).map((member) => ({ name: member.name ?? '', type: decodeType(member.type, place) }));
    return { kind: 'struct', members };
  }
  const name = byId.get(type?.typeId ?? 0);
  if (name === undefined) throw badRequest(`${place}: a type that this server does not know`);
  return primitive(name);
}
