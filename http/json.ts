// JSON bodies. JSON.parse decides; where it refuses, the scanner below finds the place, which V8 tells only sometimes and only
// together with a piece of the body.
import { hasRepeatedKey } from './repeated-key.ts';

export type JsonResult = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly mistake: string };

// Keeps nothing from one call to the next.
const utf8 = new TextDecoder('utf-8', { fatal: true });

export function parseJson(bytes: Uint8Array): JsonResult {
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    return { ok: false, mistake: 'The body is not UTF-8.' };
  }
  try {
    const value: unknown = JSON.parse(text);
    return hasRepeatedKey(text) ? { ok: false, mistake: 'The body names a field twice.' } : { ok: true, value };
  } catch {
    return { ok: false, mistake: `The body is not JSON: ${describePlace(text, mistakePosition(text))}.` };
  }
}

function describePlace(text: string, position: number): string {
  if (position >= text.length) return `it ends too early, at position ${text.length}`;
  const before = text.slice(0, position).split('\n');
  return `unexpected character at position ${position} (line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1})`;
}

const space = /[ \t\n\r]*/y;
const openString = String.raw`"(?:[ !#-\[\]-\uffff]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*`;
const partialString = new RegExp(openString, 'y');
const key = new RegExp(`${openString}"`, 'y');
const scalar = new RegExp(String.raw`${openString}"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null`, 'y');

type Expected = 'value' | 'value_or_end' | 'key' | 'key_or_end' | 'colon' | 'comma_or_end';
interface Scan {
  position: number;
  expected: Expected;
  /** Closing brackets still owed, innermost last. */
  readonly owed: string[];
}

/** Index of the first character that no JSON text could have there; the length when the text only stops too early. */
export function mistakePosition(text: string): number {
  const scan: Scan = { position: 0, expected: 'value', owed: [] };
  for (;;) {
    scan.position = skip(space, text, scan.position);
    if (scan.position >= text.length || !advance(scan, text)) return scan.position;
  }
}

/** Takes one token; false when the next one cannot stand here. */
function advance(scan: Scan, text: string): boolean {
  const character = text.charAt(scan.position);
  if (character === scan.owed.at(-1) && closable(scan)) return close(scan);
  if (scan.expected === 'colon') return character === ':' && step(scan, 1, 'value');
  if (scan.expected === 'comma_or_end') return character === ',' && takeComma(scan);
  if (scan.expected === 'key' || scan.expected === 'key_or_end') return takeScalar(scan, text, key);
  if (character === '{') return open(scan, '}', 'key_or_end');
  if (character === '[') return open(scan, ']', 'value_or_end');
  return takeScalar(scan, text, scalar);
}

function closable(scan: Scan): boolean {
  return scan.expected === 'comma_or_end' || scan.expected === 'key_or_end' || scan.expected === 'value_or_end';
}

function close(scan: Scan): boolean {
  scan.owed.pop();
  return step(scan, 1, 'comma_or_end');
}

function open(scan: Scan, closing: string, next: Expected): boolean {
  scan.owed.push(closing);
  return step(scan, 1, next);
}

function takeComma(scan: Scan): boolean {
  const container = scan.owed.at(-1);
  return container !== undefined && step(scan, 1, container === '}' ? 'key' : 'value');
}

function takeScalar(scan: Scan, text: string, token: RegExp): boolean {
  const end = skip(token, text, scan.position);
  if (end === scan.position) return takePartial(scan, text);
  return step(scan, end - scan.position, token === key ? 'colon' : 'comma_or_end');
}

/** A string that never ends is text stopping too early; one with a bad character is wrong at that character. */
function takePartial(scan: Scan, text: string): boolean {
  if (text.charAt(scan.position) === '"') {
    scan.position = skip(partialString, text, scan.position);
  }
  return false;
}

function step(scan: Scan, length: number, next: Expected): boolean {
  scan.position += length;
  scan.expected = next;
  return true;
}

function skip(token: RegExp, text: string, from: number): number {
  token.lastIndex = from;
  return token.test(text) ? token.lastIndex : from;
}
