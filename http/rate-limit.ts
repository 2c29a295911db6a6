// Token buckets: how fast one caller may ask. A shed valve against one caller's storm and no accounting: every process counts for
// itself, and what it forgets when there are too many callers is forgiven.
import { LRUCache } from 'lru-cache';
import { HttpProblem } from './problem.ts';

interface Bucket {
  left: number;
  atMs: number;
}

const remembered = 50_000;
const windowSeconds = 60;

export class RateLimiter {
  readonly #limit: number;
  readonly #perMs: number;
  readonly #elapsedMs: () => number;
  readonly #buckets = new LRUCache<string, Bucket>({ max: remembered });
  readonly #policy: Readonly<Record<string, string>>;

  /** A full bucket holds `perMinute` requests and is filled again within a minute. */
  constructor(perMinute: number, elapsedMs: () => number) {
    this.#limit = perMinute;
    this.#perMs = perMinute / (windowSeconds * 1000);
    this.#elapsedMs = elapsedMs;
    this.#policy = { 'RateLimit-Policy': `${perMinute};w=${windowSeconds}`, 'RateLimit-Limit': String(perMinute) };
  }

  /** Takes one. Answers what to tell the caller; throws 429 when there is none left. */
  take(key: string): Readonly<Record<string, string>> {
    const bucket = this.#bucketOf(key);
    if (bucket.left < 1) throw this.#refusal(bucket);
    bucket.left -= 1;
    return this.#told(bucket);
  }

  /** Throws 429 when there is none left; takes nothing. */
  assertLeft(key: string): void {
    const bucket = this.#buckets.peek(key) === undefined ? undefined : this.#bucketOf(key);
    if (bucket !== undefined && bucket.left < 1) throw this.#refusal(bucket);
  }

  #bucketOf(key: string): Bucket {
    const nowMs = this.#elapsedMs();
    const known = this.#buckets.get(key);
    if (known === undefined) {
      const full = { left: this.#limit, atMs: nowMs };
      this.#buckets.set(key, full);
      return full;
    }
    known.left = Math.min(this.#limit, known.left + (nowMs - known.atMs) * this.#perMs);
    known.atMs = nowMs;
    return known;
  }

  #told({ left }: Bucket): Readonly<Record<string, string>> {
    const resetSeconds = Math.ceil((this.#limit - left) / this.#perMs / 1000);
    return { ...this.#policy, 'RateLimit-Remaining': String(Math.floor(left)), 'RateLimit-Reset': String(resetSeconds) };
  }

  #refusal(bucket: Bucket): HttpProblem {
    const waitSeconds = Math.max(1, Math.ceil((1 - bucket.left) / this.#perMs / 1000));
    const headers = { ...this.#told(bucket), 'Retry-After': String(waitSeconds) };
    return new HttpProblem('too_many_requests', 'Too many requests: wait as long as Retry-After says.', headers);
  }
}

/** Null where there is no limit. */
export function rateLimiterOf(perMinute: number, elapsedMs: () => number): RateLimiter | null {
  return perMinute === 0 ? null : new RateLimiter(perMinute, elapsedMs);
}
