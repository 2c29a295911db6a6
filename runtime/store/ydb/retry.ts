// How often an attempt is made again: a few conflicts, more transient failures, and never past the deadline.
import { setTimeout as sleep } from 'node:timers/promises';
import { ServiceError } from '../../errors.ts';
import { serviceErrorOf, YdbFailure } from './failure.ts';

export interface RetryOptions {
  /** Uniform in [0, 1): jitter. */
  readonly random: () => number;
  readonly budgetMs: number;
  /** While it is not, statements may fail for want of a table or a column that is on its way. */
  readonly schemaIsCurrent?: () => boolean;
}

export const maxConflicts = 5;
const maxTransients = 12;
const basePauseMs = 5;
const overloadedPauseMs = 50;
const longestPauseMs = 1_000;

/** Counts the failures of one operation and paces its attempts. */
export class Patience {
  readonly #options: RetryOptions;
  readonly #deadlineMs: number;
  #conflicts = 0;
  #transients = 0;

  constructor(options: RetryOptions) {
    this.#options = options;
    this.#deadlineMs = performance.now() + options.budgetMs;
  }

  /** Resolves when another attempt is due; throws what the caller is told when there is none. */
  async after(failure: unknown): Promise<void> {
    if (!(failure instanceof YdbFailure)) throw failure;
    const spent = failure.kind === 'conflict' ? this.#conflicts++ >= maxConflicts : this.#transients++ >= maxTransients;
    if (failure.kind === 'fatal' && this.#options.schemaIsCurrent?.() === false) throw schemaIsOld(failure);
    if (failure.kind === 'fatal' || spent) throw serviceErrorOf(failure);
    const pauseMs = this.#pauseMs(failure);
    if (performance.now() + pauseMs > this.#deadlineMs) throw serviceErrorOf(failure);
    await sleep(pauseMs);
  }

  // The first repetition comes almost at once; jitter parts those who met.
  #pauseMs({ overloaded }: YdbFailure): number {
    const doublings = Math.max(0, this.#conflicts + this.#transients - 1);
    const longest = Math.min(longestPauseMs, (overloaded ? overloadedPauseMs : basePauseMs) * 2 ** doublings);
    return longest * (1 - this.#options.random() / 2);
  }
}

/** For operations that may be repeated whatever became of the attempt before: reads, and writes under a fence. */
export async function retrying<Result>(options: RetryOptions, attempt: (previous: unknown) => Promise<Result>): Promise<Result> {
  const patience = new Patience(options);
  for (let previous: unknown = null; ; ) {
    try {
      return await attempt(previous);
    } catch (error) {
      await patience.after(error);
      previous = error;
    }
  }
}

export function schemaIsOld(cause?: unknown): ServiceError {
  return new ServiceError('store_unavailable', 'the schema is not up to date yet', { cause });
}

export function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw new ServiceError('cancelled', 'the work was cancelled', { cause: signal.reason });
}
