// When a failed task is tried again: full jitter under an exponential cap, so that an outage's end is not met by all at once.
// After https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/ ("Full Jitter").
import { asServiceError } from '../errors.ts';

const baseMs = 500;
const capMs = 5 * 60_000;
/** Failures of our own making are not outages: past this many runs an operator has to look. */
const maxAttempts = 8;

export type Verdict = { readonly verdict: 'retry'; readonly delayMs: number } | { readonly verdict: 'bury' };

/** An outage is retried for as long as it lasts; anything else ends as a dead letter. `random` is uniform in [0, 1). */
export function judgeFailure(error: unknown, attempt: number, random: () => number): Verdict {
  const known = asServiceError(error);
  if (known.code === 'payload_malformed') return { verdict: 'bury' };
  if (!known.retryable && attempt >= maxAttempts) return { verdict: 'bury' };
  return { verdict: 'retry', delayMs: pauseMs(attempt, random) };
}

/** Before the next attempt, after so many failed ones. */
export function pauseMs(attempt: number, random: () => number): number {
  return Math.ceil(random() * Math.min(capMs, baseMs * 2 ** Math.min(attempt - 1, 20)));
}
