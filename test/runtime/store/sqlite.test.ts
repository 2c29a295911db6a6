// The shared suites on SQLite.
import { rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test } from 'vitest';
import { realTime } from '../../../runtime/clock.ts';
import type { ServiceError } from '../../../runtime/errors.ts';
import { openSqliteStore } from '../../../runtime/store/sqlite/store.ts';
import { lockSuite } from '../../suites/lock-suite.ts';
import { retentionSuite } from '../../suites/retention-suite.ts';
import { newTask, suiteStartMs } from '../../suites/records.ts';
import { storeSuite } from '../../suites/store-suite.ts';
import type { RetainingStore } from '../../suites/store-under-test.ts';
import { tasksSuite } from '../../suites/tasks-suite.ts';
import { freshFile } from './files.ts';

async function open(): Promise<RetainingStore> {
  const { file, directory } = freshFile();
  let databaseMs = suiteStartMs;
  const opened = openSqliteStore({ file, timescale: realTime, databaseNowMs: () => databaseMs });
  await opened.store.migrate();
  return {
    ...opened,
    passTime: (ms) => {
      databaseMs += ms;
    },
    close: async () => {
      await opened.store.close();
      rmSync(directory, { recursive: true });
    },
  };
}

storeSuite('sqlite', open);
tasksSuite('sqlite', open);
lockSuite('sqlite', open);
retentionSuite('sqlite', open);

const dayMs = 86_400_000;

/** What a host whose clock was two days ahead has left, and then put right. */
async function afterClockWasAhead(leave: (under: RetainingStore) => Promise<unknown>): Promise<RetainingStore> {
  const under = await open();
  onTestFinished(() => under.close());
  under.passTime(2 * dayMs);
  await leave(under);
  under.passTime(-2 * dayMs);
  return under;
}

test('a lock that was taken while the clock was ahead is free for others', async () => {
  const { leases } = await afterClockWasAhead((under) => under.leases.acquire('job', 'dead', 15_000));
  expect(await leases.acquire('job', 'alive', 15_000)).toMatchObject({ epoch: 2 });
  expect(await leases.acquire('job', 'third', 15_000)).toBeNull();
});

test('tasks that were put off or claimed while the clock was ahead are due', async () => {
  const [claimed, waiting] = [newTask({ id: 'claimed' }), newTask({ id: 'waiting', delayMs: 1_000 })];
  const { tasks } = await afterClockWasAhead(async (under) => {
    await under.store.transact(async (tx) => {
      for (const task of [claimed, waiting]) await tx.enqueue(task);
    });
    await under.tasks.claim({ owner: 'dead', limit: 1, leaseMs: 30_000 });
  });
  const again = await tasks.claim({ owner: 'alive', limit: 5, leaseMs: 30_000 });
  expect(again.map(({ id }) => id).sort()).toEqual(['claimed', 'waiting']);
  expect(await tasks.claim({ owner: 'alive', limit: 5, leaseMs: 3_600_000 })).toEqual([]);
});

test('says that nothing can be written while another process keeps the lock, and no longer', async () => {
  const { file, directory } = freshFile();
  const { store } = openSqliteStore({ file, timescale: realTime });
  await store.migrate();
  const other = new DatabaseSync(file);
  onTestFinished(async () => {
    other.close();
    await store.close();
    rmSync(directory, { recursive: true });
  });
  other.exec('BEGIN IMMEDIATE');
  const waiting = store.transact((tx) => tx.putJobState('name', 'value'));
  await store.ping();
  await expect.poll(() => store.ping().then(() => 'well', (error: ServiceError) => error.code), { timeout: 3_000 }).toBe('store_unavailable');
  other.exec('COMMIT');
  await waiting;
  await store.ping();
});
