// All tables, the commit counter, and which snapshots are still read.
import { unknownTable } from '../errors.ts';
import type { Row } from '../values.ts';
import { indexChange, primaryKeyOf, type Table } from './table.ts';

export interface Clock {
  nowMicros(): bigint;
}

export class Store {
  readonly database: string;
  readonly tables = new Map<string, Table>();
  readonly clock: Clock;
  /** How far behind an asynchronous index is, in milliseconds. */
  asyncIndexDelayMs = 0;
  #commit = 0;
  readonly #snapshots = new Map<number, number>();
  #commitTimes: { commit: number; atMicros: bigint }[] = [];

  constructor(database: string, clock: Clock) {
    this.database = database;
    this.clock = clock;
  }

  get lastCommit(): number {
    return this.#commit;
  }

  /** A path may be absolute or relative to the database. */
  table(name: string): Table {
    const found = this.tables.get(this.relative(name));
    if (found === undefined) throw unknownTable(`${this.database}/${this.relative(name)}`);
    return found;
  }

  relative(name: string): string {
    return name.startsWith(`${this.database}/`) ? name.slice(this.database.length + 1) : name;
  }

  hold(snapshot: number): void {
    this.#snapshots.set(snapshot, (this.#snapshots.get(snapshot) ?? 0) + 1);
  }

  release(snapshot: number): void {
    const holders = (this.#snapshots.get(snapshot) ?? 1) - 1;
    if (holders > 0) this.#snapshots.set(snapshot, holders);
    else this.#snapshots.delete(snapshot);
  }

  /** The newest commit that an asynchronous index has taken in. */
  laggingCommit(): number {
    const limit = this.clock.nowMicros() - BigInt(this.asyncIndexDelayMs) * 1_000n;
    const newer = this.#commitTimes.find(({ atMicros }) => atMicros > limit);
    return newer === undefined ? this.#commit : newer.commit - 1;
  }

  /** Applies one commit's rows; null deletes. Index entries change in the same commit. */
  apply(changes: readonly { table: Table; key: Row; row: (latest: Row | null) => Row | null }[]): void {
    this.#commit += 1;
    const horizon = this.#horizon();
    for (const { table, key, row } of changes) {
      const latest = table.rows.get(key, this.#commit);
      this.#replace(table, { key, latest, row: row(latest) }, horizon);
    }
    this.#keepTimes();
    for (const table of new Set(changes.map((change) => change.table))) forgetTable(table, horizon);
  }

  #replace(table: Table, { key, latest, row }: { key: Row; latest: Row | null; row: Row | null }, horizon: number): void {
    if (row === null && latest === null) return;
    table.rows.put(key, this.#commit, row, horizon);
    for (const index of table.indexes) {
      for (const { key: indexKey, cells } of indexChange(index, latest, row)) index.entries.put(indexKey, this.#commit, cells, horizon);
    }
  }

  // A lagging index needs the versions of its own past.
  #keepTimes(): void {
    if (this.asyncIndexDelayMs === 0) {
      this.#commitTimes = [];
      return;
    }
    const lagging = this.laggingCommit();
    this.#commitTimes = this.#commitTimes.filter(({ commit }) => commit >= lagging);
    this.#commitTimes.push({ commit: this.#commit, atMicros: this.clock.nowMicros() });
  }

  #horizon(): number {
    return Math.min(this.#commit, this.laggingCommit(), ...this.#snapshots.keys());
  }
}

function forgetTable(table: Table, horizon: number): void {
  table.rows.forget(horizon);
  for (const index of table.indexes) index.entries.forget(horizon);
}

/** The rows of a table now, for an in-process look; the newest commit. */
export function latestRows(store: Store, table: Table): Row[] {
  return [...table.rows.scan({ low: null, high: null }, store.lastCommit)].map(({ row }) => row);
}

/** Builds an index of the rows that are there. */
export function fillIndex(store: Store, table: Table, index: Table['indexes'][number]): void {
  for (const row of latestRows(store, table)) {
    for (const { key, cells } of indexChange(index, null, row)) index.entries.put(key, store.lastCommit, cells, store.lastCommit);
  }
}

/** Deletes what TTL has made old. */
export function sweepExpired(store: Store): number {
  const now = store.clock.nowMicros();
  const expired = [...store.tables.values()].flatMap((table) =>
    latestRows(store, table).filter((row) => isExpired(table, row, now)).map(
      (row) => ({ table, key: primaryKeyOf(table, row), row: () => null }),
    ));
  if (expired.length > 0) store.apply(expired);
  return expired.length;
}

const unitByType: Readonly<Record<string, bigint>> = { Timestamp: 1n, Datetime: 1_000_000n, Date: 86_400_000_000n };

function isExpired(table: Table, row: Row, nowMicros: bigint): boolean {
  const { ttl } = table;
  const place = ttl === null ? -1 : table.columns.findIndex(({ name }) => name === ttl.column);
  const column = table.columns[place];
  const value = row[place] ?? null;
  if (ttl === null || column === undefined || value === null) return false;
  const type = column.type.kind === 'optional' ? column.type.item : column.type;
  const unit = ttl.unitMicros ?? (type.kind === 'primitive' ? unitByType[type.name] : undefined) ?? 1_000_000n;
  return BigInt(value as number | bigint) * unit + ttl.afterMicros <= nowMicros;
}
