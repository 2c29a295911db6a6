// What every lease table promises, and that nobody writes under a lease he has lost.
import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import type { Lease } from '../../runtime/lock.ts';
import { createLocks } from '../../runtime/lock/lease.ts';
import { newTask } from './records.ts';
import { type OpenStore, storeOfEachTest } from './store-under-test.ts';

const ttlMs = 10_000;
const log = pino({ level: 'silent' });

export function lockSuite(name: string, open: OpenStore): void {
  describe(`${name}: locks`, () => {
    const under = storeOfEachTest(open);
    const take = async (owner: string, lock = 'job'): Promise<Lease> => {
      const lease = await under().leases.acquire(lock, owner, ttlMs);
      if (lease === null) throw new TypeError('the lock is taken');
      return lease;
    };

    test('gives a lock to one owner at a time, and each name its own', async () => {
      const { leases } = under();
      expect(await take('a')).toEqual({ name: 'job', owner: 'a', epoch: 1 });
      expect(await leases.acquire('job', 'b', ttlMs)).toBeNull();
      expect(await take('b', 'other')).toMatchObject({ name: 'other', epoch: 1 });
    });

    test('gives a lock to one of many owners that ask at once', async () => {
      const { leases } = under();
      const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => leases.acquire('job', `owner-${index}`, ttlMs)));
      expect(answers.filter((lease) => lease !== null)).toHaveLength(1);
    });

    test('lets a lease end by the database’s clock and grows the epoch with the next holder', async () => {
      const { leases, passTime } = under();
      const lost = await take('a');
      passTime(ttlMs - 1);
      expect(await leases.acquire('job', 'b', ttlMs)).toBeNull();
      passTime(1);
      expect(await leases.prolong(lost, ttlMs)).toBe(false);
      expect(await take('b')).toMatchObject({ epoch: 2 });
      expect(await leases.prolong(lost, ttlMs)).toBe(false);
    });

    test('keeps a lock that is prolonged in time', async () => {
      const { leases, passTime } = under();
      const lease = await take('a');
      passTime(ttlMs - 1);
      expect(await leases.prolong(lease, ttlMs)).toBe(true);
      passTime(ttlMs - 1);
      expect(await leases.acquire('job', 'b', ttlMs)).toBeNull();
    });

    test('frees a released lock at once, and keeps counting its epochs', async () => {
      const { leases } = under();
      const lease = await take('a');
      await leases.release(lease);
      expect(await leases.prolong(lease, ttlMs)).toBe(false);
      expect(await take('b')).toMatchObject({ epoch: 2 });
    });

    test('does not let a former holder release the lock of the present one', async () => {
      const { leases, passTime } = under();
      const former = await take('a');
      passTime(ttlMs);
      await take('b');
      await leases.release(former);
      expect(await leases.acquire('job', 'c', ttlMs)).toBeNull();
    });

    test('fences an owner’s older lease off when he takes the lock anew', async () => {
      const { leases } = under();
      const older = await take('a');
      expect(await take('a')).toMatchObject({ epoch: 2 });
      expect(await leases.prolong(older, ttlMs)).toBe(false);
    });

    test('commits the writes of a holder', async () => {
      const { store } = under();
      const lease = await take('a');
      await store.transact(async (tx) => {
        await tx.assertLease(lease);
        await tx.putJobState('cursor', 'moved');
      });
      expect(await store.jobState('cursor')).toBe('moved');
    });

    test.each([
      ['ran out', async () => under().passTime(ttlMs)],
      ['was released', async (lease: Lease) => under().leases.release(lease)],
      ['passed to another', async () => { under().passTime(ttlMs); await take('b'); }],
      ['was taken anew by its owner', async () => void await take('a')],
    ])('rolls a whole transaction back when its lease %s', async (_how, lose) => {
      const { store, tasks } = under();
      const lease = await take('a');
      await lose(lease);
      const late = store.transact(async (tx) => {
        await tx.putJobState('cursor', 'stale');
        await tx.enqueue(newTask({ id: 'stale' }));
        await tx.assertLease(lease);
      });
      await expect(late).rejects.toMatchObject({ code: 'lock_lost' });
      expect(await store.jobState('cursor')).toBeNull();
      expect(await tasks.find('stale')).toBeNull();
    });

    test('excludes a second process through its own locks, until the first releases', async () => {
      const { leases, store } = under();
      const [one, two] = ['one', 'two'].map((owner) => createLocks(leases, { owner, ttlMs, log }));
      const held = await one?.tryAcquire('job');
      expect(await two?.tryAcquire('job')).toBeNull();
      await store.transact((tx) => tx.assertLease(held?.lease ?? { name: 'job', owner: 'nobody', epoch: 0 }));
      await held?.release();
      const next = await two?.tryAcquire('job');
      expect(next?.lease.epoch).toBe(2);
      await next?.release();
    });
  });
}
