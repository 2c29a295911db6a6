// SELECT: cores under UNION ALL, sources, joins.
import type { Expression, Join, JoinKind, OrderKey, Projection, Select, SelectCore, Source } from '../ast.ts';
import type { Cursor } from './cursor.ts';
import { parseExpression } from './expressions.ts';

/** Words that end a projection or a source, so they are no aliases without AS. */
const reserved = new Set([
  'FROM', 'WHERE', 'GROUP', 'HAVING', 'ORDER', 'LIMIT', 'OFFSET', 'UNION', 'JOIN',
  'INNER', 'LEFT', 'RIGHT', 'FULL', 'CROSS', 'ON', 'AS', 'VIEW', 'USING',
  'RETURNING', 'SET', 'VALUES', 'SELECT', 'FLATTEN', 'WINDOW', 'INTO', 'ASSUME', 'INTERSECT', 'EXCEPT', 'FOR', 'SKIP', 'EXCLUSION', 'ANY',
]);

const joins: readonly (readonly [readonly string[], JoinKind])[] = [
  [['INNER', 'JOIN'], 'inner'],
  [['JOIN'], 'inner'],
  [['LEFT', 'ONLY', 'JOIN'], 'left-only'],
  [['LEFT', 'SEMI', 'JOIN'], 'left-semi'],
  [['LEFT', 'OUTER', 'JOIN'], 'left'],
  [['LEFT', 'JOIN'], 'left'],
];

export function parseSelect(cursor: Cursor): Select {
  const { at } = cursor;
  const cores = [parseCore(cursor)];
  let distinctUnion = false;
  while (cursor.accept('UNION')) {
    distinctUnion = !cursor.accept('ALL') || distinctUnion;
    cores.push(parseCore(cursor));
  }
  const orderBy = cursor.accept('ORDER', 'BY') ? cursor.list(() => parseOrderKey(cursor)) : [];
  const limit = cursor.accept('LIMIT') ? parseExpression(cursor) : null;
  const offset = cursor.accept('OFFSET') ? parseExpression(cursor) : null;
  return { at, cores, distinctUnion, orderBy, limit, offset };
}

function parseOrderKey(cursor: Cursor): OrderKey {
  const value = parseExpression(cursor);
  const descending = cursor.accept('DESC');
  if (!descending) cursor.accept('ASC');
  return { value, descending };
}

function parseCore(cursor: Cursor): SelectCore {
  if (cursor.isSymbol('(')) return cursor.parenthesized(() => wrapped(parseSelect(cursor)));
  const { at } = cursor;
  cursor.expect('SELECT');
  const distinct = cursor.accept('DISTINCT');
  const projections = cursor.list(() => parseProjection(cursor));
  const from = cursor.accept('FROM') ? parseSource(cursor) : null;
  return {
    at, distinct, projections, from,
    joins: from === null ? [] : parseJoins(cursor),
    where: cursor.accept('WHERE') ? parseExpression(cursor) : null,
    groupBy: cursor.accept('GROUP', 'BY') ? cursor.list(
      () => ({ value: parseExpression(cursor), alias: cursor.accept('AS') ? cursor.name('a name') : null }),
    ) : [],
    having: cursor.accept('HAVING') ? parseExpression(cursor) : null,
  };
}

function wrapped(select: Select): SelectCore {
  const { at } = select;
  return {
    at, distinct: false, projections: [{ kind: 'star', qualifier: null, at }], from: { kind: 'subquery', at, select, alias: null },
    joins: [], where: null, groupBy: [], having: null,
  };
}

function parseProjection(cursor: Cursor): Projection {
  const { at } = cursor;
  if (cursor.acceptSymbol('*')) return { kind: 'star', qualifier: null, at };
  if (cursor.isSymbol('.', 1) && cursor.isSymbol('*', 2)) {
    const qualifier = cursor.name('a table');
    cursor.expectSymbol('.');
    cursor.expectSymbol('*');
    return { kind: 'star', qualifier, at };
  }
  const value = parseExpression(cursor);
  return { kind: 'expression', value, alias: parseAlias(cursor) };
}

function parseAlias(cursor: Cursor): string | null {
  if (cursor.accept('AS')) return cursor.name('an alias');
  const { kind, text } = cursor.token;
  return kind === 'quoted' || (kind === 'name' && !reserved.has(text.toUpperCase())) ? cursor.next().text : null;
}

function parseSource(cursor: Cursor): Source {
  const { at } = cursor;
  const node = parseSourceNode(cursor);
  return { ...node, at, alias: parseAlias(cursor) };
}

type Bare<Node> = Node extends unknown ? Omit<Node, 'at' | 'alias'> : never;

function parseSourceNode(cursor: Cursor): Bare<Source> {
  if (cursor.token.kind === 'variable') return { kind: 'variable', name: cursor.variable() };
  if (cursor.isSymbol('(')) return { kind: 'subquery', select: cursor.parenthesized(() => parseSelect(cursor)) };
  if (cursor.isKeyword('AS_TABLE') && cursor.isSymbol('(', 1)) {
    cursor.next();
    return { kind: 'as-table', list: cursor.parenthesized(() => parseExpression(cursor)) };
  }
  const table = cursor.name('a table');
  if (!cursor.accept('VIEW')) return { kind: 'table', table, view: null };
  if (cursor.accept('PRIMARY')) {
    cursor.expect('KEY');
    return { kind: 'table', table, view: null };
  }
  return { kind: 'table', table, view: cursor.name('an index') };
}

function parseJoins(cursor: Cursor): Join[] {
  const found: Join[] = [];
  for (;;) {
    const { at } = cursor;
    const kind = joins.find(([words]) => cursor.accept(...words))?.[1];
    if (kind === undefined) return found;
    const source = parseSource(cursor);
    found.push({ at, kind, source, on: parseJoinCondition(cursor, source) });
  }
}

function parseJoinCondition(cursor: Cursor, source: Source): Expression {
  if (cursor.isKeyword('USING')) throw cursor.unexpected(`JOIN ${source.alias ?? ''} needs ON here: USING is not supported by this server`);
  cursor.expect('ON');
  return parseExpression(cursor);
}
