// The YTsaurus port: what the service asks of the cluster. Rows that come in are `unknown` until jobs/rows.ts decodes them.

export interface ApplicationRow {
  readonly newbie_key: string;
  readonly matching_id: string;
  readonly newbie_park_id: string;
  readonly newbie_driver_id: string;
  readonly phone: string | null;
  readonly city: string | null;
  readonly city_geo_id: number | null;
  readonly city_source: 'gps' | 'ip' | 'unknown';
  readonly is_rented_car: boolean;
  /** RFC 3339 UTC, as is `requested_at`. */
  readonly created_at: string;
  readonly requested_at: string;
}

/** One version of a table, held still while it is read. */
export interface TableSnapshot {
  /** Changes whenever the data does. */
  readonly revision: string;
  readonly rowCount: number;
  /** One pass over the rows in table order; a broken stream is resumed, a late error is thrown. */
  rows(): AsyncIterable<unknown>;
  /** The same rows in the pieces in which they arrive: a million waits for one row each cost more than the rows. */
  batches(): AsyncIterable<readonly unknown[]>;
}

export type YtCell = string | number | boolean | null;
export type YtRow = Readonly<Record<string, YtCell>>;

/** A table that is ours alone: made when it is missing. */
export interface OwnTable {
  readonly path: string;
  readonly columns: readonly { readonly name: string; readonly type: 'string' | 'int64' | 'boolean' }[];
  /** Names of the first columns, by which a dynamic table is sorted; empty for a static table. */
  readonly key: readonly string[];
}

/** Rows for several static tables that appear together and once, however often and by whomever the batch is written. */
export interface Batch {
  readonly id: string;
  /** The batch before it: whoever follows another one is late, and is refused. Null when none is known. */
  readonly after: string | null;
  readonly parts: readonly { readonly table: OwnTable; readonly rows: readonly YtRow[] }[];
}

/** Where one table's rows of a batch stand. */
export interface BatchPlace {
  readonly path: string;
  readonly startRow: number;
  readonly rowCount: number;
}

/** Copies of our rows in tables of our own. */
export interface Copies {
  /** By key, safe to repeat. With `update` columns that a row leaves out stay as they are; otherwise they become null. */
  upsert(table: OwnTable, rows: readonly YtRow[], options: { readonly update: boolean }, signal?: AbortSignal): Promise<void>;
  /** The rows that exist among the keys; none when there is no such table. */
  lookup(table: OwnTable, keys: readonly YtRow[], signal?: AbortSignal): Promise<unknown[]>;
  /** Answers where the rows stand, also when they were written before. `ledger` is the document that remembers the last batch. */
  append(ledger: string, batch: Batch, signal?: AbortSignal): Promise<BatchPlace[]>;
  /** Id of the last batch; null when there is no ledger. */
  lastBatch(ledger: string, signal?: AbortSignal): Promise<string | null>;
  /** What stands there now: fewer rows when some are gone. */
  rowsAt(place: BatchPlace, signal?: AbortSignal): Promise<unknown[]>;
}

/** Whose a row is; the rest of it tells of the person, whatever his matching. */
export type ApplicationOwner = Pick<ApplicationRow, 'newbie_key' | 'matching_id' | 'newbie_park_id' | 'newbie_driver_id' | 'created_at'>;

export interface Yt {
  readonly copies: Copies;
  /** Upserts by `newbie_key` where the table is dynamic; appends once per matching, in a transaction, where it is static. */
  writeApplication(row: ApplicationRow, signal?: AbortSignal): Promise<void>;
  /** Gives the row of this newbie, if there is one, to this matching. A static table keeps what it has. */
  correctApplication(owner: ApplicationOwner, signal?: AbortSignal): Promise<void>;
  /** Throws `yt_table_missing` when there is no such table. */
  readTable<Result>(path: string, columns: readonly string[], read: (snapshot: TableSnapshot) => Promise<Result>, signal?: AbortSignal): Promise<Result>;
  /** Names and revisions of the tables directly inside a directory; null when there is no such directory. */
  listTables(directory: string, signal?: AbortSignal): Promise<{ name: string; revision: string }[] | null>;
  /** IP of the last login of the first of these profiles that has one, newest login first. */
  lastLoginIp(profiles: readonly { parkId: string; driverId: string }[], signal?: AbortSignal): Promise<string | null>;
  ping(signal?: AbortSignal): Promise<void>;
  close(): Promise<void>;
}
