// Completed matchings move to the archive exactly once, verified first, wherever a run is cut off.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Status } from '../../machines/status.ts';
import { ServiceError } from '../../runtime/errors.ts';
import type { Context } from '../../runtime/context.ts';
import type { Copies } from '../../runtime/yt.ts';
import { matchedRecord } from '../suites/records.ts';
import { dayMs, openScene, type Scene } from '../suites/scene.ts';
import { archivedIds, insertCompleted, rowsIn, storedIds } from './completed.ts';
import { run } from './programme.ts';

const name = 'archive';
let scene: Scene;
beforeEach(async () => {
  scene = await openScene();
});
afterEach(() => scene.close());

const archived = (table: string) => rowsIn(scene, 'archiveDir', table);

test('moves whole bundles of what was completed long enough ago, and nothing else', async () => {
  const [id] = await insertCompleted(scene, 1);
  const now = await scene.ctx.store.now();
  const [recent] = await insertCompleted(scene, 1, { completedAt: now - 89 * dayMs, statusSince: now - 89 * dayMs });
  const [bundle] = await scene.ctx.retention.bundles([id!]);
  expect(await run(scene, name)).toMatchObject({ outcome: 'succeeded', counts: { archivable: 1, archived: 1, kept: 0 } });
  expect(await storedIds(scene)).toEqual([recent]);
  const newbie = { newbie_driver_id: bundle?.matching.newbie.driverId };
  expect(await archived('matchings')).toMatchObject([{ id, status: 'succeed', version: 7, epoch: 2, ...newbie }]);
  expect((await archived('status_transitions')).map((row) => row['id'])).toEqual(bundle?.transitions.map((one) => one.id));
  expect(await archived('results')).toMatchObject([{ matching_id: id, sh_7d: '40', rate_avg_14d: '4.90', rate_avg_7d: null }]);
  expect(await archived('results_history')).toMatchObject([{ matching_id: id, epoch: 1, sh_7d: 'first match' }]);
});

test('failed matchings go too, unless they are to be kept', async () => {
  const [id] = await insertCompleted(scene, 1, { status: Status.failed });
  const kept = { ...scene.ctx, config: { ...scene.config, programme: { ...scene.config.programme, archiveFailed: false } } };
  await run(scene, name, { ctx: kept });
  expect(await storedIds(scene)).toEqual([id]);
  await run(scene, name);
  expect(await archivedIds(scene)).toEqual([id]);
});

test('takes several batches one after another', async () => {
  const ids = await insertCompleted(scene, 1_100);
  expect(await run(scene, name)).toMatchObject({ outcome: 'succeeded', counts: { archived: 1_100 } });
  expect(await archivedIds(scene)).toEqual(ids.sort());
  expect(await storedIds(scene)).toEqual([]);
  expect(await run(scene, name)).toMatchObject({ outcome: 'succeeded', counts: { archived: 0 } });
});

test('tells how many were never matched', async () => {
  const since = (await scene.ctx.store.now()) - 91 * dayMs;
  await scene.ctx.store.transact(async (tx) => {
    for (const status of [Status.created, Status.created, Status.requested]) {
      await tx.insertMatching(matchedRecord({ status, statusSince: since }));
    }
  });
  expect(await run(scene, name)).toMatchObject({ counts: { never_matched_created: 2, never_matched_requested: 1 } });
});

test('a dry run counts and writes nothing, here or there', async () => {
  const ids = await insertCompleted(scene, 3);
  expect(await run(scene, name, { dryRun: true })).toMatchObject({ outcome: 'succeeded', counts: { archivable: 3 } });
  expect(await storedIds(scene)).toEqual(ids.sort());
  expect(scene.yt.tree.exists(scene.config.yt.archiveDir)).toBe(false);
  expect(await scene.ctx.store.jobState(name)).toBeNull();
});

