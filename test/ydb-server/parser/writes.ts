// UPSERT, INSERT, REPLACE, UPDATE and DELETE.
import type { Returning, Select, Statement, ValuesRows, WriteKind } from '../ast.ts';
import type { Cursor } from './cursor.ts';
import { parseExpression } from './expressions.ts';
import { isSelectStart } from './lookahead.ts';
import { parseSelect } from './selects.ts';

export function parseWrite(cursor: Cursor, write: WriteKind): Statement {
  const { at } = cursor;
  cursor.expect(write, 'INTO');
  const table = cursor.name('a table');
  const { columns, rows } = parseTarget(cursor);
  return { kind: 'write', at, write, table, columns, rows, returning: parseReturning(cursor) };
}

// `(a, b)` is a column list unless a SELECT stands in the parentheses.
function parseTarget(cursor: Cursor): { columns: readonly string[] | null; rows: Select | ValuesRows } {
  const columns = cursor.isSymbol('(') && !isSelectStart(cursor) ? cursor.names('a column') : null;
  return { columns, rows: parseRows(cursor) };
}

function parseRows(cursor: Cursor): Select | ValuesRows {
  if (!cursor.accept('VALUES')) return parseSelect(cursor);
  return { kind: 'values', rows: cursor.list(() => cursor.parenthesized(() => cursor.list(() => parseExpression(cursor)))) };
}

function parseReturning(cursor: Cursor): Returning {
  if (!cursor.accept('RETURNING')) return null;
  return cursor.acceptSymbol('*') ? '*' : cursor.list(() => cursor.name('a column'));
}

export function parseUpdate(cursor: Cursor): Statement {
  const { at } = cursor;
  cursor.expect('UPDATE');
  const table = cursor.name('a table');
  if (cursor.accept('ON')) return { kind: 'update-on', at, table, ...parseTarget(cursor), returning: parseReturning(cursor) };
  cursor.expect('SET');
  const assignments = cursor.list(() => {
    const column = cursor.name('a column');
    cursor.expectSymbol('=');
    return { column, value: parseExpression(cursor) };
  });
  const where = cursor.accept('WHERE') ? parseExpression(cursor) : null;
  return { kind: 'update', at, table, assignments, where, returning: parseReturning(cursor) };
}

export function parseDelete(cursor: Cursor): Statement {
  const { at } = cursor;
  cursor.expect('DELETE', 'FROM');
  const table = cursor.name('a table');
  if (cursor.accept('ON')) return { kind: 'delete-on', at, table, ...parseTarget(cursor), returning: parseReturning(cursor) };
  const where = cursor.accept('WHERE') ? parseExpression(cursor) : null;
  return { kind: 'delete', at, table, where, returning: parseReturning(cursor) };
}
