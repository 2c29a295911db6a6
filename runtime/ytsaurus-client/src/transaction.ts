// A master transaction kept alive by pings, and the signal that tells when it is lost.
import { setTimeout as sleep } from 'node:timers/promises';
import { callForField, callLight, type Calls } from './calls.ts';
import { isTransactionLost, YtError } from './errors.ts';

export interface TransactionOptions {
  readonly title?: string;
  /** The transaction dies this long after the last ping that arrived. */
  readonly timeoutMs?: number;
  readonly parentId?: string;
}

export interface Transaction {
  readonly id: string;
  /** Aborted when the transaction can no longer be trusted to be alive; work under it must stop. */
  readonly signal: AbortSignal;
  commit(signal?: AbortSignal): Promise<void>;
  /** Happens by itself every third of the timeout; throws when the transaction is lost. */
  ping(signal?: AbortSignal): Promise<void>;
  /** Nothing happens when the transaction is gone already. */
  abort(): Promise<void>;
}

const defaultTimeoutMs = 60_000;

export async function startTransaction(calls: Calls, options: TransactionOptions, signal?: AbortSignal): Promise<Transaction> {
  const timeoutMs = options.timeoutMs ?? defaultTimeoutMs;
  const parameters = {
    timeout: timeoutMs,
    ...(options.parentId === undefined ? {} : { transaction_id: options.parentId }),
    ...(options.title === undefined ? {} : { attributes: { title: options.title } }),
  };
  const id = String(await callForField(calls, { command: 'start_transaction', parameters, field: 'transaction_id' }, signal));
  return new PingedTransaction(calls, id, timeoutMs);
}

/** Commits when `work` succeeds, aborts when it throws. `work` must heed the transaction's signal. */
export async function inTransaction<Result>(
  calls: Calls,
  options: TransactionOptions,
  work: (transaction: Transaction) => Promise<Result>,
  signal?: AbortSignal,
): Promise<Result> {
  const transaction = await startTransaction(calls, options, signal);
  try {
    const result = await work(transaction);
    await transaction.commit(signal);
    return result;
  } catch (error) {
    await abandon(transaction);
    throw error;
  }
}

/** Aborts without a word: what is not aborted expires, and the failure that led here matters more than this one. */
export async function abandon(transaction: Transaction): Promise<void> {
  try {
    await transaction.abort();
  } catch {
    // The cluster drops the transaction by itself once its timeout passes.
  }
}

/** A signal of both; the transaction's alone when the caller gave none. */
export function bothSignals(transaction: Transaction, signal?: AbortSignal): AbortSignal {
  return signal === undefined ? transaction.signal : AbortSignal.any([transaction.signal, signal]);
}

class PingedTransaction implements Transaction {
  readonly id: string;
  readonly #calls: Calls;
  readonly #timeoutMs: number;
  readonly #lost = new AbortController();
  readonly #stop = new AbortController();

  constructor(calls: Calls, id: string, timeoutMs: number) {
    this.id = id;
    this.#calls = calls;
    this.#timeoutMs = timeoutMs;
    void this.#keepAlive();
  }

  get signal(): AbortSignal {
    return this.#lost.signal;
  }

  async commit(signal?: AbortSignal): Promise<void> {
    // A ping after a commit whose reply was lost would report a lost transaction, while the repeat learns of success.
    this.#stop.abort();
    await this.#finish('commit_transaction', signal);
  }

  async ping(signal?: AbortSignal): Promise<void> {
    await callLight(this.#calls, { command: 'ping_transaction', parameters: { transaction_id: this.id } }, signal);
  }

  async abort(): Promise<void> {
    this.#stop.abort();
    try {
      await this.#finish('abort_transaction', AbortSignal.timeout(this.#timeoutMs));
    } catch (error) {
      if (!isTransactionLost(error)) throw error;
    }
  }

  async #finish(command: 'commit_transaction' | 'abort_transaction', signal?: AbortSignal): Promise<void> {
    await callLight(this.#calls, { command, parameters: { transaction_id: this.id } }, signal);
  }

  async #keepAlive(): Promise<void> {
    const periodMs = this.#timeoutMs / 3;
    let aliveAtMs = performance.now();
    while (await this.#rest(periodMs)) {
      const sentAtMs = performance.now();
      const failure = await this.#ping(periodMs);
      if (failure === null) aliveAtMs = sentAtMs;
      else if (isTransactionLost(failure) || performance.now() - aliveAtMs > this.#timeoutMs) return this.#declareLost(failure);
    }
  }

  /** False when the pings are over. The timer does not keep the process alive: a transaction nobody waits for may expire. */
  async #rest(periodMs: number): Promise<boolean> {
    try {
      await sleep(periodMs, undefined, { signal: this.#stop.signal, ref: false });
      return true;
    } catch {
      return false;
    }
  }

  async #ping(budgetMs: number): Promise<unknown> {
    const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(budgetMs)]);
    try {
      await this.ping(signal);
      return null;
    } catch (error) {
      return error;
    }
  }

  #declareLost(cause: unknown): void {
    if (this.#stop.signal.aborted) return;
    const server = cause instanceof YtError ? cause.server : null;
    this.#lost.abort(new YtError(`transaction ${this.id} is lost`, { class: 'fatal', server }, { cause }));
  }
}
