// One transaction: a snapshot, the points and ranges it has read, the writes it has not yet made.
import { failure, IssueCode, locksInvalidated, Status } from '../errors.ts';
import { type Row, keyText } from '../values.ts';
import { contains, isPoint, type KeyRange, wholeRange } from './sorted.ts';
import type { Store } from './store.ts';
import { type Index, keyFromIndex, pick, type Table } from './table.ts';
import type { VersionedMap } from './versions.ts';
import { applyWrite, compareKeyed, type PendingWrite, type Write, writeOver } from './writes.ts';

export type Isolation = 'serializable' | 'snapshot-ro' | 'stale-ro' | 'online-ro';

/** More locks than this on one map become one lock of the whole, as on a DataShard. */
const maxLocks = 10_000;

interface Locks {
  readonly path: string;
  readonly keyLength: number;
  ranges: KeyRange[];
}

export class Transaction {
  readonly isolation: Isolation;
  readonly #store: Store;
  readonly #locks = new Map<VersionedMap, Locks>();
  readonly #writes = new Map<Table, Map<string, PendingWrite>>();
  #snapshot: number | null = null;

  constructor(store: Store, isolation: Isolation) {
    this.#store = store;
    this.isolation = isolation;
  }

  get wrote(): boolean {
    return this.#writes.size > 0;
  }

  /** Taken by the first statement, held until the end. */
  get snapshot(): number {
    if (this.#snapshot === null) {
      this.#snapshot = this.#store.lastCommit;
      this.#store.hold(this.#snapshot);
    }
    return this.#snapshot;
  }

  get(table: Table, key: Row, options: { readonly lock: boolean } = { lock: true }): Row | null {
    if (options.lock) this.#lock(table.rows, table, { low: { parts: key, inclusive: true }, high: { parts: key, inclusive: true } });
    const stored = table.rows.get(key, this.snapshot);
    const pending = this.#writes.get(table)?.get(keyText(key));
    return pending === undefined ? stored : applyWrite(table, pending, stored);
  }

  *scan(table: Table, range: KeyRange, reverse: boolean): Generator<Row> {
    if (isPoint(range, table.key.length) && range.low !== null) {
      const row = this.get(table, range.low.parts);
      if (row !== null) yield row;
      return;
    }
    this.#lock(table.rows, table, range);
    const own = this.#ownRows(table, (key) => contains(range, key), table.key);
    const pending = this.#writes.get(table);
    const stored = table.rows.scan(range, this.snapshot, reverse);
    yield* merged(stored, { own, reverse, hidden: (key) => pending?.has(keyText(key)) === true });
  }

