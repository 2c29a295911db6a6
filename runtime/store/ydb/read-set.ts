// What one transaction or one snapshot has read. Reads that are asked for before the event loop turns go to the database together, and
// a key once read is not read again: within a serializable transaction its answer cannot change.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Answer } from './client.ts';
import { keyedReads, keyOfRow, keyText, type ReadKind } from './keyed-reads.ts';
import { bind, type BoundPart } from './query.ts';
import type { Fields, Row } from './values.ts';

export type Ask = (parts: readonly BoundPart[]) => Promise<Answer>;

interface Wanted {
  readonly keys: Map<ReadKind, Map<string, Fields>>;
  readonly answered: Promise<void>;
}

export class ReadSet {
  readonly #ask: Ask;
  readonly #known = new Map<ReadKind, Map<string, readonly Row[]>>();
  readonly #expected: { readonly kind: ReadKind; readonly keys: readonly Fields[] }[] = [];
  #wanted: Wanted | null = null;
  #last: Promise<unknown> = Promise.resolve();
  #nowMicros: bigint | null = null;

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  /** Rows of each key, in the order of the keys. */
  async load(kind: ReadKind, keys: readonly Fields[]): Promise<Row[]> {
    const answers = await this.loadEach(kind, keys);
    return answers.flat();
  }

  async loadEach(kind: ReadKind, keys: readonly Fields[]): Promise<(readonly Row[])[]> {
    if (keys.some((key) => !this.knows(kind, key))) await this.#want(kind, keys);
    const known = this.#known.get(kind);
    return keys.map((key) => known?.get(keyText(key)) ?? []);
  }

  knows(kind: ReadKind, key: Fields): boolean {
    return this.#known.get(kind)?.has(keyText(key)) ?? false;
  }

  /** Joins these keys to whatever is read next; alone they cause no round trip. */
  expect(kind: ReadKind, keys: readonly Fields[]): void {
    this.#expected.push({ kind, keys });
  }

  /** A query of its own, in its turn. */
  async query(parts: readonly BoundPart[]): Promise<Answer> {
    const answered = this.#last.then(() => this.#ask(parts));
    this.#last = answered.catch(() => {});
    return answered;
  }

  /** Of the first answer: all of a transaction happens at one moment. Microseconds. */
  async nowMicros(): Promise<bigint> {
    if (this.#nowMicros === null) await this.#next().answered;
    if (this.#nowMicros === null) throw new TypeError('an answer had no clock');
    return this.#nowMicros;
  }

  /** The moment of the first answer when there was one. */
  get seenMicros(): bigint | null {
    return this.#nowMicros;
  }

  async #want(kind: ReadKind, keys: readonly Fields[]): Promise<void> {
    const wanted = this.#next();
    this.#add(wanted, kind, keys);
    await wanted.answered;
  }

  #add({ keys: kinds }: Wanted, kind: ReadKind, keys: readonly Fields[]): void {
    const wanted = kinds.get(kind) ?? new Map<string, Fields>();
    for (const key of keys) if (!this.knows(kind, key)) wanted.set(keyText(key), key);
    if (wanted.size > 0) kinds.set(kind, wanted);
  }

  #next(): Wanted {
    this.#wanted ??= { keys: new Map(), answered: this.#answer() };
    return this.#wanted;
  }

  // A session carries one query at a time.
  #answer(): Promise<void> {
    const answered = Promise.all([nextTurn(), this.#last]).then(() => this.#askNow());
    this.#last = answered.catch(() => {});
    return answered;
  }

  async #askNow(): Promise<void> {
    const wanted = this.#next();
    for (const { kind, keys } of this.#expected.splice(0)) this.#add(wanted, kind, keys);
    const kinds = [...wanted.keys];
    this.#wanted = null;
    const answer = await this.#ask(kinds.map(([kind, keys]) => boundRead(kind, [...keys.values()])));
    this.#nowMicros ??= answer.nowMicros;
    for (const [index, [kind, keys]] of kinds.entries()) this.#learn(kind, keys, answer.parts[index]?.[0] ?? []);
  }

  #learn(kind: ReadKind, keys: ReadonlyMap<string, Fields>, rows: readonly Row[]): void {
    const byKey = Map.groupBy(rows, (row) => keyOfRow(kind, row));
    const known = this.#known.get(kind) ?? new Map<string, readonly Row[]>();
    for (const key of keys.keys()) known.set(key, byKey.get(key) ?? []);
    this.#known.set(kind, known);
  }
}

function boundRead(kind: ReadKind, keys: readonly Fields[]): BoundPart {
  const { part, parameter } = keyedReads[kind];
  return bind(part, { [parameter]: keys });
}
