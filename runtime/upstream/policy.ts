// How patient the service is with an upstream: deadlines, retries, the retry budget and the circuit breaker.

export interface CallPolicy {
  /** Deadline of one attempt. */
  readonly attemptMs: number;
  /** Deadline of the call: attempts and the pauses between them. */
  readonly totalMs: number;
  readonly maxAttempts: number;
  /** The pause before retry n is uniform in [0, min(cap, base * 2^n)). */
  readonly backoffBaseMs: number;
  readonly backoffCapMs: number;
  /** Retries that each call earns for its upstream: 0.1 keeps them under a tenth of the calls in an outage. */
  readonly retriesPerCall: number;
  /** Most unspent retries kept; also what an upstream starts with. */
  readonly retriesKept: number;
  /** The breaker opens when more than half of the last `breakerWindow` attempts, and at least `breakerMinimum`, failed. */
  readonly breakerWindow: number;
  readonly breakerMinimum: number;
  /** How long an open breaker refuses calls before it lets one through as a probe. */
  readonly breakerOpenMs: number;
}

export const defaultCallPolicy: CallPolicy = {
  attemptMs: 1_000,
  totalMs: 3_000,
  maxAttempts: 3,
  backoffBaseMs: 50,
  backoffCapMs: 1_000,
  retriesPerCall: 0.1,
  retriesKept: 10,
  breakerWindow: 20,
  breakerMinimum: 10,
  breakerOpenMs: 2_000,
};
