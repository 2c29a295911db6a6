// YQL text to tokens, each with its place.
import { compileError, type Position } from './errors.ts';

export interface Token {
  readonly kind: 'name' | 'quoted' | 'variable' | 'string' | 'number' | 'symbol' | 'end';
  /** The name without quotes, the symbol, the digits, or the characters of a string. */
  readonly text: string;
  /** Of a literal: `u`, `ul`, `j`, ... in lower case. */
  readonly suffix: string;
  readonly at: Position;
}

interface Rule {
  readonly kind: Token['kind'] | 'skip';
  readonly pattern: RegExp;
  readonly read?: (match: RegExpExecArray) => { text: string; suffix?: string };
}

function digits([, text = '', suffix = '']: RegExpExecArray): { text: string; suffix: string } {
  return { text, suffix };
}

/** `f` marks a floating literal, `ff` one with the suffix of Float. */
function fraction([, text = '', suffix = '']: RegExpExecArray): { text: string; suffix: string } {
  return { text, suffix: `f${suffix}` };
}

const rules: readonly Rule[] = [
  { kind: 'skip', pattern: /\s+|--[^\n]*|\/\*[^]*?\*\//y },
  { kind: 'variable', pattern: /\$([A-Za-z_]\w*)/y, read: (match) => ({ text: match[1] ?? '' }) },
  { kind: 'string', pattern: /@@((?:[^@]|@(?!@))*)@@([A-Za-z]*)/y, read: (match) => ({ text: match[1] ?? '', suffix: match[2] ?? '' }) },
  { kind: 'string', pattern: /"((?:[^"\\]|\\[^])*)"([A-Za-z]*)/y, read: unescaped },
  { kind: 'string', pattern: /'((?:[^'\\]|\\[^])*)'([A-Za-z]*)/y, read: unescaped },
  { kind: 'quoted', pattern: /`((?:[^`\\]|\\[^])+)`/y, read: (match) => ({ text: match[1] ?? '' }) },
  { kind: 'number', pattern: /(0x[0-9a-f]+|0o[0-7]+|0b[01]+)([a-z]*)/iy, read: digits },
  { kind: 'number', pattern: /(\d+\.\d*(?:e[+-]?\d+)?|\d+e[+-]?\d+)(f?)\b/iy, read: fraction },
  { kind: 'number', pattern: /(\d+)([a-z]*)/iy, read: digits },
  { kind: 'name', pattern: /[A-Za-z_]\w*/y },
  { kind: 'symbol', pattern: /<=|>=|<>|!=|==|\|\||\?\?|::|->|=>|[-+*/%<>=(),.;?[\]{}:|&^~!]/y },
];

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', 0: '\0', b: '\b', f: '\f', a: '\u0007', v: '\v' };

function unescaped(match: RegExpExecArray): { text: string; suffix: string } {
  const escape = /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|([^]))/g;
  const text = (match[1] ?? '').replaceAll(escape, (_, hex?: string, unit?: string, one?: string) =>
    one === undefined ? String.fromCharCode(Number.parseInt(hex ?? unit ?? '0', 16)) : (escapes[one] ?? one));
  return { text, suffix: match[2] ?? '' };
}

export function tokenize(text: string): readonly Token[] {
  const tokens: Token[] = [];
  const place = positions(text);
  for (let offset = 0; offset < text.length; ) {
    const at = place(offset);
    const [rule, match] = firstMatch(text, offset, at);
    offset += match[0].length;
    if (rule.kind === 'skip') continue;
    const { text: content, suffix = '' } = rule.read?.(match) ?? { text: match[0] };
    tokens.push({ kind: rule.kind, text: content, suffix: suffix.toLowerCase(), at });
  }
  return [...tokens, { kind: 'end', text: '', suffix: '', at: place(text.length) }];
}

function firstMatch(text: string, offset: number, at: Position): [Rule, RegExpExecArray] {
  for (const rule of rules) {
    rule.pattern.lastIndex = offset;
    const match = rule.pattern.exec(text);
    if (match !== null) return [rule, match];
  }
  throw compileError(`cannot match the character '${text[offset] ?? ''}'`, at, 0);
}

// Offsets only grow, so one pass over the line ends is enough.
function positions(text: string): (offset: number) => Position {
  let line = 1;
  let lineStart = 0;
  return (offset) => {
    for (let next = text.indexOf('\n', lineStart); next !== -1 && next < offset; next = text.indexOf('\n', lineStart)) {
      line += 1;
      lineStart = next + 1;
    }
    return { line, column: offset - lineStart + 1 };
  };
}
