// Progress figures arrive, and what has become due is announced: once, to the right match, never without figures.
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { MatchingId } from '../../machines/ids.ts';
import { dayMs, openScene, person, profileOf, statusOf, type Scene } from '../suites/scene.ts';
import {
  connection, dump, dumpOfData, figuresRow, fortnight, pairUp, reasonsOf, rejectsOf, run, week, writeDistribution, writeResults,
} from './programme.ts';

const name = 'import-results';
const ira = person('ira');
const oleg = person('oleg');
const pavel = person('pavel');
const rita = person('rita');

let scene: Scene;
let id: MatchingId;
let second: MatchingId;
beforeEach(async () => {
  scene = await openScene({ people: [ira, oleg, pavel, rita] });
  [id, second] = (await pairUp(scene, [[ira, pavel], [oleg, pavel]])) as [MatchingId, MatchingId];
});
afterEach(() => scene.close());

const sentTo = (matchingId: MatchingId, status: string): string[] =>
  [...scene.upstreams.acceptedEvents.keys()].filter((event) => event.startsWith(`${matchingId}:${status}:`));

test('nobody is old enough: the table is not even asked for', async () => {
  scene.advance(6 * dayMs);
  expect(await run(scene, name)).toMatchObject({ outcome: 'succeeded', counts: { candidates: 0, overdue_7d: 0, overdue_14d: 0 } });
});

test('stores the figures of the seventh day and has the mentor told', async () => {
  scene.advance(7 * dayMs);
  await writeResults(scene, [figuresRow(ira.udid, week), figuresRow('udid-stranger', week)]);
  expect(await run(scene, name)).toMatchObject({ counts: { candidates: 2, figures_changed: 1, announced: 1, overdue_7d: 1 } });
  await scene.settleTasks();
  expect(await statusOf(scene.ctx, id)).toBe('in_progress');
  expect(await statusOf(scene.ctx, second)).toBe('initialized');
  expect(sentTo(id, 'in_progress')).toEqual([`${id}:in_progress:1:mentor`]);
  expect((await scene.ctx.store.results([id]))[0]?.figures).toMatchObject(week);
});

test('without figures nothing moves, is asked for again, and shows as overdue', async () => {
  scene.advance(8 * dayMs);
  await writeResults(scene, []);
  for (const _ of [1, 2]) expect(await run(scene, name)).toMatchObject({ counts: { announced: 0, overdue_7d: 2, overdue_14d: 0 } });
  await writeResults(scene, [figuresRow(ira.udid, week), figuresRow(oleg.udid, { passed_test_flg: '0' })]);
  expect(await run(scene, name)).toMatchObject({ counts: { announced: 1, overdue_7d: 1 } });
  await scene.settleTasks();
  scene.advance(7 * dayMs);
  expect(await run(scene, name)).toMatchObject({ counts: { overdue_7d: 1, overdue_14d: 1 } });
});

test('both ages late at once are two moves and one announcement', async () => {
  scene.advance(15 * dayMs);
  await writeResults(scene, [figuresRow(ira.udid, fortnight)]);
  expect(await run(scene, name)).toMatchObject({ counts: { announced: 1 } });
  await scene.settleTasks();
  expect(await statusOf(scene.ctx, id)).toBe('finished');
  expect(sentTo(id, 'in_progress')).toEqual([]);
  expect(sentTo(id, 'finished')).toEqual([`${id}:finished:1:mentor`]);
  expect((await scene.ctx.store.transitions(id)).slice(-2).map(({ to }) => to)).toEqual(['in_progress', 'finished']);
  // The new match, the progress and the result: what the mentor finds when he looks.
  expect(scene.upstreams.acceptedEvents.get(`${id}:finished:1:mentor`)).toMatchObject({ payload: { kind: 'result', unread: 3 } });
});

test('figures that came earlier are announced without a new row', async () => {
  scene.advance(7 * dayMs);
  await writeResults(scene, [figuresRow(ira.udid, fortnight)]);
  await run(scene, name);
  await scene.settleTasks();
  await writeResults(scene, []);
  scene.advance(7 * dayMs);
  expect(await run(scene, name)).toMatchObject({ counts: { figures_changed: 0, announced: 1 } });
  await scene.settleTasks();
  expect(await statusOf(scene.ctx, id)).toBe('finished');
});

test('S6: a replay changes nothing and tells nobody again', async () => {
  scene.advance(14 * dayMs);
  const rows = [figuresRow(ira.udid, fortnight), figuresRow(oleg.udid, week), { udid: 7 }];
  await writeResults(scene, rows);
  await run(scene, name);
  await scene.settleTasks();
  const before = await dumpOfData(scene.ctx);
  const told = scene.upstreams.calls.clientEvents.length;
  for (const again of [rows, rows.toReversed()]) {
    await writeResults(scene, again);
    await run(scene, name);
    await scene.settleTasks();
  }
  expect(await dumpOfData(scene.ctx)).toEqual(before);
  expect(scene.upstreams.calls.clientEvents).toHaveLength(told);
});

test('an announcement that still waits is not enqueued twice', async () => {
  scene.advance(7 * dayMs);
  await writeResults(scene, [figuresRow(ira.udid, week)]);
  expect(await run(scene, name)).toMatchObject({ counts: { announced: 1 } });
  expect(await run(scene, name)).toMatchObject({ counts: { announced: 0, figures_changed: 0 } });
});

test('a null does not erase a figure, nor does a second row of the person', async () => {
  scene.advance(7 * dayMs);
  await writeResults(scene, [figuresRow(ira.udid, week), figuresRow(ira.udid, { sh_7d: '41' })]);
  await run(scene, name);
  expect((await scene.ctx.store.results([id]))[0]?.figures).toMatchObject({ ...week, sh_7d: '41' });
});

