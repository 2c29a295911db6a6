// Text YSON: headers speak it even to clients whose data is JSON. Attributes are represented as JSON does: {$value, $attributes}.
import { commandError } from './errors.ts';

export function parseYson(text: string): unknown {
  const parser = new YsonParser(text);
  const value = parser.value();
  parser.end();
  return value;
}

/** The values of a list fragment, `a;b;c;`. */
export function parseYsonFragment(text: string): unknown[] {
  const parser = new YsonParser(text);
  const values: unknown[] = [];
  while (!parser.atEnd()) {
    values.push(parser.value());
    parser.skip(';');
  }
  return values;
}

/** The attributes that may stand before a path, and what follows them. */
export function splitAttributes(text: string): { attributes: Record<string, unknown>; rest: string } {
  const parser = new YsonParser(text);
  const attributes = parser.skip('<') ? parser.fields('>') : {};
  return { attributes, rest: parser.rest() };
}

export function writeYson(value: unknown): string {
  if (value === null || value === undefined) return '#';
  if (typeof value === 'boolean') return value ? '%true' : '%false';
  if (typeof value === 'number') return Number.isInteger(value) ? String(value) : ysonDouble(value);
  if (typeof value === 'string') return quoted(value);
  if (Array.isArray(value)) return `[${value.map((item) => `${writeYson(item)};`).join('')}]`;
  const fields = value as Record<string, unknown>;
  if ('$attributes' in fields) return `<${writeFields(fields['$attributes'] as Record<string, unknown>)}>${writeYson(fields['$value'])}`;
  return `{${writeFields(fields)}}`;
}

function writeFields(fields: Record<string, unknown>): string {
  return Object.entries(fields).map(([key, value]) => `${quoted(key)}=${writeYson(value)};`).join('');
}

function ysonDouble(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? '%nan' : value > 0 ? '%inf' : '%-inf';
}

function quoted(text: string): string {
  const bytes = Buffer.from(text).toString('latin1');
  // Printable ASCII stands for itself; every other byte is spelled out.
  return `"${bytes.replaceAll(/[^ !#-[\]-~]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16).padStart(2, '0')}`)}"`;
}

const literals: Readonly<Record<string, unknown>> = { true: true, false: false, nan: Number.NaN, inf: Infinity, '+inf': Infinity, '-inf': -Infinity };
const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', a: '\x07', b: '\b', f: '\f', v: '\v' };

class YsonParser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(): unknown {
    if (!this.skip('<')) return this.#plain();
    const attributes = this.fields('>');
    return { $value: this.#plain(), $attributes: attributes };
  }

  fields(close: string): Record<string, unknown> {
    const fields: Record<string, unknown> = {};
    while (!this.skip(close)) {
      const key = String(this.#plain());
      if (!this.skip('=')) throw this.#unexpected();
      fields[key] = this.value();
      this.skip(';');
    }
    return fields;
  }

  skip(char: string): boolean {
    this.#spaces();
    if (this.#text[this.#at] !== char) return false;
    this.#at += 1;
    return true;
  }

  atEnd(): boolean {
    this.#spaces();
    return this.#at === this.#text.length;
  }

  end(): void {
    if (!this.atEnd()) throw this.#unexpected();
  }

  rest(): string {
    return this.#text.slice(this.#at);
  }

  #plain(): unknown {
    if (this.skip('{')) return this.fields('}');
    if (this.skip('[')) return this.#list();
    if (this.skip('#')) return null;
    if (this.skip('%')) return this.#literal();
    if (this.skip('"')) return this.#quoted();
    return this.#bare();
  }

  #list(): unknown[] {
    const items: unknown[] = [];
    while (!this.skip(']')) {
      items.push(this.value());
      this.skip(';');
    }
    return items;
  }

  #literal(): unknown {
    const name = this.#take(/[-+a-z]+/y);
    if (!(name in literals)) throw this.#unexpected();
    return literals[name];
  }

  #bare(): unknown {
    const number = this.#take(/[-+]?\d[\d.eE+-]*u?/y);
    if (number !== '') return Number(number.replace(/u$/, ''));
    const word = this.#take(/[A-Za-z_][\w.-]*/y);
    if (word === '') throw this.#unexpected();
    return word;
  }

  #quoted(): string {
    const bytes = this.#take(/(?:[^"\\]|\\[\s\S])*/y);
    if (!this.skip('"')) throw this.#unexpected();
    const unescaped = bytes.replaceAll(/\\(?:x([0-9a-fA-F]{2})|([0-7]{1,3})|([\s\S]))/g, (_, hex, octal, char) => {
      if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex as string, 16));
      if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal as string, 8));
      return escapes[char as string] ?? (char as string);
    });
    return textOfBytes(unescaped);
  }

  #take(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const taken = pattern.exec(this.#text)?.[0] ?? '';
    this.#at += taken.length;
    return taken;
  }

  #spaces(): void {
    while (/\s/.test(this.#text[this.#at] ?? '')) this.#at += 1;
  }

  #unexpected(): Error {
    return commandError(1, `Error parsing YSON: unexpected input at position ${this.#at}`);
  }
}

/** Escaped bytes make up UTF-8 text; text that came unescaped is text already. */
function textOfBytes(text: string): string {
  return /[\u0100-\uffff]/.test(text) ? text : Buffer.from(text, 'latin1').toString('utf8');
}
