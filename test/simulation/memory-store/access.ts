// One transaction at a time over the tables: what makes the store serializable. Reads see what was committed.
import type { EpochMs } from '../../../machines/matching-record.ts';
import { ServiceError } from '../../../runtime/errors.ts';
import type { Change, Tables } from './tables.ts';

/** The row was changed by another, or its key is taken: the transaction runs again. */
export class Conflict extends Error {
  override readonly name = 'Conflict';
}

/** A transaction or a read at one moment of the database's clock. */
export class Session {
  readonly now: EpochMs;
  readonly #tables: Tables;
  #ended = false;

  constructor(tables: Tables, now: EpochMs) {
    this.#tables = tables;
    this.now = now;
  }

  get tables(): Tables {
    return this.live().#tables;
  }

  /** Throws for a caller that kept the session beyond its end. */
  live(): this {
    if (this.#ended) throw new ServiceError('internal', 'a transaction was used after its end');
    return this;
  }

  end(): void {
    this.#ended = true;
  }
}

export interface Access {
  readonly read: <Result>(query: (session: Session) => Result) => Promise<Result>;
  /** A single statement, or what one call of the queue does: no callback of anybody runs inside. */
  readonly write: <Result>(work: (session: Session) => Result) => Promise<Result>;
  readonly transact: <Result>(work: (session: Session) => Promise<Result>, signal?: AbortSignal) => Promise<Result>;
}

export interface Committed {
  readonly changes: readonly Change[];
  readonly now: EpochMs;
}

const maxReruns = 5;

export class Transactions {
  readonly tables: Tables;
  readonly #nowMs: () => EpochMs;
  readonly #onCommit: (committed: Committed) => void;
  #last: Promise<unknown> = Promise.resolve();
  #open = 0;

  constructor(tables: Tables, nowMs: () => EpochMs, onCommit: (committed: Committed) => void = () => {}) {
    this.tables = tables;
    this.#nowMs = nowMs;
    this.#onCommit = onCommit;
  }

  /** Whether a transaction has begun and not ended. */
  get isOpen(): boolean {
    return this.#open > 0;
  }

  read<Result>(query: (session: Session) => Result): Result {
    return query(new Session(this.tables, this.#nowMs()));
  }

  write<Result>(work: (session: Session) => Result): Result {
    const session = new Session(this.tables, this.#nowMs());
    try {
      const result = work(session);
      this.#end(session, true);
      return result;
    } catch (error) {
      this.#end(session, false);
      throw error;
    }
  }

  /** One attempt. `keep` false undoes it all the same, as a conflict found at the commit does. Throws `Conflict`. */
  attempt<Result>(work: (session: Session) => Promise<Result>, keep = true): Promise<Result> {
    const attempt = this.#last.then(() => this.#attempt(work, keep));
    this.#last = attempt.catch(() => {});
    return attempt;
  }

  async transact<Result>(work: (session: Session) => Promise<Result>): Promise<Result> {
    for (let rerun = 0; ; rerun += 1) {
      try {
        return await this.attempt(work);
      } catch (error) {
        if (!(error instanceof Conflict)) throw error;
        if (rerun === maxReruns) throw tooOften(error);
      }
    }
  }

  async #attempt<Result>(work: (session: Session) => Promise<Result>, keep: boolean): Promise<Result> {
    const session = new Session(this.tables, this.#nowMs());
    let done = false;
    this.#open += 1;
    try {
      const result = await work(session);
      if (!keep) throw new Conflict('another transaction came first');
      done = true;
      return result;
    } finally {
      this.#open -= 1;
      this.#end(session, done);
    }
  }

  #end(session: Session, keep: boolean): void {
    session.end();
    if (!keep) return this.tables.rollback();
    const changes = this.tables.commit();
    if (changes.length > 0) this.#onCommit({ changes, now: session.now });
  }
}

export function tooOften(cause: unknown): ServiceError {
  return new ServiceError('store_conflict', 'a transaction conflicted too often', { cause });
}
