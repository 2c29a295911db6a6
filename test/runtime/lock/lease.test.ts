// The holder's side of a lock: prolonging in time, and noticing in time that it cannot. Time is under the test's hand.
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { HeldLock, Lease, LeaseTable, Locks } from '../../../runtime/lock.ts';
import { createLocks } from '../../../runtime/lock/lease.ts';

const ttlMs = 15_000;

/** A table whose answers the test chooses, and which notes what it was asked. */
class ScriptedLeases implements LeaseTable {
  acquired: (name: string) => Promise<Lease | null> = async (name) => ({ name, owner: 'me', epoch: 1 });
  prolonged: () => Promise<boolean> = async () => true;
  released: () => Promise<void> = async () => {};
  prolongations = 0;
  releases = 0;

  acquire(name: string): Promise<Lease | null> {
    return this.acquired(name);
  }

  prolong(): Promise<boolean> {
    this.prolongations += 1;
    return this.prolonged();
  }

  release(): Promise<void> {
    this.releases += 1;
    return this.released();
  }
}

let leases: ScriptedLeases;
let locks: Locks;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  leases = new ScriptedLeases();
  locks = createLocks(leases, { owner: 'me', ttlMs, log: pino({ level: 'silent' }) });
});
afterEach(() => {
  vi.useRealTimers();
});

async function hold(signal?: AbortSignal): Promise<HeldLock> {
  const held = await locks.tryAcquire('job', signal);
  if (held === null) throw new TypeError('the lock is taken');
  return held;
}

test('prolongs at every third of the lease for as long as it is held', async () => {
  const held = await hold();
  await vi.advanceTimersByTimeAsync(10 * ttlMs);
  expect(leases.prolongations).toBe(30);
  expect(held.signal.aborted).toBe(false);
  await held.release();
  await vi.advanceTimersByTimeAsync(10 * ttlMs);
  expect(leases.prolongations).toBe(30);
  expect(vi.getTimerCount()).toBe(0);
});

test('aborts as soon as a prolongation is refused', async () => {
  const held = await hold();
  leases.prolonged = async () => false;
  await vi.advanceTimersByTimeAsync(ttlMs / 3);
  expect(held.signal.aborted).toBe(true);
  expect(held.signal.reason).toMatchObject({ code: 'lock_lost' });
  await vi.advanceTimersByTimeAsync(ttlMs);
  expect(leases.prolongations).toBe(1);
});

test('aborts at the end of the lease when no prolongation gets through', async () => {
  const held = await hold();
  leases.prolonged = async () => {
    throw new RangeError('no database');
  };
  await vi.advanceTimersByTimeAsync(ttlMs - 1);
  expect(held.signal.aborted).toBe(false);
  expect(leases.prolongations).toBeGreaterThan(5);
  await vi.advanceTimersByTimeAsync(1);
  expect(held.signal.reason).toMatchObject({ code: 'lock_lost' });
});

test('aborts at the end of the lease when a prolongation never answers', async () => {
  const held = await hold();
  leases.prolonged = () => new Promise(() => {});
  await vi.advanceTimersByTimeAsync(ttlMs);
  expect(held.signal.aborted).toBe(true);
});

test('keeps the lock when a prolongation gets through after failures', async () => {
  const held = await hold();
  let failures = 3;
  leases.prolonged = async () => {
    failures -= 1;
    if (failures >= 0) throw new RangeError('no database');
    return true;
  };
  await vi.advanceTimersByTimeAsync(5 * ttlMs);
  expect(held.signal.aborted).toBe(false);
});

test('notices on waking that it slept past its lease, before it asks for anything', async () => {
  const held = await hold();
  const asleepMs = performance.now() + ttlMs;
  vi.spyOn(performance, 'now').mockReturnValue(asleepMs);
  await vi.advanceTimersByTimeAsync(ttlMs / 3);
  expect(held.signal.aborted).toBe(true);
  expect(leases.prolongations).toBe(0);
  vi.restoreAllMocks();
});

test('counts the lease from before the database was asked', async () => {
  let grant: (lease: Lease) => void = () => {};
  leases.acquired = () => new Promise((resolve) => {
    grant = resolve;
  });
  leases.prolonged = () => new Promise(() => {});
  const asking = hold();
  await vi.advanceTimersByTimeAsync(ttlMs - 10);
  grant({ name: 'job', owner: 'me', epoch: 1 });
  const held = await asking;
  await vi.advanceTimersByTimeAsync(10);
  expect(held.signal.aborted).toBe(true);
});

test('answers null while this very process holds the lock, until it releases', async () => {
  const held = await hold();
  expect(await locks.tryAcquire('job')).toBeNull();
  expect(await locks.tryAcquire('other')).not.toBeNull();
  await held.release();
  expect(await locks.tryAcquire('job')).not.toBeNull();
});

test('can be asked again after another had the lock or the table failed', async () => {
  const granted = leases.acquired;
  leases.acquired = async () => null;
  expect(await locks.tryAcquire('job')).toBeNull();
  leases.acquired = async () => {
    throw new RangeError('no database');
  };
  await expect(locks.tryAcquire('job')).rejects.toThrow('no database');
  leases.acquired = granted;
  expect(await locks.tryAcquire('job')).not.toBeNull();
});

test('releases once, however often it is told to, and outlives a failing release', async () => {
  const held = await hold();
  leases.released = async () => {
    throw new RangeError('no database');
  };
  await Promise.all([held.release(), held.release()]);
  await held.release();
  expect(leases.releases).toBe(1);
  expect(await locks.tryAcquire('job')).not.toBeNull();
});

test('an outer signal stops the holder and its prolongations', async () => {
  const outer = new AbortController();
  const held = await hold(outer.signal);
  outer.abort(new RangeError('shutting down'));
  expect(held.signal.reason).toEqual(new RangeError('shutting down'));
  await vi.advanceTimersByTimeAsync(10 * ttlMs);
  expect(leases.prolongations).toBe(0);
  await held.release();
  expect(leases.releases).toBe(1);
});

test('takes no lock for a caller who has been cancelled', async () => {
  await expect(locks.tryAcquire('job', AbortSignal.abort())).rejects.toMatchObject({ code: 'cancelled' });
});