test('L2: a text that is not UTF-8 holds up nobody else', async () => {
  scene.advance(7 * dayMs);
  await writeResults(scene, [figuresRow(ira.udid, week)]);
  const parameters = { path: `<append=%true>${scene.config.yt.results}`, input_format: 'yson' };
  const written = await fetch(`${scene.yt.url}/api/v4/write_table`, {
    method: 'PUT', headers: { 'X-YT-Header-Format': 'json', 'X-YT-Parameters': JSON.stringify(parameters) },
    body: Buffer.from('{"udid"="stranger";"correct_answers"="\\xff\\xfe";};', 'latin1'),
  });
  expect(written.status).toBe(200);
  expect(await run(scene, name)).toMatchObject({ outcome: 'succeeded', counts: { announced: 1 } });
});

test('a row of blanks moves nobody and erases nothing', async () => {
  scene.advance(7 * dayMs);
  const blank = (who: typeof ira) => Object.fromEntries(Object.entries(figuresRow(who.udid, {})).map(([field, value]) => [field, value ?? '']));
  await writeResults(scene, [figuresRow(ira.udid, week), blank(ira), blank(oleg)]);
  expect(await run(scene, name)).toMatchObject({ counts: { announced: 1, overdue_7d: 1 } });
  await scene.settleTasks();
  expect(await statusOf(scene.ctx, second)).toBe('initialized');
  expect((await scene.ctx.store.results([id]))[0]?.figures).toMatchObject(week);
});

test('malformed rows land among the rejects and the others are imported', async () => {
  scene.advance(7 * dayMs);
  const [bad, good] = [{ ...figuresRow(oleg.udid, week), sh_7d: { hours: 4 } }, { ...figuresRow(ira.udid, {}), sh_7d: 40.5 }];
  await writeResults(scene, [{ udid: 'a b' }, bad, good]);
  expect(await run(scene, name)).toMatchObject({ outcome: 'succeeded', counts: { rejected: 2, announced: 1 } });
  expect(await reasonsOf(scene.ctx)).toEqual(['malformed_id', 'mistyped_field']);
  expect((await scene.ctx.store.results([id]))[0]?.figures.sh_7d).toBe('40.5');
});

test('asks driver-profiles for the udid that was unknown at enrolment', async () => {
  const late = person('late', 1, { udid: null });
  scene.upstreams.world.people.push(late);
  const [lateId] = await pairUp(scene, [[late, rita]]);
  late.udid = 'udid-late';
  scene.advance(7 * dayMs);
  await writeResults(scene, [figuresRow('udid-late', week)]);
  await run(scene, name);
  await scene.settleTasks();
  expect(await statusOf(scene.ctx, lateId!)).toBe('in_progress');
});

test('asks driver-profiles for a udid that has changed since the enrolment', async () => {
  ira.udid = 'udid-merged';
  try {
    scene.advance(7 * dayMs);
    await writeResults(scene, [figuresRow('udid-merged', week)]);
    expect(await run(scene, name)).toMatchObject({ counts: { announced: 1 } });
  } finally {
    ira.udid = 'udid-ira';
  }
});

test('the udid of the enrolment serves for who is unknown to driver-profiles now', async () => {
  scene.upstreams.world.people.splice(scene.upstreams.world.people.indexOf(ira), 1);
  scene.advance(7 * dayMs);
  await writeResults(scene, [figuresRow(ira.udid, week)]);
  expect(await run(scene, name)).toMatchObject({ counts: { announced: 1 } });
});

test('figures read before a rematch are not told to the new mentor', async () => {
  scene.advance(7 * dayMs);
  await writeResults(scene, [figuresRow(ira.udid, week)]);
  const { yt } = scene.ctx;
  const rematchAfterReading: typeof yt.readTable = async (...asked) => {
    const figures = await yt.readTable(...asked);
    await writeDistribution(scene, [await connection(scene, profileOf(ira), profileOf(rita), 0)]);
    await run(scene, 'import-matchings');
    return figures;
  };
  const ctx = { ...scene.ctx, yt: { ...yt, readTable: rematchAfterReading } };
  expect(await run(scene, name, { ctx })).toMatchObject({ outcome: 'succeeded', counts: { figures_changed: 0, announced: 0 } });
  expect(await scene.ctx.store.results([id])).toEqual([]);
  expect(await scene.matching(id)).toMatchObject({ status: 'matched', mentor: profileOf(rita), epoch: 2 });
});

test('a missing table is told of with its path and leaves everybody overdue, and the next run does the work', async () => {
  scene.advance(7 * dayMs);
  expect(await run(scene, name)).toMatchObject({ outcome: 'succeeded', counts: { table_missing: 1, rejected: 1, overdue_7d: 2, announced: 0 } });
  expect(await rejectsOf(scene.ctx)).toMatchObject([{ source: 'results', reason: 'table_missing', detail: scene.config.yt.results }]);
  await writeResults(scene, [figuresRow(ira.udid, week)]);
  expect(await run(scene, name)).toMatchObject({ outcome: 'succeeded', counts: { announced: 1 } });
});

test('a dry run names the announcements and writes nothing', async () => {
  scene.advance(15 * dayMs);
  await writeResults(scene, [figuresRow(ira.udid, fortnight)]);
  const before = await dump(scene.ctx);
  expect(await run(scene, name, { dryRun: true })).toMatchObject({
    outcome: 'succeeded', counts: { figures_changed: 1, announced: 1 },
    changes: [{ matchingId: id, event: 'RESULT_ANNOUNCED', from: 'initialized', to: 'finished' }],
  });
  expect(await dump(scene.ctx)).toEqual(before);
});
