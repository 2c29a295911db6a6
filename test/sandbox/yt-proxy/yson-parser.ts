// YSON, text and binary alike, into values in the form of the JSON dialect: attributes as {$value, $attributes}, `$` in keys doubled.
import { textOfBytes } from './bytes.ts';
import { commandError } from './errors.ts';
import { double, integer } from './exact.ts';

export function parseYson(bytes: Buffer): unknown {
  const parser = new YsonParser(bytes, true);
  const value = parser.value();
  parser.end();
  return value;
}

/** The attributes that may stand before a path, and what follows them. */
export function splitAttributes(text: string): { attributes: Record<string, unknown>; rest: string } {
  const parser = new YsonParser(Buffer.from(text), true);
  const attributes = parser.skip('<') ? parser.fields('>') : {};
  return { attributes, rest: parser.rest().toString('utf8') };
}

/** The values of a list fragment, `a;b;c;`, as its pieces arrive. */
export async function* parseYsonRows(pieces: AsyncIterable<Buffer>): AsyncGenerator<unknown, void> {
  let pending: Buffer = Buffer.alloc(0);
  for await (const piece of pieces) {
    const parser = new YsonParser(Buffer.concat([pending, piece]), false);
    yield* completeRows(parser);
    pending = parser.rest();
  }
  const parser = new YsonParser(pending, true);
  yield* completeRows(parser);
  parser.end();
}

/** Leaves the parser at the first value that is not whole. Rows are maps and entities: these show where they end. */
function* completeRows(parser: YsonParser): Generator<unknown, void> {
  for (;;) {
    while (parser.skip(';'));
    const start = parser.position;
    try {
      yield parser.value();
    } catch (error) {
      if (!(error instanceof EndOfInput)) throw error;
      parser.position = start;
      return;
    }
  }
}

class EndOfInput extends Error {
  override readonly name = 'EndOfInput';
}

const literals: Readonly<Record<string, unknown>> = { true: true, false: false };
const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', a: '\x07', b: '\b', f: '\f', v: '\v' };

class YsonParser {
  position = 0;
  readonly #bytes: Buffer;
  /** The same bytes as characters, for the patterns. */
  readonly #text: string;

  /** Nothing comes after these bytes. */
  readonly #last: boolean;

  constructor(bytes: Buffer, last: boolean) {
    this.#bytes = bytes;
    this.#last = last;
    this.#text = bytes.toString('latin1');
  }

  value(): unknown {
    if (!this.skip('<')) return this.#plain();
    const attributes = this.fields('>');
    return { $value: this.#plain(), $attributes: attributes };
  }

  fields(close: string): Record<string, unknown> {
    const fields: [string, unknown][] = [];
    while (!this.skip(close)) {
      const key = String(this.#plain());
      if (!this.skip('=')) throw this.#unexpected();
      fields.push([key.startsWith('$') ? `$${key}` : key, this.value()]);
      if (!this.skip(';') && this.#peek() !== close) throw this.#unexpected();
    }
    // Assigned one by one, a field called __proto__ would be lost.
    return Object.fromEntries(fields);
  }

  skip(char: string): boolean {
    if (this.#peek() !== char) return false;
    this.position += 1;
    return true;
  }

  end(): void {
    if (this.#peek() !== '') throw this.#failure();
  }

  rest(): Buffer {
    return this.#bytes.subarray(this.position);
  }

  #plain(): unknown {
    const char = this.#peek();
    if (char === '') throw new EndOfInput('the value is not whole');
    const parse = this.#parsers[char];
    if (parse === undefined) return this.#bare();
    this.position += 1;
    return parse();
  }

  readonly #parsers: Readonly<Record<string, () => unknown>> = {
    '{': () => this.fields('}'),
    '[': () => this.#list(),
    '#': () => null,
    '%': () => this.#literal(),
    '"': () => this.#quoted(),
    '\x01': () => this.#string(),
    '\x02': () => integer(zigzag(this.#varint())),
    '\x03': () => double(this.#take(8).readDoubleLE()),
    '\x04': () => false,
    '\x05': () => true,
    '\x06': () => integer(this.#varint()),
  };

  #list(): unknown[] {
    const items: unknown[] = [];
    while (!this.skip(']')) {
      items.push(this.value());
      if (!this.skip(';') && this.#peek() !== ']') throw this.#unexpected();
    }
    return items;
  }

  #literal(): unknown {
    const name = this.#word(/[-+a-z]+/y);
    if (!Object.hasOwn(literals, name)) throw this.#failure();
    return literals[name];
  }

  #bare(): unknown {
    const number = this.#word(/[-+\d][\d.eE+-]*u?/y);
    if (/^[-+]?\d+u?$/.test(number)) return integer(BigInt(number.replace(/^\+|u$/g, '')));
    if (number !== '') return this.#double(number);
    const word = this.#word(/[A-Za-z_][\w.-]*/y);
    if (word === '') throw this.#unexpected();
    return word;
  }

  #double(text: string): unknown {
    const value = Number(text);
    if (!Number.isFinite(value)) throw this.#failure();
    return double(value);
  }

  #quoted(): string {
    const quoted = this.#match(/(?:[^"\\]|\\[\s\S])*"/y);
    if (quoted === '') throw new EndOfInput('the string is not whole');
    return textOfBytes(Buffer.from(unescaped(quoted.slice(0, -1)), 'latin1'));
  }

  #string(): string {
    return textOfBytes(this.#take(Number(zigzag(this.#varint()))));
  }

  #varint(): bigint {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.#take(1)[0] ?? 0;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
      if (shift > 63n) throw this.#failure();
    }
  }

  #take(length: number): Buffer {
    if (length < 0) throw this.#failure();
    if (this.position + length > this.#bytes.length) throw new EndOfInput('the value is not whole');
    this.position += length;
    return this.#bytes.subarray(this.position - length, this.position);
  }

  /** What shows its end only by what comes next. */
  #word(pattern: RegExp): string {
    const word = this.#match(pattern);
    if (!this.#last && this.position === this.#text.length) throw new EndOfInput('the value may go on');
    return word;
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.position;
    const matched = pattern.exec(this.#text)?.[0] ?? '';
    this.position += matched.length;
    return matched;
  }

  /** The next character that is no space; empty at the end. */
  #peek(): string {
    while (/[ \t\r\n]/.test(this.#text[this.position] ?? '')) this.position += 1;
    return this.#text[this.position] ?? '';
  }

  #unexpected(): Error {
    return this.#peek() === '' ? new EndOfInput('the value is not whole') : this.#failure();
  }

  #failure(): Error {
    return commandError(1, `Error parsing YSON: unexpected input at position ${this.position}`);
  }
}

function zigzag(value: bigint): bigint {
  return (value >> 1n) ^ -(value & 1n);
}

function unescaped(text: string): string {
  return text.replaceAll(/\\(?:x([0-9a-fA-F]{2})|([0-7]{1,3})|([\s\S]))/g, (_, hex?: string, octal?: string, char?: string) => {
    if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
    if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8) & 0xff);
    return escapes[char ?? ''] ?? char ?? '';
  });
}