/** Dies at the given step, before it or after it was done. */
function dyingAt(ctx: Context, step: number, when: 'before' | 'after'): Context {
  let steps = 0;
  const mortal = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    steps += 1;
    if (steps === step && when === 'before') throw new Error('killed');
    const result = await work();
    if (steps === step) throw new Error('killed');
    return result;
  };
  const { copies } = ctx.yt;
  return {
    ...ctx,
    yt: {
      ...ctx.yt,
      copies: {
        ...copies,
        append: (...asked) => mortal(() => copies.append(...asked)),
        rowsAt: (...asked) => mortal(() => copies.rowsAt(...asked)),
        lastBatch: (...asked) => mortal(() => copies.lastBatch(...asked)),
      },
    },
    retention: { ...ctx.retention, forget: (...asked) => mortal(() => ctx.retention.forget(...asked)) },
    store: { ...ctx.store, transact: (work, signal) => mortal(() => ctx.store.transact(work, signal)) },
  };
}

test('S8: killed at any step and run again, nothing is lost and nothing is twice in the archive', async () => {
  let ids: readonly string[] = [];
  for (let step = 1; ; step += 1) {
    ids = [...ids, ...(await insertCompleted(scene, 2))];
    const outcomes = [];
    for (const when of ['before', 'after'] as const) {
      outcomes.push((await run(scene, name, { ctx: dyingAt(scene.ctx, step, when) })).outcome);
      expect(new Set([...(await storedIds(scene)), ...(await archivedIds(scene))])).toEqual(new Set(ids));
    }
    expect(await run(scene, name)).toMatchObject({ outcome: 'succeeded' });
    expect(await archivedIds(scene)).toEqual(ids.toSorted());
    expect(await archived('status_transitions')).toHaveLength(ids.length * 2);
    expect(await storedIds(scene)).toEqual([]);
    if (!outcomes.includes('failed')) {
      expect(step).toBeGreaterThan(8);
      return;
    }
  }
});

test('a batch whose commit was answered to nobody is not appended again', async () => {
  const ids = await insertCompleted(scene, 3);
  scene.yt.faults.inject({ command: 'commit_transaction', times: 3, effect: { kind: 'drop_reply' } });
  expect(await run(scene, name)).toMatchObject({ outcome: 'succeeded' });
  expect(await archivedIds(scene)).toEqual(ids.sort());
});

/** The archive is spoilt between the append and the reading back. */
function spoiling(ctx: Context, spoil: () => Promise<void>): Context {
  const append: Copies['append'] = async (...asked) => {
    const places = await ctx.yt.copies.append(...asked);
    await spoil();
    return places;
  };
  return { ...ctx, yt: { ...ctx.yt, copies: { ...ctx.yt.copies, append } } };
}

test.each([
  ['lost', 'matchings', (rows: object[]) => rows.slice(1)],
  ['altered', 'matchings', (rows: object[]) => rows.map((row) => ({ ...row, status: 'failed' }))],
  ['lost', 'status_transitions', (rows: object[]) => rows.slice(0, -1)],
  ['altered', 'results', (rows: object[]) => rows.map((row) => ({ ...row, sh_7d: '41' }))],
  ['lost', 'results_history', () => []],
  ['doubled', 'results', (rows: object[]) => [rows[0]!, rows[0]!, ...rows.slice(2)]],
])('S8: a %s row of %s in YT stops the run before anything is deleted, and again until it is put right', async (_how, table, spoilt) => {
  const ids = await insertCompleted(scene, 3);
  const path = `${scene.config.yt.archiveDir}/${table}`;
  let right: object[] = [];
  const ctx = spoiling(scene.ctx, async () => {
    right = await scene.yt.tree.readRows(path);
    await scene.yt.tree.writeRows(path, spoilt(right) as Record<string, unknown>[]);
  });
  const broken = { outcome: 'failed', error: expect.stringMatching(/^copy_unverified: .* rows are not there as they were written; nothing was deleted$/) };
  expect(await run(scene, name, { ctx })).toMatchObject(broken);
  expect(await run(scene, name)).toMatchObject(broken);
  expect(await storedIds(scene)).toEqual(ids.toSorted());
  await scene.yt.tree.writeRows(path, right as Record<string, unknown>[]);
  expect(await run(scene, name)).toMatchObject({ outcome: 'succeeded', counts: { archived: 3 } });
  expect(await archivedIds(scene)).toEqual(ids.toSorted());
  expect(await storedIds(scene)).toEqual([]);
});

