// A query as tokens, and the little reader that parsers of it share.
import { commandError } from './errors.ts';

type TokenKind = 'number' | 'string' | 'name' | 'path' | 'sign';

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
}

const pattern = /\s*(?:(\d+(?:\.\d+)?(?:[eE][-+]?\d+)?u?)|("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|([\p{L}_$][\p{L}\p{N}_.]*)|\[([^\]]*)\]|(!=|<=|>=|%true|%false|[-+*/%=<>(),#]))/uy;
const kinds: readonly TokenKind[] = ['number', 'string', 'name', 'path', 'sign'];

export class QueryReader {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(text: string) {
    this.#tokens = tokensOf(text);
  }

  get next(): Token | null {
    return this.#tokens[this.#at] ?? null;
  }

  /** Takes the next token, when it is this word or sign in any case. */
  skip(word: string): boolean {
    const { next } = this;
    const met = next !== null && next.kind !== 'string' && next.kind !== 'path' && next.text.toLowerCase() === word;
    if (met) this.#at += 1;
    return met;
  }

  expect(word: string): void {
    if (!this.skip(word)) throw this.unexpected();
  }

  take(kind: TokenKind): string | null {
    const { next } = this;
    if (next?.kind !== kind) return null;
    this.#at += 1;
    return next.text;
  }

  /** `item, item, item`. */
  list<Item>(item: () => Item): Item[] {
    const items = [item()];
    while (this.skip(',')) items.push(item());
    return items;
  }

  unexpected(): Error {
    return commandError(1, `Error while parsing query: unexpected ${this.next === null ? 'end' : `token "${this.next.text}"`}`);
  }
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  const end = text.trimEnd().length;
  pattern.lastIndex = 0;
  while (pattern.lastIndex < end) {
    const match = pattern.exec(text);
    if (match === null) throw commandError(1, 'Error while parsing query: unknown symbol');
    const found = match.slice(1).findIndex((group) => group !== undefined);
    tokens.push({ kind: kinds[found] ?? 'sign', text: match[found + 1] ?? '' });
  }
  return tokens;
}