  /** Rows by an index. Those whose asked-for columns the index does not hold are looked up and locked. */
  *scanIndex(table: Table, index: Index, range: KeyRange, options: { reverse: boolean; covered: boolean }): Generator<Row> {
    const snapshot = this.#indexSnapshot(index);
    this.#lock(index.entries, table, range, index.key.length);
    const own = this.#ownRows(table, (key) => contains(range, key), index.key);
    const pending = this.#writes.get(table);
    const entries = this.#fromIndex(
      index.entries.scan(range, snapshot, options.reverse),
      table,
      { index, snapshot, covered: options.covered },
    );
    yield* merged(
      entries,
      { own, reverse: options.reverse, hidden: (key) => pending?.has(keyText(keyFromIndex(table, index, key))) === true },
    );
  }

  *#fromIndex(
    entries: Iterable<{ key: Row }>,
    table: Table,
    { index, snapshot, covered }: { index: Index; snapshot: number; covered: boolean },
  ): Generator<{ key: Row; row: Row }> {
    for (const { key } of entries) {
      const primary = keyFromIndex(table, index, key);
      if (!covered) this.#lock(table.rows, table, { low: { parts: primary, inclusive: true }, high: { parts: primary, inclusive: true } });
      const row = table.rows.get(primary, snapshot);
      if (row !== null) yield { key, row };
    }
  }

  write(table: Table, key: Row, write: Write): void {
    if (this.isolation !== 'serializable') {
      throw failure(Status.GENERIC_ERROR, "Operation can't be performed in read only transaction", IssueCode.badOperation);
    }
    const writes = this.#writes.get(table) ?? new Map<string, PendingWrite>();
    this.#writes.set(table, writes);
    const text = keyText(key);
    writes.set(text, { key, write: writeOver(table, key, { earlier: writes.get(text)?.write, write }) });
  }

  /** A writer whose reads are no longer true is told so; a reader is not. */
  check(): void {
    if (this.isolation !== 'serializable') return;
    for (const [map, { path, keyLength, ranges }] of this.#locks) {
      if (ranges.some((range) => isBroken(map, range, { snapshot: this.snapshot, keyLength }))) throw locksInvalidated(path);
    }
  }

  commit(): void {
    try {
      if (!this.wrote) return;
      this.check();
      this.#store.apply([...this.#writes].flatMap(([table, writes]) =>
        [...writes.values()].map(
          (pending) => ({ table, key: pending.key, row: (latest: Row | null) => applyWrite(table, pending, latest) }),
        )));
    } finally {
      this.end();
    }
  }

  end(): void {
    if (this.#snapshot !== null) this.#store.release(this.#snapshot);
    this.#snapshot = null;
    this.#locks.clear();
    this.#writes.clear();
  }

  #lock(map: VersionedMap, table: Table, range: KeyRange, keyLength = table.key.length): void {
    if (this.isolation !== 'serializable') return;
    const locks = this.#locks.get(map) ?? { path: table.path, keyLength, ranges: [] };
    this.#locks.set(map, locks);
    if (locks.ranges[0] === wholeRange) return;
    if (locks.ranges.length >= maxLocks) locks.ranges = [wholeRange];
    else locks.ranges.push(range);
    void this.snapshot;
  }

  #indexSnapshot(index: Index): number {
    if (index.mode === 'sync') return this.snapshot;
    if (this.isolation === 'stale-ro') return Math.min(this.snapshot, this.#store.laggingCommit());
    throw failure(
      Status.PRECONDITION_FAILED,
      `Requested access to async index '${index.name}', expected StaleRO isolation`,
      IssueCode.badOperation,
    );
  }

  /** Own writes that a reader by `places` would meet, in key order. */
  #ownRows(table: Table, wanted: (key: Row) => boolean, places: readonly number[]): { key: Row; row: Row }[] {
    const pending = [...(this.#writes.get(table)?.values() ?? [])];
    const rows = pending.map((write) => applyWrite(table, write, table.rows.get(write.key, this.snapshot)));
    return rows.filter((row) => row !== null).map(
      (row) => ({ key: pick(row, places), row }),
    ).filter(({ key }) => wanted(key)).sort(compareKeyed);
  }
}

function isBroken(map: VersionedMap, range: KeyRange, { snapshot, keyLength }: { snapshot: number; keyLength: number }): boolean {
  if (range.low !== null && isPoint(range, keyLength)) return map.pointChangedSince(range.low.parts, snapshot);
  return map.changedSince(range, snapshot);
}

interface Own {
  readonly own: readonly { key: Row; row: Row }[];
  readonly reverse: boolean;
  readonly hidden: (key: Row) => boolean;
}

function* merged(stored: Iterable<{ key: Row; row: Row }>, { own, reverse, hidden }: Own): Generator<Row> {
  const mine = reverse ? own.toReversed() : own;
  const sign = reverse ? -1 : 1;
  let next = 0;
  for (const entry of stored) {
    if (hidden(entry.key)) continue;
    for (let first = mine[next]; first !== undefined && sign * compareKeyed(first, entry) < 0; first = mine[next]) {
      next += 1;
      yield first.row;
    }
    yield entry.row;
  }
  for (const { row } of mine.slice(next)) yield row;
}
