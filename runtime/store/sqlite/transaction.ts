// Group commit: transactions that wait together share one BEGIN..COMMIT, and so one fsync, each inside its own savepoint.
import { clearImmediate, setImmediate } from 'node:timers';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { ServiceError } from '../../errors.ts';
import type { Metrics } from '../../metrics.ts';
import { measured } from '../measured.ts';
import type { Connection } from './database.ts';
import { Conflict } from './failure.ts';
import { Session, type DatabaseClock } from './session.ts';

const groupLimit = 64;
/** Turns of the event loop for which a group may grow before it is committed. */
const gatheringTurns = 4;
const lockDeadlineMs = 5_000;
const maxReruns = 5;
const maxPauseMs = 20;

/** Touches nothing but its session; runs again after a conflict. */
export type Work<Result> = (session: Session) => Promise<Result> | Result;

export interface CommitterOptions {
  readonly clock: DatabaseClock;
  /** Uniform in [0, 1): jitter. */
  readonly random: () => number;
  readonly metrics: Metrics | undefined;
}

interface Waiting {
  readonly work: Work<unknown>;
  readonly signal: AbortSignal | undefined;
  readonly deadlineMs: number;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** Ready to be told its waiter once the commit is on disk. */
type Settle = () => void;

export class GroupCommitter {
  readonly #connection: Connection;
  readonly #options: CommitterOptions;
  #waiting: Waiting[] = [];
  #drained: Promise<void> | null = null;
  #closed = false;

  constructor(connection: Connection, options: CommitterOptions) {
    this.#connection = connection;
    this.#options = options;
  }

  /** Resolves only after the commit. Throws `store_unavailable`, `store_conflict`, `cancelled`, or what `work` threw. */
  transact<Result>(work: Work<Result>, signal?: AbortSignal): Promise<Result> {
    return measured(this.#options.metrics, () => this.#rerunning(work, signal));
  }

  /** Lets what waits be committed, then takes nothing more. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#drained;
  }

  async #rerunning<Result>(work: Work<Result>, signal: AbortSignal | undefined): Promise<Result> {
    for (let rerun = 0; ; rerun += 1) {
      try {
        return await this.#submit(work, signal);
      } catch (error) {
        if (!(error instanceof Conflict)) throw error;
        if (rerun === maxReruns) throw new ServiceError('store_conflict', 'a transaction conflicted too often', { cause: error });
      }
      await this.#pause();
    }
  }

  #submit<Result>(work: Work<Result>, signal: AbortSignal | undefined): Promise<Result> {
    if (this.#closed) throw new ServiceError('store_unavailable', 'the store is closed');
    const submitted = new Promise<unknown>((resolve, reject) => {
      this.#waiting.push({ work, signal, deadlineMs: performance.now() + lockDeadlineMs, resolve, reject });
    });
    this.#drained ??= this.#drain();
    return submitted as Promise<Result>;
  }

  async #drain(): Promise<void> {
    for (await this.#gather(); this.#waiting.length > 0; await this.#gather()) {
      this.#dismiss(({ signal }) => (signal?.aborted === true ? cancelled(signal) : null));
      if (this.#waiting.length === 0) continue;
      if (this.#begin()) await this.#commitTogether(this.#waiting.splice(0, groupLimit));
      else await this.#pauseLocked();
    }
    this.#drained = null;
  }

  // Who was answered by the last commit asks again while those it kept waiting are taken in: without a further turn the two would commit
  // in halves for ever, at twice the fsyncs. A turn that brings nobody ends it, so an idle store waits for one turn only.
  async #gather(): Promise<void> {
    for (let turn = 0; turn < gatheringTurns; turn += 1) {
      const before = this.#waiting.length;
      await nextTurn();
      if (this.#waiting.length === before || this.#waiting.length >= groupLimit) return;
    }
  }

  // Everybody keeps his own deadline while another process holds the lock.
  async #pauseLocked(): Promise<void> {
    const nowMs = performance.now();
    this.#dismiss(({ deadlineMs }) => (deadlineMs <= nowMs ? lockedTooLong() : null));
    if (this.#waiting.length > 0) await this.#pause();
  }

  #dismiss(reasonOf: (waiting: Waiting) => ServiceError | null): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const each of waiting) {
      const reason = reasonOf(each);
      if (reason === null) this.#waiting.push(each);
      else each.reject(reason);
    }
  }

  #begin(): boolean {
    try {
      return this.#connection.tryBegin();
    } catch (error) {
      for (const { reject } of this.#waiting.splice(0)) reject(error);
      return false;
    }
  }

  async #commitTogether(group: readonly Waiting[]): Promise<void> {
    try {
      const settles: Settle[] = [];
      for (const waiting of group) settles.push(await this.#runOne(waiting));
      this.#connection.execute('COMMIT');
      for (const settle of settles) settle();
    } catch (error) {
      const failure = this.#abandon(error);
      for (const { reject } of group) reject(failure);
    }
  }

  /** Throws only when the whole group is lost. */
  async #runOne({ work, resolve, reject }: Waiting): Promise<Settle> {
    const session = new Session(this.#connection, this.#options.clock);
    this.#connection.execute('SAVEPOINT work');
    try {
      const value = await withinThisTurn(work, session);
      if (session.failure !== null) throw session.failure;
      this.#connection.execute('RELEASE work');
      return () => resolve(value);
    } catch (error) {
      if (session.failure !== null) throw session.failure;
      this.#connection.execute('ROLLBACK TO work; RELEASE work');
      return () => reject(error);
    } finally {
      session.end();
    }
  }

  #abandon(error: unknown): unknown {
    try {
      this.#connection.rollback();
      return error;
    } catch (rollbackError) {
      return new ServiceError('store_unavailable', 'sqlite: a transaction could not be rolled back', { cause: [error, rollbackError] });
    }
  }

  async #pause(): Promise<void> {
    await sleep(1 + this.#options.random() * maxPauseMs);
  }
}

// A session's answers are there at once, so a callback that lets the event loop turn waits for something else while it holds the
// write lock of everybody.
async function withinThisTurn(work: Work<unknown>, session: Session): Promise<unknown> {
  let turned: NodeJS.Immediate | undefined;
  const overrun = new Promise<never>((_resolve, reject) => {
    turned = setImmediate(() => {
      reject(new ServiceError('internal', 'a transaction callback waited for something other than its transaction'));
    });
  });
  try {
    return await Promise.race([work(session), overrun]);
  } finally {
    clearImmediate(turned);
  }
}

function cancelled(signal: AbortSignal): ServiceError {
  return new ServiceError('cancelled', 'the work was cancelled', { cause: signal.reason });
}

function lockedTooLong(): ServiceError {
  return new ServiceError('store_unavailable', 'sqlite: the write lock was not free in time');
}
