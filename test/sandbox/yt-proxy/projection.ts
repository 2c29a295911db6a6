// Columns cut out of rows without parsing these: lines stay as they are stored, save for the members that nobody asked for.

const [quote, comma, colon, backslash, newline] = [0x22, 0x2c, 0x3a, 0x5c, 0x0a] as const;
const [openBracket, closeBracket, openBrace, closeBrace] = [0x5b, 0x5d, 0x7b, 0x7d] as const;

/** `lines` are objects as `JSON.stringify` writes them, each with its newline. Where every column is wanted nothing is copied. */
export function projectLines(lines: Buffer, columns: readonly string[]): Buffer {
  const wanted = columns.map((name) => Buffer.from(JSON.stringify(name)));
  const cut = new Cut(lines);
  for (let at = 0; at < lines.length; ) at = projectLine(lines, at, wanted, cut);
  return cut.rest();
}

/** Answers where the next line begins. */
function projectLine(lines: Buffer, start: number, wanted: readonly Buffer[], cut: Cut): number {
  let at = start + 1;
  let keptAny = false;
  while (lines[at] !== closeBrace) {
    const keyStart = lines[at] === comma ? at + 1 : at;
    const keyEnd = endOfString(lines, keyStart);
    const end = endOfValue(lines, keyEnd);
    const kept = wanted.some((name) => isAt(lines, keyStart, keyEnd, name));
    // A comma goes with the member after it; but the first member that stays must not keep the comma before it.
    if (!kept) cut.drop(at, end);
    else if (!keptAny && keyStart > at) cut.drop(at, keyStart);
    keptAny ||= kept;
    at = end;
  }
  return at + 2;
}

/** Everything but what is dropped, in as few copies as there are gaps. */
class Cut {
  readonly #lines: Buffer;
  #out: Buffer | null = null;
  #length = 0;
  #from = 0;

  constructor(lines: Buffer) {
    this.#lines = lines;
  }

  drop(start: number, end: number): void {
    if (start > this.#from) this.#copy(start);
    this.#from = end;
  }

  rest(): Buffer {
    if (this.#from === 0) return this.#lines;
    this.#copy(this.#lines.length);
    return (this.#out ?? this.#lines).subarray(0, this.#length);
  }

  #copy(end: number): void {
    this.#out ??= Buffer.allocUnsafe(this.#lines.length);
    this.#length += this.#lines.copy(this.#out, this.#length, this.#from, end);
  }
}

function isAt(lines: Buffer, start: number, end: number, name: Buffer): boolean {
  if (end - start !== name.length) return false;
  for (let offset = 0; offset < name.length; offset += 1) if (lines[start + offset] !== name[offset]) return false;
  return true;
}

/** After the closing quote. */
function endOfString(lines: Buffer, start: number): number {
  let at = start + 1;
  while (lines[at] !== quote) at += lines[at] === backslash ? 2 : 1;
  return at + 1;
}

/** From the colon: where the comma, or the end of the row, stands. */
function endOfValue(lines: Buffer, start: number): number {
  if (lines[start] !== colon) throw new TypeError('a stored row is not JSON as it was written');
  let depth = 0;
  for (let at = start + 1; ; at += 1) {
    const byte = lines[at];
    if (byte === quote) at = endOfString(lines, at) - 1;
    else if (byte === openBracket || byte === openBrace) depth += 1;
    else if (depth === 0 && (byte === comma || byte === closeBrace)) return at;
    else if (byte === closeBracket || byte === closeBrace) depth -= 1;
    else if (byte === newline || byte === undefined) throw new TypeError('a stored row ends in the middle of a value');
  }
}
