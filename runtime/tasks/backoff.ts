// When a failed task is tried again: full jitter under an exponential cap, so that an outage's end is not met by all at once.
// After https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/ ("Full Jitter").
import { asServiceError } from '../errors.ts';
import type { ClaimedTask } from '../tasks.ts';

type Runs = Pick<ClaimedTask, 'attempt' | 'refusals'>;

const baseMs = 500;
const capMs = 5 * 60_000;
/** Failures that are no outages: at this many an operator has to look. */
const maxRefusals = 8;

export type Verdict = { readonly verdict: 'retry'; readonly delayMs: number; readonly refused: boolean } | { readonly verdict: 'bury' };

/**
 * An outage is retried for as long as it lasts, and counts for nothing; anything else ends as a dead letter when it has come too often.
 * `random` is uniform in [0, 1).
 */
export function judgeFailure(error: unknown, { attempt, refusals }: Runs, random: () => number): Verdict {
  const known = asServiceError(error);
  const refused = !known.retryable;
  if (known.code === 'payload_malformed') return { verdict: 'bury' };
  if (refused && refusals + 1 >= maxRefusals) return { verdict: 'bury' };
  return { verdict: 'retry', delayMs: pauseMs(attempt, random), refused };
}

/** Before the next attempt, after so many failed ones. */
export function pauseMs(attempt: number, random: () => number): number {
  return Math.ceil(random() * Math.min(capMs, baseMs * 2 ** Math.min(attempt - 1, 20)));
}
