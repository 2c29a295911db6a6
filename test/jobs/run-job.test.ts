// One run at a time across hosts, nothing written without the lock, and a record of how it ended.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Job } from '../../jobs/job.ts';
import { runJob } from '../../jobs/run-job.ts';
import { importMatchings } from '../../jobs/import-matchings.ts';
import { openStore } from '../../runtime/compose.ts';
import type { Context } from '../../runtime/context.ts';
import type { Lease, LeaseTable } from '../../runtime/lock.ts';
import { createLocks } from '../../runtime/lock/lease.ts';
import { openScene, person, profileOf, type Scene } from '../suites/scene.ts';
import { allMatchings, connection, enrolAll, everyPage, rejectsOf, run, writeDistribution } from './programme.ts';

const name = 'import-matchings';
const mentor = person('mentor');
const newbies = Array.from({ length: 1_200 }, (_, index) => person(`n${index}`));
const never = new AbortController().signal;

let scene: Scene;
beforeEach(async () => {
  scene = await openScene({ people: [mentor, ...newbies] });
});
afterEach(() => scene.close());

const runsOf = async (ctx: Context) => (await ctx.store.jobRuns({}, everyPage)).items;

/** A table that takes several batches to apply. */
async function writeMany(count: number): Promise<void> {
  await enrolAll(scene, newbies.slice(0, count));
  const row = await connection(scene, profileOf(newbies[0]!), profileOf(mentor), -1_000);
  await writeDistribution(scene, newbies.slice(0, count).map((newbie) => ({ ...row, newbie_driver_id: profileOf(newbie).driverId })));
}

const matched = async (): Promise<number> =>
  (await scene.ctx.store.listMatchings({ statuses: ['matched'] }, { limit: 2_000, cursor: null })).items.length;

test('while one host runs the job another is busy, writes nothing and leaves no record', async () => {
  const other = await scene.second();
  const held = await other.locks.tryAcquire(`job:${name}`);
  expect(await run(scene, name)).toEqual({ job: name, outcome: 'busy', counts: {}, error: null, dryRun: false });
  expect(await runsOf(scene.ctx)).toEqual([]);
  await held!.release();
  await writeDistribution(scene, []);
  expect(await run(scene, name)).toMatchObject({ outcome: 'succeeded' });
});

test('the record tells the counts of a success and the reason of a failure', async () => {
  await writeMany(2);
  scene.yt.faults.inject({ command: 'lock', effect: { kind: 'error', error: { code: 901, message: 'Access denied' } } });
  await run(scene, name);
  await run(scene, name);
  expect(await runsOf(scene.ctx)).toMatchObject([
    { job: name, outcome: 'succeeded', counts: { rows: 2, matched: 2 }, error: null, dryRun: false, finishedAt: expect.any(Number) },
    { job: name, outcome: 'failed', error: expect.stringContaining('codes 901'), finishedAt: expect.any(Number) },
  ]);
});

test('the record of a run that died with its process is closed by the next run', async () => {
  const id = scene.ctx.newId();
  const orphan = { id, job: name, startedAt: 1, finishedAt: null, outcome: 'running', dryRun: false, counts: {}, error: null };
  await scene.ctx.store.transact((tx) => tx.putJobRun(orphan));
  await writeDistribution(scene, []);
  await run(scene, name);
  expect(await runsOf(scene.ctx)).toMatchObject([{ outcome: 'succeeded' }, { id, outcome: 'failed', error: 'internal: the run was cut off' }]);
});

/** Calls `meanwhile` between the first batch of the import and the next. */
function interrupted(ctx: Context, meanwhile: () => Promise<void> | void): Context {
  let batches = 0;
  const linked: Context['upstreams']['driverProfiles']['linked'] = async (profiles, signal) => {
    batches += 1;
    if (batches === 2) await meanwhile();
    return ctx.upstreams.driverProfiles.linked(profiles, signal);
  };
  return { ...ctx, upstreams: { ...ctx.upstreams, driverProfiles: { ...ctx.upstreams.driverProfiles, linked } } };
}

test('a cancelled run stops between batches, keeps what was committed, and the next run ends the work', async () => {
  await writeMany(1_200);
  const cancel = new AbortController();
  const ctx = interrupted(scene.ctx, () => cancel.abort());
  const report = await runJob(ctx, importMatchings, { dryRun: false }, cancel.signal);
  expect(report).toMatchObject({ outcome: 'cancelled', error: 'cancelled: the run was cancelled' });
  expect(await matched()).toBe(500);
  expect(await runsOf(scene.ctx)).toMatchObject([{ outcome: 'cancelled', counts: { matched: 500 } }]);
  expect(await scene.ctx.store.jobState(name)).toBeNull();
  expect(await run(scene, name)).toMatchObject({ outcome: 'succeeded', counts: { matched: 700, unchanged: 500 } });
});

