// Changed rows reach the replica and are looked up there before the cursor moves; what left the database is marked.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { profileKey, type MatchingId } from '../../machines/ids.ts';
import { rfc3339 } from '../../runtime/clock.ts';
import type { Context } from '../../runtime/context.ts';
import { archivedState } from '../../runtime/retention.ts';
import type { Copies } from '../../runtime/yt.ts';
import { figures, matchedRecord } from '../suites/records.ts';
import { dayMs, openScene, person, type Scene } from '../suites/scene.ts';
import { insertCompleted, rowsIn } from './completed.ts';
import { connection, enrolAll, finishAll, pairUp, run, writeDistribution } from './programme.ts';
import { profileOf } from '../suites/scene.ts';

const name = 'replicate';
const [ira, oleg, pavel] = [person('ira'), person('oleg'), person('pavel')] as const;
let scene: Scene;
beforeEach(async () => {
  scene = await openScene({ people: [ira, oleg, pavel] });
});
afterEach(() => scene.close());

const replica = (table: string) => rowsIn(scene, 'replicaDir', table);

test('copies matchings, transitions and figures as they are, not deleted', async () => {
  const [id] = await finishAll(scene, [[ira, pavel]]);
  expect(await run(scene, name)).toMatchObject({ outcome: 'succeeded', counts: { matchings: 1, results: 1 } });
  const record = await scene.matching(id!);
  expect(await replica('matchings')).toEqual([
    {
      id, status: 'finished', version: record.version, epoch: 1, deleted: false,
      newbie_park_id: 'park-1', newbie_driver_id: 'driver-ira-1', newbie_udid: 'udid-ira',
      mentor_park_id: 'park-1', mentor_driver_id: 'driver-pavel-1', mentor_udid: 'udid-pavel',
      created_at: rfc3339(record.createdAt), updated_at: rfc3339(record.updatedAt), status_since: rfc3339(record.statusSince),
      matched_at: rfc3339(record.matchedAt!), original_connected_dttm: rfc3339(record.originalConnectedAt!),
      completed_at: null, mentor_promocode: null, newbie_last_read_at: null, mentor_last_read_at: null,
    },
  ]);
  const transitions = await scene.ctx.store.transitions(id!);
  const copied = await replica('status_transitions');
  const cells = ['id', 'matching_id', 'from', 'to', 'created_at', 'deleted'];
  const expected = transitions.map((one) => [one.id, id, one.from, one.to, rfc3339(one.createdAt), false]);
  expect(new Set(copied.map((row) => cells.map((cell) => row[cell])))).toEqual(new Set(expected));
  expect(await replica('results')).toMatchObject([{ matching_id: id, rate_avg_14d: '4.8', correct_answers: null, deleted: false }]);
});

test('copies only what changed since the last run, save the overlap', async () => {
  const [first] = await enrolAll(scene, [ira]);
  scene.advance(dayMs);
  const [second] = await enrolAll(scene, [oleg]);
  expect(await run(scene, name)).toMatchObject({ counts: { matchings: 2, status_transitions: 2 } });
  expect(await run(scene, name)).toMatchObject({ counts: { matchings: 1, status_transitions: 1 } });
  expect((await replica('matchings')).map((row) => row['id'])).toEqual([first!, second!].sort());
});

test('a row that shows itself late, older than rows already copied, is copied within the overlap', async () => {
  await enrolAll(scene, [ira]);
  await run(scene, name);
  const late = matchedRecord({ updatedAt: (await scene.ctx.store.now()) - 9 * 60_000 });
  await scene.ctx.store.transact((tx) => tx.insertMatching(late));
  await run(scene, name);
  expect((await replica('matchings')).map((row) => row['id'])).toContain(late.id);
});

test('replicating again changes nothing', async () => {
  await pairUp(scene, [[ira, pavel], [oleg, pavel]]);
  await run(scene, name);
  const before = await Promise.all(['matchings', 'status_transitions', 'results'].map(replica));
  for (let times = 0; times < 3; times += 1) await run(scene, name);
  expect(await Promise.all(['matchings', 'status_transitions', 'results'].map(replica))).toEqual(before);
});

test('copies more rows than fit into one page', async () => {
  const ids = await insertCompleted(scene, 1_200);
  expect(await run(scene, name)).toMatchObject({ counts: { matchings: 1_200, status_transitions: 2_400, results: 1_200 } });
  expect((await replica('matchings')).map((row) => row['id'])).toEqual(ids.sort());
});

test('the figures of a match that a rematch ended are marked deleted, and the new ones are not', async () => {
  const [id] = await pairUp(scene, [[ira, pavel]]);
  const { newbie } = await scene.matching(id!);
  await scene.ctx.store.transact((tx) => tx.mergeResults(id!, newbie, figures({ sh_7d: '40' })));
  await run(scene, name);
  await writeDistribution(scene, [await connection(scene, profileOf(ira), profileOf(oleg), 1_000)]);
  await run(scene, 'import-matchings');
  await run(scene, name);
  expect(await replica('results')).toMatchObject([{ matching_id: id, sh_7d: '40', deleted: true }]);
  await scene.ctx.store.transact((tx) => tx.mergeResults(id!, newbie, figures({ sh_7d: '41' })));
  await run(scene, name);
  expect(await replica('results')).toMatchObject([{ matching_id: id, sh_7d: '41', deleted: false }]);
});

