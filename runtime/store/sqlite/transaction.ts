// Group commit: transactions that wait together share one BEGIN..COMMIT, and so one sync of the log. A savepoint for each would cost as much as its
// rows, so a group does without: when one of it fails after it has written, all of it runs again, this time each in a savepoint.
import { clearImmediate, setImmediate } from 'node:timers';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { ServiceError } from '../../errors.ts';
import type { Metrics } from '../../metrics.ts';
import { measured } from '../measured.ts';
import type { Checkpoints } from './checkpoints.ts';
import type { Connection } from './database.ts';
import { Conflict } from './failure.ts';
import type { LogSync } from './log-sync.ts';
import { type Changes, Session, type DatabaseClock } from './session.ts';

/** More would keep requests waiting for longer than their common commit saves. */
const groupLimit = 32;
const lockDeadlineMs = 5_000;
const lockedForMs = 1_000;
const maxReruns = 5;
const maxPauseMs = 20;

/** Touches nothing but its session; runs again after a conflict. */
export type Work<Result> = (session: Session) => Promise<Result> | Result;

export interface CommitterOptions {
  readonly clock: DatabaseClock;
  readonly logSync: LogSync;
  /** Without them SQLite makes its checkpoints within commits. */
  readonly checkpoints?: Checkpoints | undefined;
  readonly changes?: Changes;
  readonly watcher?: TransactionWatcher;
  /** Uniform in [0, 1): jitter. */
  readonly random: () => number;
  readonly metrics: Metrics | undefined;
}

/** Hears of the transactions of this connection, one at a time. */
export interface TransactionWatcher {
  /** Nobody else can commit from now on. */
  began(): void;
  /** A part of what was changed since then has been undone. */
  undone(): void;
  /** What was read before may be old. */
  ended(committed: boolean): void;
}

interface Waiting {
  readonly work: Work<unknown>;
  /** Whether a failure of it, or of one it shared a group with, has to be kept from the others. */
  apart: boolean;
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
  /** Of the group that was committed last. */
  #told: Promise<void> = Promise.resolve();
  #closed = false;
  /** Since when another process has held the lock that somebody here waits for; null when the last attempt got it. */
  #lockedSinceMs: number | null = null;

  constructor(connection: Connection, options: CommitterOptions) {
    this.#connection = connection;
    this.#options = options;
  }

  /** Resolves only after the commit. Throws `store_unavailable`, `store_conflict`, `cancelled`, or what `work` threw. */
  transact<Result>(work: Work<Result>, signal?: AbortSignal): Promise<Result> {
    return measured(this.#options.metrics, () => this.#rerunning(work, signal));
  }

  /** Throws `store_unavailable` while nothing could be written for longer than a moment. */
  check(): void {
    this.#options.logSync.check();
    if (this.#lockedSinceMs !== null && performance.now() - this.#lockedSinceMs > lockedForMs) throw lockedTooLong();
  }

  /** Lets what waits be committed, then takes nothing more. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#drained;
    await this.#told;
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
      this.#waiting.push({ work, apart: false, signal, deadlineMs: performance.now() + lockDeadlineMs, resolve, reject });
    });
    this.#drained ??= this.#drain();
    return submitted as Promise<Result>;
  }

  async #drain(): Promise<void> {
    for (await this.#gathered(); this.#waiting.length > 0; await this.#gathered()) {
      this.#dismiss(({ signal }) => (signal?.aborted === true ? cancelled(signal) : null));
      if (this.#waiting.length === 0) continue;
      if (this.#begin()) {
        this.#lockedSinceMs = null;
        await this.#commitTogether(this.#waiting.splice(0, groupLimit));
        await this.#options.checkpoints?.keepShort(this.#connection);
      } else await this.#pauseLocked();
    }
    this.#drained = null;
  }

  /**
   * Whoever comes while the group before is brought to the disk goes together, and whoever comes within the same turn of the event loop: a
   * sync of their own would have to wait for that one anyway.
   */
  async #gathered(): Promise<void> {
    await this.#told;
    await nextTurn();
  }

  // Everybody keeps his own deadline while another process holds the lock.
  async #pauseLocked(): Promise<void> {
    const nowMs = performance.now();
    this.#lockedSinceMs ??= nowMs;
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
      this.#options.logSync.check();
      return this.#connection.tryBegin();
    } catch (error) {
      for (const { reject } of this.#waiting.splice(0)) reject(error);
      return false;
    }
  }

