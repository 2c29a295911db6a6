// Repeating what may succeed later: full jitter, within a budget of time.
import { setTimeout as sleep } from 'node:timers/promises';
import { isRetriable, YtError } from './errors.ts';

export interface RetryPolicy {
  /** From the first failure to the start of the last attempt. */
  readonly budgetMs: number;
  /** Upper bound of the first pause; it doubles with every attempt. */
  readonly baseMs: number;
  readonly capMs: number;
}

export interface RetrySettings {
  readonly policy: RetryPolicy;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly retries?: (error: unknown) => boolean;
}

export interface Backoff {
  /** Waits before the next attempt, or throws `error` when there must be none. */
  pause(error: unknown, signal?: AbortSignal): Promise<void>;
  /** Progress was made: the budget and the pauses begin anew. */
  reset(): void;
}

export function createBackoff(settings: RetrySettings): Backoff {
  const retries = settings.retries ?? isRetriable;
  let failingSinceMs: number | null = null;
  let attempts = 0;
  return {
    reset() {
      failingSinceMs = null;
      attempts = 0;
    },
    async pause(error, signal) {
      signal?.throwIfAborted();
      if (!retries(error)) throw error;
      const delayMs = nextDelayMs(settings, attempts, error);
      failingSinceMs ??= performance.now();
      if (performance.now() - failingSinceMs + delayMs > settings.policy.budgetMs) throw error;
      attempts += 1;
      await wait(delayMs, signal);
    },
  };
}

/** `attempt` is given how many attempts came before it. */
export async function retrying<Result>(settings: RetrySettings, attempt: (before: number) => Promise<Result>, signal?: AbortSignal): Promise<Result> {
  const backoff = createBackoff(settings);
  for (let before = 0; ; before += 1) {
    try {
      return await attempt(before);
    } catch (error) {
      await backoff.pause(error, signal);
    }
  }
}

function nextDelayMs({ policy, random }: RetrySettings, attempts: number, error: unknown): number {
  const jittered = random() * Math.min(policy.capMs, policy.baseMs * 2 ** attempts);
  const asked = error instanceof YtError ? error.retryAfterMs : null;
  return Math.max(jittered, asked ?? 0);
}

/** Throws the reason of the signal. */
export async function wait(delayMs: number, signal?: AbortSignal): Promise<void> {
  try {
    await sleep(delayMs, undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    // The reason tells a lost transaction from a caller who gave up; the timer's own error does not.
    signal?.throwIfAborted();
    throw error;
  }
}
