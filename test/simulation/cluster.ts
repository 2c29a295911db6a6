// The YT cluster's data: the CRM's tables, the table of applications, and the copies that are ours.
import { ServiceError } from '../../runtime/errors.ts';
import type { ApplicationOwner, ApplicationRow, Batch, BatchPlace, OwnTable, YtRow } from '../../runtime/yt.ts';

export interface ClusterTable {
  readonly rows: readonly unknown[];
  readonly revision: string;
}

export class Cluster {
  readonly applications = new Map<string, ApplicationRow>();
  readonly #tables = new Map<string, ClusterTable>();
  readonly #dynamic = new Map<string, Map<string, YtRow>>();
  readonly #static = new Map<string, YtRow[]>();
  readonly #ledgers = new Map<string, { readonly batch: string; readonly places: readonly BatchPlace[] }>();
  #revisions = 0;

  correctApplication(owner: ApplicationOwner): void {
    const present = this.applications.get(owner.newbie_key);
    if (present !== undefined) this.applications.set(owner.newbie_key, { ...present, ...owner });
  }

  /** Replaces the table whole, as its owner does. */
  write(path: string, rows: readonly unknown[]): void {
    this.#revisions += 1;
    this.#tables.set(path, { rows, revision: `revision-${this.#revisions}` });
  }

  table(path: string): ClusterTable {
    const table = this.#tables.get(path);
    if (table === undefined) throw new ServiceError('yt_table_missing', `${path}: there is no such table`);
    return table;
  }

  tablesIn(directory: string): { name: string; revision: string }[] {
    const inside = [...this.#tables].filter(([path]) => path.startsWith(`${directory}/`));
    return inside.map(([path, { revision }]) => ({ name: path.slice(directory.length + 1), revision }));
  }

  upsert(table: OwnTable, rows: readonly YtRow[], { update }: { readonly update: boolean }): void {
    const stored = this.dynamicRows(table.path);
    const blank = Object.fromEntries(table.columns.map(({ name }) => [name, null]));
    for (const row of rows) {
      const key = keyOf(table, row);
      stored.set(key, { ...blank, ...(update ? stored.get(key) : {}), ...row });
    }
    this.#dynamic.set(table.path, stored);
  }

  lookup(table: OwnTable, keys: readonly YtRow[]): YtRow[] {
    const stored = this.dynamicRows(table.path);
    return keys.flatMap((key) => [stored.get(keyOf(table, key))].filter((row) => row !== undefined));
  }

  dynamicRows(path: string): Map<string, YtRow> {
    return this.#dynamic.get(path) ?? new Map();
  }

  staticRows(path: string): readonly YtRow[] {
    return this.#static.get(path) ?? [];
  }

  /** As the port promises: once, in one transaction with the ledger, and refused to who comes late. */
  append(ledger: string, batch: Batch): readonly BatchPlace[] {
    const last = this.#ledgers.get(ledger);
    if (last?.batch === batch.id) return last.places;
    if (last !== undefined && last.batch !== batch.after) throw new ServiceError('lock_lost', `${ledger}: another writer has gone on`);
    const places = batch.parts.map(({ table: { path }, rows }) => {
      const present = this.#static.get(path) ?? [];
      this.#static.set(path, [...present, ...rows]);
      return { path, startRow: present.length, rowCount: rows.length };
    });
    this.#ledgers.set(ledger, { batch: batch.id, places });
    return places;
  }

  lastBatch(ledger: string): string | null {
    return this.#ledgers.get(ledger)?.batch ?? null;
  }
}

function keyOf({ key }: OwnTable, row: YtRow): string {
  return JSON.stringify(key.map((name) => row[name]));
}
