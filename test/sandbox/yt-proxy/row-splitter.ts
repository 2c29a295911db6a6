// Cuts a stream of JSON values into rows: nothing need stand between two of them, neither newline nor space.
import { StringDecoder } from 'node:string_decoder';
import { commandError } from './errors.ts';

/** The texts of the top-level objects of a stream of pieces. */
export async function* splitJsonObjects(pieces: AsyncIterable<Buffer>): AsyncGenerator<string, void> {
  const decoder = new StringDecoder('utf8');
  const scanner = new ObjectScanner();
  for await (const piece of pieces) yield* scanner.push(decoder.write(piece));
  yield* scanner.push(decoder.end());
  scanner.end();
}

class ObjectScanner {
  #text = '';
  #at = 0;
  #depth = 0;
  #inString = false;

  push(piece: string): string[] {
    this.#text += piece;
    const found: string[] = [];
    let start = 0;
    for (; this.#at < this.#text.length; this.#at += 1) {
      if (!this.#closes(this.#text.charCodeAt(this.#at))) continue;
      found.push(this.#text.slice(start, this.#at + 1));
      start = this.#at + 1;
    }
    this.#text = this.#text.slice(start);
    // Never negative: the scan always stands at the end of the text, except just after a backslash.
    this.#at -= start;
    return found;
  }

  end(): void {
    if (this.#text.trim() !== '') throw commandError(1, 'Error parsing JSON: premature end of stream');
  }

  /** Takes one character in; true when it ends a top-level object. */
  #closes(char: number): boolean {
    if (this.#inString) {
      if (char === 0x5c) this.#at += 1;
      else if (char === 0x22) this.#inString = false;
      return false;
    }
    if (char === 0x22) this.#inString = true;
    else if (char === 0x7b || char === 0x5b) this.#depth += 1;
    else if (char === 0x7d || char === 0x5d) {
      this.#depth -= 1;
      return this.#depth === 0;
    }
    return false;
  }
}
