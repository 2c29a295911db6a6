// Type names of DECLARE, CAST and CREATE TABLE.
import { compileError } from '../errors.ts';
import { type Member, optionalOf, primitive, primitiveNamed, type YdbType } from '../types.ts';
import type { Cursor } from './cursor.ts';

const containers: Readonly<Record<string, (cursor: Cursor) => YdbType>> = {
  OPTIONAL: (cursor) => optionalOf(parseType(cursor)),
  LIST: (cursor) => ({ kind: 'list', item: parseType(cursor) }),
  STRUCT: (cursor) => ({ kind: 'struct', members: cursor.list(() => parseMember(cursor)) }),
  TUPLE: (cursor) => ({ kind: 'tuple', items: cursor.list(() => parseType(cursor)) }),
};

export function parseType(cursor: Cursor): YdbType {
  let type = parseBareType(cursor);
  while (cursor.acceptSymbol('?')) {
    if (type.kind === 'optional') throw cursor.unexpected('Optional of Optional is not supported by this server');
    type = optionalOf(type);
  }
  return type;
}

function parseBareType(cursor: Cursor): YdbType {
  const { at } = cursor;
  const name = cursor.name('a type');
  const container = containers[name.toUpperCase()];
  if (container !== undefined) {
    cursor.expectSymbol('<');
    const type = container(cursor);
    cursor.expectSymbol('>');
    return type;
  }
  const known = primitiveNamed(name);
  if (known === undefined) throw compileError(`Unknown type: '${name}'`, at);
  return primitive(known);
}

function parseMember(cursor: Cursor): Member {
  const name = cursor.token.kind === 'string' ? cursor.next().text : cursor.name('a member name');
  cursor.expectSymbol(':');
  return { name, type: parseType(cursor) };
}
