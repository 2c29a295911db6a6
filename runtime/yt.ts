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
}

export interface Yt {
  /** Upserts by `newbie_key` where the table is dynamic, appends in a transaction where it is static. */
  writeApplication(row: ApplicationRow, signal?: AbortSignal): Promise<void>;
  /** Throws `yt_table_missing` when there is no such table. */
  readTable<Result>(path: string, columns: readonly string[], read: (snapshot: TableSnapshot) => Promise<Result>, signal?: AbortSignal): Promise<Result>;
  /** Names and revisions of the tables directly inside a directory; empty when there is no such directory. */
  listTables(directory: string, signal?: AbortSignal): Promise<{ name: string; revision: string }[]>;
  /** IP of the last login of the first of these profiles that has one, newest login first. */
  lastLoginIp(profiles: readonly { parkId: string; driverId: string }[], signal?: AbortSignal): Promise<string | null>;
  ping(signal?: AbortSignal): Promise<void>;
  close(): Promise<void>;
}
