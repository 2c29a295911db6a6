// Expressions, by precedence climbing: the order of the levels is that of YQL's grammar.
import type { Argument, BinaryOperator, Expression } from '../ast.ts';
import type { Position } from '../errors.ts';
import { nullType, primitive } from '../types.ts';
import type { Cursor } from './cursor.ts';
import { numberLiteral, stringLiteral } from './literals.ts';
import { isSelectStart } from './lookahead.ts';
import { parseType } from './types.ts';

type Level = readonly Readonly<Record<string, BinaryOperator>>[];

/** From the loosest. NOT and the conditions (=, IN, IS ...) stand between the words and the other symbols. */
const words: Level = [{ OR: 'OR' }, { XOR: 'XOR' }, { AND: 'AND' }];
const symbols: Level = [
  { '<': '<', '<=': '<=', '>': '>', '>=': '>=' },
  { '??': '??' },
  { '+': '+', '-': '-' },
  { '*': '*', '/': '/', '%': '%' },
  { '||': '||' },
];
const equalities: Readonly<Record<string, BinaryOperator>> = { '=': '=', '==': '=', '<>': '<>', '!=': '<>' };

export function parseExpression(cursor: Cursor): Expression {
  return parseWords(cursor, 0);
}

function parseWords(cursor: Cursor, level: number): Expression {
  const operators = words[level];
  if (operators === undefined) return parseNot(cursor);
  let left = parseWords(cursor, level + 1);
  for (;;) {
    const operator = cursor.token.kind === 'name' ? operators[cursor.token.text.toUpperCase()] : undefined;
    if (operator === undefined) return left;
    const { at } = cursor.next();
    left = { kind: 'binary', at, operator, left, right: parseWords(cursor, level + 1) };
  }
}

function parseNot(cursor: Cursor): Expression {
  const { at } = cursor;
  return cursor.accept('NOT') ? { kind: 'not', at, value: parseNot(cursor) } : parseCondition(cursor);
}

function parseCondition(cursor: Cursor): Expression {
  let left = parseSymbols(cursor, 0);
  for (;;) {
    const operator = cursor.token.kind === 'symbol' ? equalities[cursor.token.text] : undefined;
    if (operator !== undefined) {
      const { at } = cursor.next();
      left = { kind: 'binary', at, operator, left, right: parseSymbols(cursor, 0) };
      continue;
    }
    const wordy = parseWordCondition(cursor, left);
    if (wordy === null) return left;
    left = wordy;
  }
}

function parseWordCondition(cursor: Cursor, value: Expression): Expression | null {
  const { at } = cursor;
  if (cursor.accept('IS', 'NOT', 'NULL')) return { kind: 'not', at, value: { kind: 'is-null', at, value } };
  if (cursor.accept('IS', 'NULL') || cursor.accept('ISNULL')) return { kind: 'is-null', at, value };
  if (cursor.accept('NOTNULL')) return { kind: 'not', at, value: { kind: 'is-null', at, value } };
  if (cursor.isKeyword('NOT') && ['IN', 'BETWEEN', 'LIKE', 'ILIKE'].some((word) => cursor.isKeyword(word, 1))) {
    cursor.next();
    return { kind: 'not', at, value: parseWordCondition(cursor, value) ?? value };
  }
  if (cursor.accept('IN')) {
    cursor.accept('COMPACT');
    return { kind: 'in', at, value, list: parseSymbols(cursor, 0) };
  }
  if (cursor.accept('BETWEEN')) return parseBetween(cursor, value, at);
  const ignoreCase = cursor.isKeyword('ILIKE');
  return ignoreCase || cursor.isKeyword('LIKE') ? {
    kind: 'like',
    at: cursor.next().at,
    value,
    pattern: parseSymbols(cursor, 0),
    ignoreCase,
  } : null;
}

function parseBetween(cursor: Cursor, value: Expression, at: Position): Expression {
  const low = parseSymbols(cursor, 0);
  cursor.expect('AND');
  const high = parseSymbols(cursor, 0);
  const left: Expression = { kind: 'binary', at, operator: '>=', left: value, right: low };
  return { kind: 'binary', at, operator: 'AND', left, right: { kind: 'binary', at, operator: '<=', left: value, right: high } };
}

function parseSymbols(cursor: Cursor, level: number): Expression {
  const operators = symbols[level];
  if (operators === undefined) return parseUnary(cursor);
  let left = parseSymbols(cursor, level + 1);
  for (;;) {
    const operator = cursor.token.kind === 'symbol' ? operators[cursor.token.text] : undefined;
    if (operator === undefined) return left;
    const { at } = cursor.next();
    // `??` is right-associative.
    left = { kind: 'binary', at, operator, left, right: parseSymbols(cursor, operator === '??' ? level : level + 1) };
  }
}

