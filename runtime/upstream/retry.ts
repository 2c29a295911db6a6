// When to call again: pauses with full jitter, the server's Retry-After, and the budget that keeps retries from multiplying load.
import type { CallPolicy } from './policy.ts';

/** Full jitter: clients that failed together do not come back together. `attempt` counts from 1. */
export function backoffMs(policy: CallPolicy, attempt: number, random: () => number): number {
  return random() * Math.min(policy.backoffCapMs, policy.backoffBaseMs * 2 ** attempt);
}

/** Retry-After (RFC 9110 section 10.2.3) as a pause from `now`; 0 when absent, past or unreadable. */
export function retryAfterMs(header: string | string[] | undefined, now: number): number {
  if (typeof header !== 'string') return 0;
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1_000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? 0 : Math.max(0, at - now);
}

/** A token bucket filled by calls and emptied by retries: in an outage retries stay a fixed share of the calls. */
export class RetryBudget {
  readonly #perCall: number;
  readonly #most: number;
  #left: number;

  constructor(policy: CallPolicy) {
    this.#perCall = policy.retriesPerCall;
    this.#most = policy.retriesKept;
    this.#left = policy.retriesKept;
  }

  earn(): void {
    this.#left = Math.min(this.#most, this.#left + this.#perCall);
  }

  /** False when the budget is spent: the caller gives up instead of retrying. */
  spend(): boolean {
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}
