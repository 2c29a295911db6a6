// Entries in key order, in blocks: an insertion moves one block only, a seek is two binary searches.
import { compareRows, type Row } from '../values.ts';

export interface Keyed {
  readonly key: Row;
}

/** A bound compares as many parts of a key as it has, so a prefix is a bound too. */
export interface Bound {
  readonly parts: Row;
  readonly inclusive: boolean;
}

export interface KeyRange {
  readonly low: Bound | null;
  readonly high: Bound | null;
}

export const wholeRange: KeyRange = { low: null, high: null };

const maxBlock = 512;

export function pointRange(key: Row): KeyRange {
  return { low: { parts: key, inclusive: true }, high: { parts: key, inclusive: true } };
}

export function isPoint({ low, high }: KeyRange, keyLength: number): boolean {
  return low !== null && high !== null && low.parts.length === keyLength && (
    low.parts === high.parts || compareRows(low.parts, high.parts) === 0
  );
}

export function contains(range: KeyRange, key: Row): boolean {
  return !below(range.low, key) && !above(range.high, key);
}

function below(low: Bound | null, key: Row): boolean {
  if (low === null) return false;
  const order = compareRows(key, low.parts);
  return order < 0 || (order === 0 && !low.inclusive);
}

function above(high: Bound | null, key: Row): boolean {
  if (high === null) return false;
  const order = compareRows(key, high.parts);
  return order > 0 || (order === 0 && !high.inclusive);
}

export class SortedEntries<Entry extends Keyed> {
  readonly #blocks: Entry[][] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  find(key: Row): Entry | undefined {
    const [block, index] = this.#place(key);
    const entry = this.#blocks[block]?.[index];
    return entry !== undefined && compareRows(entry.key, key) === 0 ? entry : undefined;
  }

  /** The key must not be present yet. */
  insert(entry: Entry): void {
    this.#size += 1;
    const [place, index] = this.#place(entry.key);
    const target = this.#blocks[place] ?? this.#blocks.at(-1);
    if (target === undefined) {
      this.#blocks.push([entry]);
      return;
    }
    const block = Math.min(place, this.#blocks.length - 1);
    target.splice(place === block ? index : target.length, 0, entry);
    if (target.length > maxBlock) this.#blocks.splice(block + 1, 0, target.splice(maxBlock / 2));
  }

  remove(key: Row): void {
    const [block, index] = this.#place(key);
    const entries = this.#blocks[block];
    const entry = entries?.[index];
    if (entries === undefined || entry === undefined || compareRows(entry.key, key) !== 0) return;
    entries.splice(index, 1);
    this.#size -= 1;
    if (entries.length === 0) this.#blocks.splice(block, 1);
  }

  *scan(range: KeyRange, reverse = false): Generator<Entry> {
    yield* reverse ? this.#backward(range) : this.#forward(range);
  }

  *#forward({ low, high }: KeyRange): Generator<Entry> {
    const start: readonly [number, number] = low === null ? [0, 0] : this.#seek((key) => below(low, key));
    for (let block = start[0], index = start[1]; block < this.#blocks.length; block += 1, index = 0) {
      const entries = this.#blocks[block] ?? [];
      for (; index < entries.length; index += 1) {
        const entry = entries[index];
        if (entry === undefined || above(high, entry.key)) return;
        yield entry;
      }
    }
  }

  *#backward({ low, high }: KeyRange): Generator<Entry> {
    const end: readonly [number, number] = high === null ? [this.#blocks.length, 0] : this.#seek((key) => !above(high, key));
    for (let block = end[0], index = end[1] - 1; block >= 0; block -= 1, index = (this.#blocks[block]?.length ?? 0) - 1) {
      const entries = this.#blocks[block] ?? [];
      for (; index >= 0; index -= 1) {
        const entry = entries[index];
        if (entry === undefined || below(low, entry.key)) return;
        yield entry;
      }
    }
  }

  #place(key: Row): readonly [number, number] {
    return this.#seek((other) => compareRows(other, key) < 0);
  }

  /** The first place whose key is not before; `before` is true for a prefix of the order. */
  #seek(before: (key: Row) => boolean): readonly [number, number] {
    const block = partition(this.#blocks, (entries) => before(entries.at(-1)?.key ?? []));
    return [block, partition(this.#blocks[block] ?? [], (entry) => before(entry.key))];
  }
}

function partition<Item>(items: readonly Item[], before: (item: Item) => boolean): number {
  let [low, high] = [0, items.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const item = items[middle];
    if (item !== undefined && before(item)) low = middle + 1;
    else high = middle;
  }
  return low;
}