test('S8: a matching that changes after it was appended is kept', async () => {
  const [changed, other] = await insertCompleted(scene, 2);
  const ctx = spoiling(scene.ctx, () => scene.ctx.store.transact(async (tx) => {
    const [record] = await tx.matchings([changed!]);
    await tx.updateMatching({ ...record!, version: 8, mentorPromocode: 'LATE' }, record!);
  }));
  expect(await run(scene, name, { ctx })).toMatchObject({ outcome: 'succeeded', counts: { archived: 1, kept: 1 } });
  expect(await storedIds(scene)).toEqual([changed]);
  expect(await archivedIds(scene)).toContain(other);
});

test('S8: a matching that changes between a run cut off after its append and the next one is kept, and the rest goes', async () => {
  const [changed, other] = await insertCompleted(scene, 2);
  const died = spoiling(scene.ctx, () => Promise.reject(new Error('killed')));
  expect(await run(scene, name, { ctx: died })).toMatchObject({ outcome: 'failed' });
  await scene.ctx.store.transact(async (tx) => {
    const [record] = await tx.matchings([changed!]);
    await tx.updateMatching({ ...record!, version: 8, completedAt: await tx.now(), statusSince: await tx.now() }, record!);
  });
  expect(await run(scene, name)).toMatchObject({ outcome: 'succeeded', counts: { archived: 1 } });
  expect(await storedIds(scene)).toEqual([changed]);
  expect(await archivedIds(scene)).toEqual([changed!, other!].sort());
});

test('S9: a writer that slept with its batch in hand cannot append it after others went on', async () => {
  const ids = await insertCompleted(scene, 1);
  let asleep: () => Promise<unknown> = () => Promise.reject(new Error('nobody slept'));
  const append: Copies['append'] = (...asked) => {
    const [ledger, batch] = asked;
    asleep = () => scene.ctx.yt.copies.append(ledger, batch);
    return Promise.reject(new ServiceError('lock_lost', 'paused'));
  };
  await run(scene, name, { ctx: { ...scene.ctx, yt: { ...scene.ctx.yt, copies: { ...scene.ctx.yt.copies, append } } } });
  await run(scene, name);
  await asleep();
  ids.push(...(await insertCompleted(scene, 1)));
  await run(scene, name);
  await expect(asleep()).rejects.toMatchObject({ code: 'lock_lost' });
  expect(await archivedIds(scene)).toEqual(ids.toSorted());
});

test('an archive made anew is taken as it is', async () => {
  const before = await insertCompleted(scene, 1);
  await run(scene, name);
  scene.yt.tree.remove(scene.config.yt.archiveDir);
  const after = await insertCompleted(scene, 1);
  expect(await run(scene, name, { ctx: await scene.second() })).toMatchObject({ outcome: 'succeeded', counts: { archived: 1 } });
  expect(await archivedIds(scene)).toEqual(after);
  expect(before).not.toEqual(after);
});

test('a person whose matching was archived may enrol again, and is told apart', async () => {
  const ids = await insertCompleted(scene, 1);
  const [bundle] = await scene.ctx.retention.bundles(ids);
  await run(scene, name);
  const { participation } = await scene.enrol(bundle!.matching.newbie);
  expect(participation.status).toBe('created');
  expect(ids).not.toContain(participation.matchingId);
});