test('a run cancelled before it began does nothing', async () => {
  await writeMany(1);
  const report = await runJob(scene.ctx, importMatchings, { dryRun: false }, AbortSignal.abort());
  expect(report.outcome).toBe('cancelled');
  expect(await matched()).toBe(0);
  expect(await run(scene, name)).toMatchObject({ outcome: 'succeeded' });
});

test('S9: a run whose lock was taken over writes nothing more, neither rows nor its mark nor its record', async () => {
  await writeMany(1_200);
  const { leases, store } = openStore(scene.config.store);
  let held: Lease | null = null;
  // This host believes that all is well: it was paused, and what it is told comes from before.
  const trusting: LeaseTable = {
    acquire: async (...asked) => (held = await leases.acquire(...asked)),
    prolong: async () => true,
    release: async () => {},
  };
  const locks = createLocks(trusting, { owner: 'paused host', ttlMs: 60_000, log: scene.ctx.log });
  const ctx = interrupted({ ...scene.ctx, locks }, async () => {
    await leases.release(held!);
    expect(await leases.acquire(`job:${name}`, 'another host', 60_000)).not.toBeNull();
  });
  const report = await runJob(ctx, importMatchings, { dryRun: false }, never);
  expect(report).toMatchObject({ outcome: 'failed', error: expect.stringContaining('lock_lost') });
  expect(await matched()).toBe(500);
  expect(await scene.ctx.store.jobState(name)).toBeNull();
  expect(await runsOf(scene.ctx)).toMatchObject([{ outcome: 'running' }]);
  await store.close();
});

test('a lock lost in the middle of a long stage ends the run at once', async () => {
  const lost = new AbortController();
  const release = vi.fn(async () => {});
  const locks: Context['locks'] = {
    tryAcquire: async (lock) => ({ lease: { name: lock, owner: 'nobody', epoch: 1 }, signal: lost.signal, release }),
  };
  const waiting: Job = {
    name,
    begin: () => ({
      read: async (signal) => {
        lost.abort();
        signal.throwIfAborted();
        return true;
      },
      apply: () => Promise.reject(new Error('must not be reached')),
    }),
  };
  const unchecked: Context['store'] = {
    ...scene.ctx.store,
    transact: (work, signal) => scene.ctx.store.transact((tx) => work({ ...tx, assertLease: async () => {} }), signal),
  };
  const report = await runJob({ ...scene.ctx, locks, store: unchecked }, waiting, { dryRun: false }, never);
  expect(report).toMatchObject({ outcome: 'failed', error: 'lock_lost: the lock of the job was lost' });
  expect(release).toHaveBeenCalledOnce();
});

test('the lock is kept until work that does not heed its cancellation has ended', async () => {
  const cancel = new AbortController();
  const stubborn = Promise.withResolvers<boolean>();
  const job: Job = { name, begin: () => ({ read: () => stubborn.promise, apply: async () => {} }) };
  let ended = false;
  const running = runJob(scene.ctx, job, { dryRun: false }, cancel.signal).finally(() => (ended = true));
  await vi.waitFor(async () => expect(await runsOf(scene.ctx)).toHaveLength(1));
  cancel.abort();
  const other = await scene.second();
  expect(await other.locks.tryAcquire(`job:${name}`)).toBeNull();
  expect(ended).toBe(false);
  stubborn.resolve(true);
  expect(await running).toMatchObject({ outcome: 'cancelled' });
  expect(await other.locks.tryAcquire(`job:${name}`)).not.toBeNull();
});

test('progress tells rows and counts while the run goes on', async () => {
  await writeMany(600);
  const seen: { rows: number; matched: number }[] = [];
  await run(scene, name, { onProgress: ({ rows, counts }) => seen.push({ rows, matched: counts['matched'] ?? 0 }) });
  expect(seen.some(({ rows, matched: count }) => rows === 600 && count === 500)).toBe(true);
  expect(seen.at(-1)).toEqual({ rows: 600, matched: 600 });
});

test('a table of bad rows alone is kept out in batches and the run succeeds', async () => {
  await writeDistribution(scene, Array.from({ length: 1_100 }, (_, index) => ({ newbie_park_id: index })));
  expect(await run(scene, name)).toMatchObject({ outcome: 'succeeded', counts: { rows: 1_100, rejected: 1_100 } });
  expect((await rejectsOf(scene.ctx)).length).toBe(1_000);
  expect(await allMatchings(scene.ctx)).toEqual([]);
});
