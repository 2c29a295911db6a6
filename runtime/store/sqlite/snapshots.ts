// Reads, each of one snapshot. What a commit has not yet brought to the disk may be read, but is not told before it is there: an answer
// that outlives a loss of power must not contradict what comes after it.
import type { Connection } from './database.ts';
import type { LogSync } from './log-sync.ts';
import { type DatabaseClock, Session } from './session.ts';

export class Snapshots {
  readonly #reader: Connection;
  readonly #clock: DatabaseClock;
  readonly #logSync: LogSync;
  /** Of a snapshot that is on disk with all before it. */
  #durableVersion = Number.NaN;

  constructor(reader: Connection, clock: DatabaseClock, logSync: LogSync) {
    this.#reader = reader;
    this.#clock = clock;
    this.#logSync = logSync;
  }

  async read<Result>(query: (session: Session) => Result): Promise<Result> {
    const { result, version } = this.#readNow(query);
    if (version !== this.#durableVersion) {
      await this.#logSync.durable();
      this.#durableVersion = version;
    }
    return result;
  }

  #readNow<Result>(query: (session: Session) => Result): { readonly result: Result; readonly version: number } {
    const session = new Session(this.#reader, this.#clock);
    this.#reader.begin();
    try {
      const read = { result: query(session), version: this.#reader.dataVersion() };
      // Cheaper than to roll back, and there is nothing to keep or undo.
      this.#reader.commit();
      return read;
    } finally {
      session.end();
      this.#reader.rollback();
    }
  }
}
