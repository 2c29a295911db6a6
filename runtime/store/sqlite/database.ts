// One connection to the file: opening, pragmas and the cache of prepared statements.
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { ServiceError } from '../../errors.ts';
import { isBusy, translate } from './failure.ts';

const openDeadlineMs = 5_000;
/** A reader meets a lock only while another process recovers or resets the log: a moment, never a transaction. */
const readerTimeoutMs = 250;

/** Prepares only texts it was given: what the query-plan test has not seen cannot run. */
export class Connection {
  readonly #database: DatabaseSync;
  readonly #known: ReadonlySet<string>;
  readonly #prepared = new Map<string, StatementSync>();

  constructor(database: DatabaseSync, known: ReadonlySet<string>) {
    this.#database = database;
    this.#known = known;
  }

  statement(sql: string): StatementSync {
    const cached = this.#prepared.get(sql);
    if (cached !== undefined) return cached;
    if (!this.#known.has(sql)) throw new ServiceError('internal', 'sqlite: a statement is missing from the registry');
    const prepared = this.#database.prepare(sql);
    this.#prepared.set(sql, prepared);
    return prepared;
  }

  /** Transaction control and schema changes; everything else goes through `statement`. */
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
      this.#database.exec('BEGIN IMMEDIATE');
      return true;
    } catch (error) {
      if (isBusy(error)) return false;
      throw translate(error);
    }
  }

  /** Some failures (a full disk) have already rolled back. */
  rollback(): void {
    if (this.#database.isTransaction) this.execute('ROLLBACK');
  }

  close(): void {
    this.#prepared.clear();
    if (this.#database.isOpen) this.#database.close();
  }
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

// Two processes that open a new file together race for the switch to the log, and SQLite does not apply its busy timeout to it.
function applyPragmas(database: DatabaseSync): void {
  const pause = new Int32Array(new SharedArrayBuffer(4));
  for (const deadline = performance.now() + openDeadlineMs; ; Atomics.wait(pause, 0, 0, 5)) {
    try {
      database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
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
