// Walks over the tokens of one text. Keywords are names in any case; an unexpected token is an error that names it and its place.
import type { Select } from '../ast.ts';
import { compileError, type Position, type YdbFailure } from '../errors.ts';
import type { Token } from '../lexer.ts';

/** What expressions need of the rules above them. */
export interface Rules {
  readonly select: (cursor: Cursor) => Select;
}

export class Cursor {
  readonly rules: Rules;
  readonly #tokens: readonly Token[];
  #index = 0;

  constructor(tokens: readonly Token[], rules: Rules) {
    this.rules = rules;
    this.#tokens = tokens;
  }

  get token(): Token {
    return this.peek(0);
  }

  get isEnd(): boolean {
    return this.token.kind === 'end';
  }

  get at(): Position {
    return this.token.at;
  }

  peek(ahead: number): Token {
    const last = this.#tokens.length - 1;
    const token = this.#tokens[Math.min(this.#index + ahead, last)];
    if (token === undefined) throw new Error('a token list ends with its end token');
    return token;
  }

  next(): Token {
    const { token } = this;
    this.#index += 1;
    return token;
  }

  isKeyword(word: string, ahead = 0): boolean {
    const token = this.peek(ahead);
    return token.kind === 'name' && token.text.toUpperCase() === word;
  }

  isSymbol(symbol: string, ahead = 0): boolean {
    const token = this.peek(ahead);
    return token.kind === 'symbol' && token.text === symbol;
  }

  /** Takes all the words if they follow one another here, else takes nothing. */
  accept(...words: readonly string[]): boolean {
    if (!words.every((word, index) => this.isKeyword(word, index))) return false;
    this.#index += words.length;
    return true;
  }

  acceptSymbol(symbol: string): boolean {
    if (!this.isSymbol(symbol)) return false;
    this.#index += 1;
    return true;
  }

  expect(...words: readonly string[]): void {
    for (const word of words) {
      if (!this.accept(word)) throw this.unexpected(`expecting ${word}`);
    }
  }

  expectSymbol(symbol: string): void {
    if (!this.acceptSymbol(symbol)) throw this.unexpected(`expecting '${symbol}'`);
  }

  /** A name as written, or in backticks. */
  name(what: string): string {
    const { kind } = this.token;
    if (kind !== 'name' && kind !== 'quoted') throw this.unexpected(`expecting ${what}`);
    return this.next().text;
  }

  variable(): string {
    if (this.token.kind !== 'variable') throw this.unexpected('expecting a $name');
    return this.next().text;
  }

  unexpected(why: string): YdbFailure {
    const { kind, text, at } = this.token;
    const found = kind === 'end' ? '<EOF>' : `'${kind === 'variable' ? '$' : ''}${text}'`;
    return compileError(`mismatched input ${found}: ${why}`, at, 0);
  }

  /** One or more, with commas between. */
  list<Item>(item: () => Item): Item[] {
    const items = [item()];
    while (this.acceptSymbol(',')) items.push(item());
    return items;
  }

  parenthesized<Item>(item: () => Item): Item {
    this.expectSymbol('(');
    const result = item();
    this.expectSymbol(')');
    return result;
  }

  names(what: string): string[] {
    return this.parenthesized(() => this.list(() => this.name(what)));
  }
}