test('what was archived keeps its content in the replica and is marked deleted, in all three tables', async () => {
  const [gone] = await insertCompleted(scene, 1);
  const [kept] = await enrolAll(scene, [ira]);
  await run(scene, name);
  await run(scene, 'archive');
  await run(scene, name);
  const states = async (table: string, key: string) => new Map((await replica(table)).map((row) => [row[key], row['deleted']]));
  expect(await states('matchings', 'id')).toEqual(new Map<unknown, unknown>([[gone, true], [kept, false]]));
  expect(await states('results', 'matching_id')).toEqual(new Map([[gone, true]]));
  const moves = await replica('status_transitions');
  expect(moves.filter((row) => row['matching_id'] === gone).map((row) => row['deleted'])).toEqual([true, true]);
  expect(moves.filter((row) => row['matching_id'] === kept).map((row) => row['deleted'])).toEqual([false]);
  expect((await replica('results'))[0]).toMatchObject({ sh_7d: '40' });
});

test('a matching archived before it was ever replicated leaves no empty row', async () => {
  await insertCompleted(scene, 1);
  await run(scene, 'archive');
  expect(await run(scene, name)).toMatchObject({ outcome: 'succeeded', counts: { deleted: 1 } });
  expect(await replica('matchings')).toEqual([]);
});

test('tombstones go once no later run would read them', async () => {
  await insertCompleted(scene, 1);
  await run(scene, 'archive');
  await run(scene, name);
  const left = async () => (await scene.ctx.retention.tombstones(0, { limit: 10, cursor: null })).items.length;
  expect(await left()).toBe(1);
  scene.advance(dayMs);
  await insertCompleted(scene, 1);
  await run(scene, 'archive');
  await run(scene, name);
  await run(scene, name);
  expect(await left()).toBe(1);
});

function spoiling(ctx: Context, upsert: Copies['upsert']): Context {
  return { ...ctx, yt: { ...ctx.yt, copies: { ...ctx.yt.copies, upsert } } };
}

test.each([
  ['lost', (rows: Parameters<Copies['upsert']>[1]) => rows.slice(1)],
  ['altered', (rows: Parameters<Copies['upsert']>[1]) => rows.map((row) => ({ ...row, version: 99 }))],
])('a row %s on its way fails the run, moves no cursor, and is written by the next', async (_how, spoilt) => {
  const [id] = await enrolAll(scene, [ira]);
  const ctx = spoiling(scene.ctx, (table, rows, ...rest) => scene.ctx.yt.copies.upsert(table, spoilt(rows), ...rest));
  const error: unknown = expect.stringMatching(/^copy_unverified: .*matchings: 1 rows/);
  expect(await run(scene, name, { ctx })).toMatchObject({ outcome: 'failed', error });
  expect(await scene.ctx.store.jobState(name)).toBeNull();
  expect(await run(scene, name)).toMatchObject({ outcome: 'succeeded', counts: { matchings: 1 } });
  expect(await replica('matchings')).toMatchObject([{ id, version: 1 }]);
});

test('an outage of the cluster fails the run, and the next one catches up', async () => {
  await enrolAll(scene, [ira]);
  scene.yt.faults.inject({ command: 'insert_rows', effect: { kind: 'error', error: { code: 901, message: 'no access' } } });
  expect(await run(scene, name)).toMatchObject({ outcome: 'failed' });
  expect(await run(scene, name)).toMatchObject({ outcome: 'succeeded', counts: { matchings: 1 } });
  expect(await replica('matchings')).toMatchObject([{ newbie_driver_id: profileKey(profileOf(ira)).split('_')[1] }]);
});

test('a dry run counts and writes nothing, here or there', async () => {
  await enrolAll(scene, [ira]);
  expect(await run(scene, name, { dryRun: true })).toMatchObject({ outcome: 'succeeded', counts: { matchings: 1, status_transitions: 1 } });
  expect(scene.yt.tree.exists(scene.config.yt.replicaDir)).toBe(false);
  expect(await scene.ctx.store.jobState(name)).toBeNull();
});

test('a dry run marks nothing deleted', async () => {
  await insertCompleted(scene, 1);
  await run(scene, name);
  await run(scene, 'archive');
  expect(await run(scene, name, { dryRun: true })).toMatchObject({ outcome: 'succeeded', counts: { deleted: 1 } });
  for (const table of ['matchings', 'status_transitions', 'results']) {
    expect((await replica(table)).every((row) => row['deleted'] === false)).toBe(true);
  }
});

test('a clock that was ahead for a while leaves nothing out', async () => {
  scene.advance(2 * dayMs);
  await enrolAll(scene, [ira]);
  await run(scene, name);
  scene.advance(-2 * dayMs);
  const [later] = await enrolAll(scene, [oleg]);
  await run(scene, name);
  expect((await replica('matchings')).map((row) => row['id'])).toContain(later);
  expect((await replica('status_transitions')).map((row) => row['matching_id'])).toContain(later);
});

test('nor drops what tells of the archived before it was read', async () => {
  const [early, late] = await insertCompleted(scene, 2);
  const forgetOne = async (id: MatchingId): Promise<void> => {
    const lock = await scene.ctx.locks.tryAcquire('job:archive');
    await scene.ctx.retention.forget((await scene.ctx.retention.bundles([id])).map(archivedState), lock!.lease);
    await lock!.release();
  };
  await run(scene, name);
  scene.advance(2 * dayMs);
  await forgetOne(early!);
  await run(scene, name);
  scene.advance(-2 * dayMs + 3_600_000);
  await forgetOne(late!);
  await run(scene, name);
  scene.advance(5 * dayMs);
  await run(scene, name);
  expect((await replica('matchings')).map((row) => row['deleted'])).toEqual([true, true]);
});