function parseUnary(cursor: Cursor): Expression {
  const { at } = cursor;
  if (cursor.acceptSymbol('-')) return { kind: 'negate', at, value: parseUnary(cursor) };
  if (cursor.acceptSymbol('+')) return parseUnary(cursor);
  let value = parsePrimary(cursor);
  while (cursor.isSymbol('.')) {
    cursor.next();
    value = { kind: 'member', at, value, name: cursor.token.kind === 'number' ? cursor.next().text : cursor.name('a member') };
  }
  return value;
}

const constants: Readonly<Record<string, (at: Position) => Expression>> = {
  TRUE: (at) => ({ kind: 'literal', at, type: primitive('Bool'), value: true }),
  FALSE: (at) => ({ kind: 'literal', at, type: primitive('Bool'), value: false }),
  NULL: (at) => ({ kind: 'literal', at, type: nullType, value: null }),
};

function parsePrimary(cursor: Cursor): Expression {
  const { token } = cursor;
  if (token.kind === 'number') return numberLiteral(cursor.next());
  if (token.kind === 'string') return stringLiteral(cursor.next());
  if (token.kind === 'variable') return { kind: 'variable', at: token.at, name: cursor.variable() };
  if (cursor.isSymbol('(')) return parseParenthesized(cursor);
  if (token.kind === 'name' || token.kind === 'quoted') return parseNamed(cursor);
  throw cursor.unexpected('expecting an expression');
}

function parseParenthesized(cursor: Cursor): Expression {
  const { at } = cursor;
  cursor.expectSymbol('(');
  if (isSelectStart(cursor)) {
    const select = cursor.rules.select(cursor);
    cursor.expectSymbol(')');
    return { kind: 'subquery', at, select };
  }
  const items = [parseExpression(cursor)];
  let tuple = false;
  while (cursor.acceptSymbol(',')) {
    tuple = true;
    if (!cursor.isSymbol(')')) items.push(parseExpression(cursor));
  }
  cursor.expectSymbol(')');
  const [only] = items;
  return tuple || only === undefined ? { kind: 'tuple', at, items } : only;
}

function parseNamed(cursor: Cursor): Expression {
  const { at, text, kind } = cursor.token;
  const upper = text.toUpperCase();
  if (kind === 'name' && !cursor.isSymbol('(', 1) && !cursor.isSymbol('.', 1)) {
    const constant = constants[upper];
    if (constant !== undefined) {
      cursor.next();
      return constant(at);
    }
    if (upper === 'CASE') return parseCase(cursor);
  }
  const special = kind === 'name' && cursor.isSymbol('(', 1) ? specialCalls[upper] : undefined;
  if (special !== undefined) {
    cursor.next();
    return cursor.parenthesized(() => special(cursor, at));
  }
  return parseCallOrColumn(cursor, at);
}

const specialCalls: Readonly<Record<string, (cursor: Cursor, at: Position) => Expression>> = {
  CAST: (cursor, at) => {
    const value = parseExpression(cursor);
    cursor.expect('AS');
    return { kind: 'cast', at, value, type: parseType(cursor) };
  },
  NOTHING: (cursor, at) => ({ kind: 'nothing', at, type: parseType(cursor) }),
  EXISTS: (cursor, at) => ({ kind: 'exists', at, select: cursor.rules.select(cursor) }),
};

function parseCallOrColumn(cursor: Cursor, at: Position): Expression {
  const first = cursor.name('a name');
  const name = cursor.acceptSymbol('::') ? `${first}::${cursor.name('a function')}` : first;
  if (cursor.isSymbol('(')) return parseCall(cursor, name, at);
  if (name !== first) throw cursor.unexpected("expecting '('");
  if (!cursor.acceptSymbol('.')) return { kind: 'column', at, qualifier: null, name };
  return { kind: 'column', at, qualifier: first, name: cursor.name('a column') };
}

function parseCall(cursor: Cursor, name: string, at: Position): Expression {
  return cursor.parenthesized(() => {
    const star = cursor.acceptSymbol('*');
    const distinct = cursor.accept('DISTINCT');
    const args = star || cursor.isSymbol(')') ? [] : cursor.list(() => parseArgument(cursor));
    return { kind: 'call', at, name, args, star, distinct };
  });
}

function parseArgument(cursor: Cursor): Argument {
  const value = parseExpression(cursor);
  return { value, name: cursor.accept('AS') ? cursor.name('a member name') : null };
}

function parseCase(cursor: Cursor): Expression {
  const { at } = cursor;
  cursor.expect('CASE');
  const subject = cursor.isKeyword('WHEN') ? null : parseExpression(cursor);
  const branches: { when: Expression; result: Expression }[] = [];
  while (cursor.accept('WHEN')) {
    const value = parseExpression(cursor);
    const when: Expression = subject === null ? value : { kind: 'binary', at: value.at, operator: '=', left: subject, right: value };
    cursor.expect('THEN');
    branches.push({ when, result: parseExpression(cursor) });
  }
  const otherwise = cursor.accept('ELSE') ? parseExpression(cursor) : null;
  cursor.expect('END');
  return { kind: 'case', at, branches, otherwise };
}
