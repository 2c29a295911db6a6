// The shared suites on the YDB that YDB_CONNECTION_STRING names, and a short life there that takes time as it comes. The suites empty
// the tables of this service in that database: it must be one for tests.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { realTime } from '../../../runtime/clock.ts';
import { dispatch } from '../../../runtime/mentorship/dispatch.ts';
import { openYdbStore } from '../../../runtime/store/ydb/store.ts';
import { lockSuite } from '../../suites/lock-suite.ts';
import { retentionSuite } from '../../suites/retention-suite.ts';
import { storeSuite } from '../../suites/store-suite.ts';
import { tasksSuite } from '../../suites/tasks-suite.ts';
import { aProfile, figures, jobRunRecord, newTask, rejectRecord } from '../../suites/records.ts';
import { aPersonOf, contextOn, expectedMoves, live, matchedWith, workOff } from './ydb-lifecycle.ts';
import { openOnRealServer, realConnectionString, silentLog } from './ydb-stores.ts';

const connectionString = realConnectionString;

if (connectionString !== undefined) {
  const open = () => openOnRealServer(connectionString);
  storeSuite('a real ydb', open);
  tasksSuite('a real ydb', open);
  lockSuite('a real ydb', open);
  retentionSuite('a real ydb', open);
}

test.skipIf(connectionString === undefined)('lives a lifecycle on a real YDB', async () => {
  const opened = openYdbStore({ connectionString: connectionString ?? '', timescale: realTime, log: silentLog });
  const { store, tasks, leases } = opened;
  try {
    await store.migrate();
    expect(await store.migrate()).toEqual([]);
    const ctx = contextOn(opened);
    const ids = await Promise.all([1, 2, 3].map(() => live(ctx)));
    for (const id of ids) expect((await store.transitions(id)).map(({ version, to }) => `${version} ${to}`)).toEqual(expectedMoves);
    await workOff(ctx);
    const mentor = aProfile();
    const [id = expect.unreachable()] = ids;
    await dispatch(ctx, [{ matchingId: id, event: matchedWith(Date.now(), mentor) }], { actor: 'operator' });
    await dispatch(ctx, [{ matchingId: id, event: { type: 'MATCH_ANNOUNCED', epoch: 2 } }], { actor: 'operator' });
    expect((await store.contacts({ profiles: [mentor], hideAfterMs: 1_000 })).dialogs).toMatchObject([{ matching: { id } }]);
    await store.transact(async (tx) => {
      await tx.mergeResults(id, aPersonOf().profiles[0] ?? mentor, figures({ sh_7d: '1' }));
      await tx.insertRejects([rejectRecord()]);
      await tx.putJobRun(jobRunRecord());
    });
    expect(await store.results([id])).toMatchObject([{ figures: { sh_7d: '1' } }]);
    for (const list of [store.rejects({}, { limit: 2, cursor: null }), store.jobRuns({}, { limit: 2, cursor: null })]) {
      expect((await list).items.length).toBeGreaterThan(0);
    }
    expect((await store.listMatchings({}, { limit: 3, cursor: null })).items).toHaveLength(3);
    expect((await store.funnel()).initialized.reached).toBeGreaterThanOrEqual(3);
    const lock = `test:${randomUUID()}`;
    const lease = await leases.acquire(lock, 'one', 500) ?? expect.unreachable();
    expect(await leases.acquire(lock, 'two', 500)).toBeNull();
    await sleep(600);
    expect(await leases.prolong(lease, 500)).toBe(false);
    const task = newTask({ delayMs: 500 });
    expect(await store.transact((tx) => tx.enqueue(task))).toBe(true);
    expect(await store.transact((tx) => tx.enqueue(task))).toBe(false);
    const claimIds = async () => (await tasks.claim({ owner: 'real', limit: 50, leaseMs: 1_000 })).map((one) => one.id);
    await expect.poll(claimIds, { timeout: 10_000 }).toContain(task.id);
  } finally {
    await store.close();
  }
}, 120_000);
