// Reads. Those of one turn of the event loop share a snapshot: it is the locks around a snapshot that cost, and what asked within a turn
// had all arrived before it began. What a commit has not yet brought to the disk may be read, but is not told before it is there: an
// answer that outlives a loss of power must not contradict what comes after it.
import { setImmediate } from 'node:timers';
import type { Connection } from './database.ts';
import type { LogSync } from './log-sync.ts';
import { type DatabaseClock, Session } from './session.ts';

export class Snapshots {
  readonly #reader: Connection;
  readonly #clock: DatabaseClock;
  readonly #logSync: LogSync;
  /** Of the present snapshot; null when there is none, or nothing was read from it yet. */
  #version: number | null = null;
  #isOpen = false;
  /** Of a snapshot that is on disk with all before it. */
  #durableVersion = Number.NaN;

  constructor(reader: Connection, clock: DatabaseClock, logSync: LogSync) {
    this.#reader = reader;
    this.#clock = clock;
    this.#logSync = logSync;
  }

  async read<Result>(query: (session: Session) => Result): Promise<Result> {
    const result = this.#readNow(query);
    const version = this.#version;
    if (version !== null && version !== this.#durableVersion) {
      await this.#logSync.durable();
      this.#durableVersion = version;
    }
    return result;
  }

  /** Whoever reads from now on sees what was committed until now. */
  end(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#version = null;
    try {
      // There is nothing to keep or undo.
      this.#reader.commit();
    } catch {
      this.#reader.rollback();
    }
  }

  #readNow<Result>(query: (session: Session) => Result): Result {
    const session = new Session(this.#reader, this.#clock);
    this.#begin();
    try {
      const result = query(session);
      this.#version ??= this.#reader.dataVersion();
      return result;
    } catch (error) {
      this.#abandon();
      throw error;
    } finally {
      session.end();
    }
  }

  #begin(): void {
    if (this.#isOpen) return;
    this.#reader.begin();
    this.#isOpen = true;
    setImmediate(() => this.end());
  }

  #abandon(): void {
    this.#isOpen = false;
    this.#version = null;
    this.#reader.rollback();
  }
}
