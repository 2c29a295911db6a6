// Distributed locks over lease rows: takes one, prolongs it at a third of its life, and tells the holder the moment it cannot be
// sure of it any more. That moment is measured on the local monotonic clock, so a process that was paused notices on waking.
import { describeError, ServiceError } from '../errors.ts';
import type { HeldLock, Lease, LeaseTable, Locks } from '../lock.ts';
import type { Log } from '../log.ts';

export interface LockOptions {
  /** Unique to this process. */
  readonly owner: string;
  readonly ttlMs: number;
  readonly log: Log;
}

const prolongationsPerLease = 3;
/** A prolongation that failed is tried again this many times within the lease. */
const retriesPerLease = 12;

/** A lock that this process holds has another holder for everybody in it too: `tryAcquire` answers null. */
export function createLocks(leases: LeaseTable, options: LockOptions): Locks {
  const taken = new Set<string>();
  return {
    async tryAcquire(name, signal): Promise<HeldLock | null> {
      throwIfCancelled(name, signal);
      if (taken.has(name)) return null;
      taken.add(name);
      const held = await acquire(leases, options, name, () => taken.delete(name)).catch((error: unknown) => {
        taken.delete(name);
        throw error;
      });
      if (held === null) taken.delete(name);
      else held.follow(signal);
      return held;
    },
  };
}

async function acquire(leases: LeaseTable, options: LockOptions, name: string, forget: () => void): Promise<LeaseHolder | null> {
  const askedAtMs = performance.now();
  const lease = await leases.acquire(name, options.owner, options.ttlMs);
  return lease === null ? null : new LeaseHolder({ leases, options, lease, forget }, askedAtMs);
}

function throwIfCancelled(name: string, signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw new ServiceError('cancelled', `taking the lock ${name} was cancelled`, { cause: signal.reason });
}

interface Holding {
  readonly leases: LeaseTable;
  readonly options: LockOptions;
  readonly lease: Lease;
  /** Lets this process ask for the lock again. */
  readonly forget: () => void;
}

class LeaseHolder implements HeldLock {
  readonly lease: Lease;
  readonly #holding: Holding;
  readonly #aborter = new AbortController();
  #endsAtMs = 0;
  #prolongation: NodeJS.Timeout | undefined;
  #end: NodeJS.Timeout | undefined;
  #released: Promise<void> | null = null;
  #unfollow: () => void = () => {};

  /** The lease counts from before it was asked for: the database granted it later, so it can only last longer. */
  constructor(holding: Holding, askedAtMs: number) {
    this.lease = holding.lease;
    this.#holding = holding;
    this.#extendUntil(askedAtMs + holding.options.ttlMs);
    this.#prolongIn(holding.options.ttlMs / prolongationsPerLease);
  }

  get signal(): AbortSignal {
    return this.#aborter.signal;
  }

  follow(outer: AbortSignal | undefined): void {
    if (outer === undefined) return;
    const stop = (): void => this.#stop(outer.reason);
    outer.addEventListener('abort', stop, { once: true });
    this.#unfollow = () => outer.removeEventListener('abort', stop);
    if (outer.aborted) stop();
  }

  release(): Promise<void> {
    this.#released ??= this.#giveBack();
    return this.#released;
  }

  // A lease that could not be given back ends by itself.
  async #giveBack(): Promise<void> {
    this.#cancelTimers();
    this.#unfollow();
    const { leases, options, lease, forget } = this.#holding;
    try {
      await leases.release(lease);
    } catch (error) {
      options.log.warn({ lock: lease.name, error: describeError(error) }, 'a lock could not be released; it will expire');
    } finally {
      forget();
    }
  }

  #extendUntil(endsAtMs: number): void {
    this.#endsAtMs = endsAtMs;
    clearTimeout(this.#end);
    this.#end = setTimeout(() => this.#lose('its lease ended before it was prolonged'), endsAtMs - performance.now());
  }

  #prolongIn(delayMs: number): void {
    this.#prolongation = setTimeout(() => void this.#prolong(), delayMs);
  }

  async #prolong(): Promise<void> {
    const { leases, options, lease } = this.#holding;
    const askedAtMs = performance.now();
    if (askedAtMs >= this.#endsAtMs) return this.#lose('its lease ended before it was prolonged');
    const answer = await leases.prolong(lease, options.ttlMs).catch((error: unknown) => this.#noteFailure(error));
    if (this.#stopped) return undefined;
    if (answer === false) return this.#lose('another holder took it or its lease ran out');
    if (answer === true) this.#extendUntil(askedAtMs + options.ttlMs);
    return this.#prolongIn(options.ttlMs / (answer === true ? prolongationsPerLease : retriesPerLease));
  }

  #noteFailure(error: unknown): null {
    this.#holding.options.log.warn({ lock: this.lease.name, error: describeError(error) }, 'a lock could not be prolonged; trying again');
    return null;
  }

  get #stopped(): boolean {
    return this.signal.aborted || this.#released !== null;
  }

  #lose(reason: string): void {
    this.#holding.options.log.warn({ lock: this.lease.name, epoch: this.lease.epoch }, `lock lost: ${reason}`);
    this.#stop(new ServiceError('lock_lost', `the lock ${this.lease.name} was lost: ${reason}`));
  }

  #stop(reason: unknown): void {
    this.#cancelTimers();
    this.#aborter.abort(reason);
  }

  #cancelTimers(): void {
    clearTimeout(this.#prolongation);
    clearTimeout(this.#end);
  }
}
