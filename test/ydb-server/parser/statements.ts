// One text to its statements.
import type { Expression, Statement } from '../ast.ts';
import { tokenize } from '../lexer.ts';
import { Cursor } from './cursor.ts';
import { parseAlter, parseCreate, parseDrop } from './ddl.ts';
import { parseExpression } from './expressions.ts';
import { isSelectStart } from './lookahead.ts';
import { parseSelect } from './selects.ts';
import { parseType } from './types.ts';
import { parseDelete, parseUpdate, parseWrite } from './writes.ts';

type Parser = (cursor: Cursor) => Statement;

const parsers: Readonly<Record<string, Parser>> = {
  DECLARE: parseDeclare,
  SELECT: (cursor) => ({ kind: 'select', at: cursor.at, select: parseSelect(cursor), discard: false }),
  DISCARD: (cursor) => {
    const { at } = cursor.next();
    return { kind: 'select', at, select: parseSelect(cursor), discard: true };
  },
  UPSERT: (cursor) => parseWrite(cursor, 'UPSERT'),
  INSERT: (cursor) => parseWrite(cursor, 'INSERT'),
  REPLACE: (cursor) => parseWrite(cursor, 'REPLACE'),
  UPDATE: parseUpdate,
  DELETE: parseDelete,
  CREATE: parseCreate,
  ALTER: parseAlter,
  DROP: parseDrop,
};

/** Pragmas that change nothing here. */
const harmlessPragmas =
  /^(TablePathPrefix|AnsiInForEmptyOrNullableItemsCollections|SimpleColumns|ydb\.\w+|kikimr\.\w+|CompactNamedExprs|Warning)$/i;

export function parseStatements(text: string): readonly Statement[] {
  const cursor = new Cursor(tokenize(text), { select: parseSelect });
  const statements: Statement[] = [];
  for (;;) {
    while (cursor.acceptSymbol(';'));
    if (cursor.isEnd) return statements;
    if (cursor.isKeyword('PRAGMA')) skipPragma(cursor);
    else statements.push(parseStatement(cursor));
    if (!cursor.isEnd && !cursor.isSymbol(';')) throw cursor.unexpected("expecting ';'");
  }
}

function parseStatement(cursor: Cursor): Statement {
  if (cursor.token.kind === 'variable') return parseDefinition(cursor);
  const parser = cursor.token.kind === 'name' ? parsers[cursor.token.text.toUpperCase()] : undefined;
  if (parser !== undefined) return parser(cursor);
  if (isSelectStart(cursor)) return { kind: 'select', at: cursor.at, select: parseSelect(cursor), discard: false };
  throw cursor.unexpected('expecting a statement');
}

function parseDeclare(cursor: Cursor): Statement {
  const { at } = cursor.next();
  const name = cursor.variable();
  cursor.expect('AS');
  return { kind: 'declare', at, name, type: parseType(cursor) };
}

function parseDefinition(cursor: Cursor): Statement {
  const { at } = cursor;
  const name = cursor.variable();
  cursor.expectSymbol('=');
  const value: Expression = cursor.isKeyword('SELECT') ? { kind: 'subquery', at, select: parseSelect(cursor) } : parseExpression(cursor);
  return { kind: 'define', at, name, value };
}

function skipPragma(cursor: Cursor): void {
  cursor.next();
  const first = cursor.name('a pragma');
  const name = cursor.acceptSymbol('.') ? `${first}.${cursor.name('a pragma')}` : first;
  if (!harmlessPragmas.test(name)) throw cursor.unexpected(`unknown pragma ${name}`);
  while (!cursor.isEnd && !cursor.isSymbol(';')) cursor.next();
}
