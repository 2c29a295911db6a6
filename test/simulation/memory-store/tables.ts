// The whole content of the store in memory: tables of immutable rows, a journal of the transaction under way, and its undoing.
import type { MatchingId } from '../../../machines/ids.ts';
import type { EpochMs, MatchingRecord } from '../../../machines/matching-record.ts';
import type { RetiredResultRecord, Tombstone } from '../../../runtime/retention.ts';
import type {
  AnnouncementRecord, JobRunRecord, OperatorActionRecord, PendingPromocode, RejectRecord, ResultRecord, TransitionRecord,
} from '../../../runtime/store.ts';
import type { Queue, TaskState } from '../../../runtime/tasks.ts';

/** `seq` tells which of two rows came first. */
export interface Numbered<Row> {
  readonly seq: number;
  readonly row: Row;
}

export interface TaskRow {
  readonly id: string;
  readonly queue: Queue;
  readonly matchingId: MatchingId;
  readonly payload: string;
  readonly state: TaskState;
  readonly attempt: number;
  readonly refusals: number;
  readonly fence: number;
  readonly owner: string | null;
  readonly lastError: string | null;
  readonly visibleAtMs: EpochMs;
  readonly createdAtMs: EpochMs;
  readonly updatedAtMs: EpochMs;
}

export interface LeaseRow {
  readonly owner: string;
  readonly epoch: number;
  readonly expiresAtMs: EpochMs;
}

export interface Rows {
  matchings: MatchingRecord;
  /** Of one matching, by version. */
  transitions: readonly TransitionRecord[];
  results: ResultRecord;
  /** Key: matching and epoch. */
  history: RetiredResultRecord;
  persons: MatchingId;
  keys: MatchingId;
  announcements: AnnouncementRecord;
  pending: PendingPromocode;
  rejects: RejectRecord;
  states: string;
  runs: JobRunRecord;
  tasks: TaskRow;
  leases: LeaseRow;
  tombstones: Tombstone;
  actions: OperatorActionRecord;
  /** How many matchings ever reached the status. */
  reached: number;
}
export type TableName = keyof Rows;

export type Change = {
  [Name in TableName]: { readonly table: Name; readonly key: string; readonly before: Rows[Name] | null; readonly after: Rows[Name] | null }
}[TableName];

interface Entry {
  readonly table: TableName;
  readonly key: string;
  readonly before: Numbered<unknown> | undefined;
}

const names: readonly TableName[] = [
  'matchings', 'transitions', 'results', 'history', 'persons', 'keys', 'announcements', 'pending', 'rejects', 'states', 'runs', 'tasks',
  'leases', 'tombstones', 'actions', 'reached',
];

export class Tables {
  readonly #tables = new Map<TableName, Map<string, Numbered<unknown>>>(names.map((name) => [name, new Map()]));
  #seq = 0;
  #journal: Entry[] = [];

  get<Name extends TableName>(table: Name, key: string): Rows[Name] | null {
    return (this.#of(table).get(key)?.row as Rows[Name] | undefined) ?? null;
  }

  /** In the order in which the rows came. */
  numbered<Name extends TableName>(table: Name): Numbered<Rows[Name]>[] {
    return [...this.#of(table).values()] as Numbered<Rows[Name]>[];
  }

  rows<Name extends TableName>(table: Name): Rows[Name][] {
    return this.numbered(table).map(({ row }) => row);
  }

  /** Keys of the rows that hold the matching's id. */
  keysOf(table: 'persons' | 'keys', id: MatchingId): string[] {
    return [...this.#of(table)].filter(([, { row }]) => row === id).map(([key]) => key);
  }

  put<Name extends TableName>(table: Name, key: string, row: Rows[Name]): void {
    const before = this.#of(table).get(key);
    this.#journal.push({ table, key, before });
    this.#of(table).set(key, { seq: before?.seq ?? (this.#seq += 1), row });
  }

  /** Whether there was such a row. */
  remove(table: TableName, key: string): boolean {
    const before = this.#of(table).get(key);
    if (before === undefined) return false;
    this.#journal.push({ table, key, before });
    return this.#of(table).delete(key);
  }

  rollback(): void {
    for (const { table, key, before } of this.#journal.toReversed()) {
      if (before === undefined) this.#of(table).delete(key);
      else this.#of(table).set(key, before);
    }
    this.#journal = [];
  }

  /** Ends the transaction; answers each row it changed, as it was and as it is. */
  commit(): Change[] {
    const journal = this.#journal;
    this.#journal = [];
    const first = new Map<string, Entry>();
    for (const entry of journal) {
      const place = `${entry.table}\n${entry.key}`;
      if (!first.has(place)) first.set(place, entry);
    }
    return [...first.values()].map(({ table, key, before }) => ({ table, key, before: before?.row ?? null, after: this.get(table, key) }) as Change);
  }

  /** Everything, as text. */
  dump(): string {
    return JSON.stringify(names.map((name) => [name, [...this.#of(name)]]));
  }

  #of(table: TableName): Map<string, Numbered<unknown>> {
    return this.#tables.get(table) as Map<string, Numbered<unknown>>;
  }
}

export function epochKey(id: MatchingId, epoch: number): string {
  return `${id}:${epoch}`;
}

