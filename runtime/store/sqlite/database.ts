// One connection to the file: opening, pragmas and the cache of prepared statements.
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type SQLInputValue, type SQLOutputValue, type StatementSync } from 'node:sqlite';
import { ServiceError } from '../../errors.ts';
import { isBusy, translate } from './failure.ts';

const openDeadlineMs = 5_000;
/** A reader meets a lock only while another process recovers or resets the log: a moment, never a transaction. */
const readerTimeoutMs = 250;

/** Differs from that of an earlier snapshot when another connection has committed between them, also one of this process. */
const dataVersion = 'PRAGMA data_version';
/** Looks and does nothing. */
const logPages = 'PRAGMA wal_checkpoint(NOOP)';

export type Row = Readonly<Record<string, SQLOutputValue>>;

interface Prepared {
  readonly statement: StatementSync;
  readonly columns: readonly string[];
}

type Control = 'BEGIN' | 'BEGIN IMMEDIATE' | 'COMMIT' | 'ROLLBACK' | 'SAVEPOINT work' | 'RELEASE work' | 'ROLLBACK TO work';

/** Prepares only texts it was given: what the query-plan test has not seen cannot run. */
export class Connection {
  readonly #database: DatabaseSync;
  readonly #known: ReadonlySet<string>;
  readonly #prepared = new Map<string, Prepared>();

  constructor(database: DatabaseSync, known: ReadonlySet<string>) {
    this.#database = database;
    this.#known = known;
  }

  all(sql: string, parameters: readonly SQLInputValue[]): Row[] {
    const { statement, columns } = this.#statement(sql);
    return (statement.all(...parameters) as unknown[]).map((values) => rowOf(columns, values as SQLOutputValue[]));
  }

  get(sql: string, parameters: readonly SQLInputValue[]): Row | null {
    return firstRow(this.#statement(sql), parameters);
  }

  /** Answers how many rows the statement changed. */
  run(sql: string, parameters: readonly SQLInputValue[]): number {
    return Number(this.#statement(sql).statement.run(...parameters).changes);
  }

  #statement(sql: string): Prepared {
    const cached = this.#prepared.get(sql);
    if (cached !== undefined) return cached;
    if (!this.#known.has(sql)) throw new ServiceError('internal', 'sqlite: a statement is missing from the registry');
    return this.#prepare(sql);
  }

  #prepare(sql: string): Prepared {
    const statement = this.#database.prepare(sql);
    // The library takes as long again to make objects of a row as to read it: it makes each name and each object anew.
    statement.setReturnArrays(true);
    const prepared = { statement, columns: statement.columns().map(({ name }) => name) };
    this.#prepared.set(sql, prepared);
    return prepared;
  }

  /** Changes of the schema and pragmas; everything else goes through `statement`. */
  execute(sql: string): void {
    try {
      this.#database.exec(sql);
    } catch (error) {
      throw translate(error);
    }
  }

  /** Takes the write lock at once or answers false: nobody waits inside a call that stops the event loop. */
  tryBegin(): boolean {
    try {
      this.#control('BEGIN IMMEDIATE');
      return true;
    } catch (error) {
      if (isBusy(error)) return false;
      throw translate(error);
    }
  }

  /** Begins a snapshot of what is committed by the time of its first statement. */
  begin(): void {
    this.#translated('BEGIN');
  }

  commit(): void {
    this.#translated('COMMIT');
  }

  /** Of the transaction or snapshot that is under way; of the file as it is now where there is none. */
  dataVersion(): number {
    try {
      return Number(firstRow(this.#ownStatement(dataVersion), [])?.['data_version']);
    } catch (error) {
      throw translate(error);
    }
  }

  /** Of the write-ahead log, and how many of them were copied into the file. */
  logPages(): { readonly log: number; readonly checkpointed: number } {
    const row = firstRow(this.#ownStatement(logPages), []);
    return { log: Number(row?.['log']), checkpointed: Number(row?.['checkpointed']) };
  }

  /** Some failures (a full disk) have already rolled back. */
  rollback(): void {
    if (this.#database.isTransaction) this.#translated('ROLLBACK');
  }

  savepoint(): void {
    this.#translated('SAVEPOINT work');
  }

  release(): void {
    this.#translated('RELEASE work');
  }

  rollbackToSavepoint(): void {
    this.#translated('ROLLBACK TO work');
    this.#translated('RELEASE work');
  }

  #translated(sql: Control): void {
    try {
      this.#control(sql);
    } catch (error) {
      throw translate(error);
    }
  }

  #control(sql: Control): void {
    this.#ownStatement(sql).statement.run();
  }

  #ownStatement(sql: Control | typeof dataVersion | typeof logPages): Prepared {
    return this.#prepared.get(sql) ?? this.#prepare(sql);
  }

  close(): void {
    this.#prepared.clear();
    if (this.#database.isOpen) this.#database.close();
  }
}

function firstRow({ statement, columns }: Prepared, parameters: readonly SQLInputValue[]): Row | null {
  const values = statement.get(...parameters) as SQLOutputValue[] | undefined;
  return values === undefined ? null : rowOf(columns, values);
}

function rowOf(columns: readonly string[], values: readonly SQLOutputValue[]): Row {
  const row: Record<string, SQLOutputValue> = {};
  for (const [place, column] of columns.entries()) row[column] = values[place] ?? null;
  return row;
}

export interface Connections {
  readonly writer: Connection;
  readonly reader: Connection;
}

/** Creates the file and its directory when missing. Throws `store_unavailable` when it cannot. */
export function openConnections(file: string, known: ReadonlySet<string>): Connections {
  try {
    mkdirSync(dirname(file), { recursive: true });
    const writer = openWriter(file);
    return { writer: new Connection(writer, known), reader: new Connection(openReader(file, writer), known) };
  } catch (error) {
    throw openingFailure(error);
  }
}

function openWriter(file: string): DatabaseSync {
  const database = new DatabaseSync(file, { enableForeignKeyConstraints: true });
  try {
    applyPragmas(database);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

// The reader comes second: read-only it could not create the log's shared memory.
function openReader(file: string, writer: DatabaseSync): DatabaseSync {
  try {
    return new DatabaseSync(file, { readOnly: true, timeout: readerTimeoutMs });
  } catch (error) {
    writer.close();
    throw error;
  }
}

// `NORMAL` leaves the sync of a commit to log-sync.ts; what a checkpoint has to sync stays with SQLite.
// Two processes that open a new file together race for the switch to the log, and SQLite does not apply its busy timeout to it.
function applyPragmas(database: DatabaseSync): void {
  const pause = new Int32Array(new SharedArrayBuffer(4));
  for (const deadline = performance.now() + openDeadlineMs; ; Atomics.wait(pause, 0, 0, 5)) {
    try {
      database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
      return;
    } catch (error) {
      if (!isBusy(error) || performance.now() > deadline) throw error;
    }
  }
}

function openingFailure(error: unknown): unknown {
  const translated = translate(error);
  if (translated instanceof ServiceError) return translated;
  return new ServiceError('store_unavailable', 'sqlite: the directory of the database cannot be made', { cause: error });
}