  async #commitTogether(group: readonly Waiting[]): Promise<void> {
    const watch = new TurnWatch();
    try {
      this.#options.watcher?.began();
      const settles: Settle[] = [];
      for (const waiting of group) settles.push(await this.#runOne(waiting, watch));
      this.#connection.commit();
      this.#options.watcher?.ended(true);
      this.#told = this.#tell(group, settles);
    } catch (error) {
      const failure = this.#abandon(error);
      if (failure instanceof Tangled && group.length > 1) this.#rerunApart(group);
      else for (const { reject } of group) reject(failure instanceof Tangled ? failure.cause : failure);
    } finally {
      watch.end();
    }
  }

  async #tell(group: readonly Waiting[], settles: readonly Settle[]): Promise<void> {
    try {
      await this.#options.logSync.durable();
      for (const settle of settles) settle();
    } catch (error) {
      for (const { reject } of group) reject(error);
    }
  }

  #rerunApart(group: readonly Waiting[]): void {
    for (const waiting of group) waiting.apart = true;
    this.#waiting.unshift(...group);
  }

  /** Throws only when the whole group is lost, or has to run again. */
  async #runOne({ work, apart, resolve, reject }: Waiting, watch: TurnWatch): Promise<Settle> {
    const session = new Session(this.#connection, this.#options.clock, this.#options.changes);
    if (apart) this.#connection.savepoint();
    try {
      const value = await watch.during(() => work(session));
      if (session.failure !== null) throw session.failure;
      if (apart) this.#connection.release();
      return () => resolve(value);
    } catch (error) {
      if (session.failure !== null) throw session.failure;
      if (apart) this.#undo();
      else if (session.hasWritten) throw new Tangled('a failed transaction has written beside others', { cause: error });
      return () => reject(error);
    } finally {
      session.end();
    }
  }

  #undo(): void {
    this.#connection.rollbackToSavepoint();
    this.#options.watcher?.undone();
  }

  #abandon(error: unknown): unknown {
    try {
      this.#connection.rollback();
      return error;
    } catch (rollbackError) {
      return new ServiceError('store_unavailable', 'sqlite: a transaction could not be rolled back', { cause: [error, rollbackError] });
    } finally {
      this.#options.watcher?.ended(false);
    }
  }

  async #pause(): Promise<void> {
    await sleep(1 + this.#options.random() * maxPauseMs);
  }
}

class Tangled extends Error {
  override readonly name = 'Tangled';
}

/**
 * A session's answers are there at once, so a callback that lets the event loop turn waits for something else while it holds the write
 * lock of everybody. One for a group, whose callbacks follow each other within a turn.
 */
class TurnWatch {
  #turn: NodeJS.Immediate | null = null;
  #overrun: (error: ServiceError) => void = () => {};

  during(work: () => unknown): Promise<unknown> {
    this.#turn ??= setImmediate(() => this.#turned());
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#overrun = reject;
    // Not `resolve(promise)`: a promise that follows another can no longer be rejected.
    (async () => work())().then(resolve, reject);
    return promise;
  }

  end(): void {
    if (this.#turn !== null) clearImmediate(this.#turn);
  }

  #turned(): void {
    this.#turn = null;
    this.#overrun(new ServiceError('internal', 'a transaction callback waited for something other than its transaction'));
  }
}

function cancelled(signal: AbortSignal): ServiceError {
  return new ServiceError('cancelled', 'the work was cancelled', { cause: signal.reason });
}

function lockedTooLong(): ServiceError {
  return new ServiceError('store_unavailable', 'sqlite: the write lock was not free in time');
}
