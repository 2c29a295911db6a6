// Reads. Those of one turn of the event loop share a snapshot: it is the locks around a snapshot that cost, and what asked within a turn
// had all arrived before it began. What a commit has not yet brought to the disk may be read, but is not told before it is there: an
// answer that outlives a loss of power must not contradict what comes after it.
import { setImmediate } from 'node:timers';
import type { Connection } from './database.ts';
import type { LogSync } from './log-sync.ts';
import type { MatchingMemory } from './matching-memory.ts';
import { type DatabaseClock, Session } from './session.ts';

export interface SnapshotParts {
  readonly clock: DatabaseClock;
  readonly logSync: LogSync;
  readonly memory: MatchingMemory;
}

export class Snapshots {
  readonly #reader: Connection;
  readonly #clock: DatabaseClock;
  readonly #logSync: LogSync;
  readonly #memory: MatchingMemory;
  /** Of the present snapshot; null when there is none. */
  #version: number | null = null;
  /** Of a snapshot that is on disk with all before it. */
  #durableVersion = Number.NaN;

  constructor(reader: Connection, { clock, logSync, memory }: SnapshotParts) {
    this.#reader = reader;
    this.#clock = clock;
    this.#logSync = logSync;
    this.#memory = memory;
  }

  async read<Result>(query: (session: Session) => Result): Promise<Result> {
    const { result, version } = this.#readNow(query);
    if (version !== this.#durableVersion) {
      await this.#logSync.durable();
      this.#durableVersion = version;
    }
    return result;
  }

  /** Whoever reads from now on sees what was committed until now. */
  end(): void {
    if (this.#version === null) return;
    this.#version = null;
    try {
      // There is nothing to keep or undo.
      this.#reader.commit();
    } catch {
      this.#reader.rollback();
    }
  }

  #readNow<Result>(query: (session: Session) => Result): { readonly result: Result; readonly version: number } {
    const version = this.#version ??= this.#begin();
    const session = new Session(this.#reader, this.#clock);
    try {
      return { result: query(session), version };
    } catch (error) {
      this.#abandon();
      throw error;
    } finally {
      session.end();
    }
  }

  /** Answers the version of the snapshot. */
  #begin(): number {
    this.#reader.begin();
    try {
      const version = this.#agreedVersion();
      setImmediate(() => this.end());
      return version;
    } catch (error) {
      this.#abandon();
      throw error;
    }
  }

  #agreedVersion(): number {
    const version = this.#reader.dataVersion();
    if (this.#memory.isTrueOf(version)) return version;
    this.#reader.commit();
    this.#reader.begin();
    const later = this.#reader.dataVersion();
    this.#memory.beginsWith(later);
    return later;
  }

  #abandon(): void {
    this.#version = null;
    this.#reader.rollback();
  }
}
