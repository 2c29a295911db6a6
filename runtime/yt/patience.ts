// Work in a transaction that another one stands in the way of: the lock is free again in a moment, so it is tried again, with jitter.
import { setTimeout as sleep } from 'node:timers/promises';
import { YtError } from 'ytsaurus-client';

export interface Patience {
  readonly budgetMs: number;
  /** Upper bound of the first pause; it doubles with every attempt. */
  readonly baseMs: number;
  /** Uniform in [0, 1): jitter. */
  readonly random: () => number;
}

/** `work` begins a new transaction each time. */
export async function patiently<Result>(
  { budgetMs, baseMs, random }: Patience,
  work: () => Promise<Result>,
  signal?: AbortSignal,
): Promise<Result> {
  const endMs = performance.now() + budgetMs;
  for (let attempt = 0; ; attempt += 1) {
    signal?.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      const pauseMs = Math.ceil(random() * baseMs * 2 ** attempt);
      if (!(error instanceof YtError) || error.class !== 'conflict' || performance.now() + pauseMs > endMs) throw error;
      await sleep(pauseMs, undefined, signal === undefined ? {} : { signal });
    }
  }
}
