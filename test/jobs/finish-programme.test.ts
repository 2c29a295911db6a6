// Promocodes find their matchings, early or late; deadlines fail the rest; each table is read once.
import { afterEach, expect, test } from 'vitest';
import { profileKey, type MatchingId } from '../../machines/ids.ts';
import { dayMs, openScene, person, profileOf, statusOf, type Scene } from '../suites/scene.ts';
import {
  allMatchings, dump, dumpOfData, everyPage, figuresRow, finishAll, fortnight, outcomesOf, pairUp, reasonsOf, run, writePromocodes, writeResults,
} from './programme.ts';

const name = 'finish-programme';
const ira = person('ira', 2);
const oleg = person('oleg');
const zoya = person('zoya');
const pavel = person('pavel', 2);
const rita = person('rita');
const everyone = [ira, oleg, zoya, pavel, rita];

let scene: Scene;
afterEach(() => scene.close());

async function open(environment: Record<string, string> = {}): Promise<void> {
  scene = await openScene({ people: everyone, environment });
}

const code = (who: Parameters<typeof profileOf>[0], promocode: string, index = 0): object =>
  ({ entity_id: profileKey(profileOf(who, index)), promocode });

const codesOf = async (ids: readonly (MatchingId | undefined)[]): Promise<(string | null)[]> =>
  Promise.all(ids.map(async (id) => (await scene.matching(id!)).mentorPromocode));

const statusesOf = (ids: readonly (MatchingId | undefined)[]): Promise<string[]> => Promise.all(ids.map((id) => statusOf(scene.ctx, id!)));

test('a code of a finished newbie is stored and told to the mentor, and the matching succeeds', async () => {
  await open();
  const ids = await finishAll(scene, [[ira, pavel]]);
  await writePromocodes(scene, 0, [code(ira, 'GIFT', 1)]);
  expect(await run(scene, name)).toMatchObject({ outcome: 'succeeded', counts: { rows: 1, tables: 1, promocodes: 1, failed: 0 } });
  expect(await statusesOf(ids)).toEqual(['finished']);
  await scene.settleTasks();
  expect(await scene.matching(ids[0]!)).toMatchObject({ status: 'succeed', mentorPromocode: 'GIFT', completedAt: expect.any(Number) });
  expect(scene.upstreams.acceptedEvents.has(`${ids[0]}:succeed:1:mentor`)).toBe(true);
});

test('a code that came in time saves its matching from the deadline of the same run', async () => {
  await open();
  const ids = await finishAll(scene, [[ira, pavel], [oleg, pavel]]);
  scene.advance(8 * dayMs);
  await writePromocodes(scene, 1, [code(ira, 'GIFT')]);
  expect(await run(scene, name)).toMatchObject({ counts: { promocodes: 1, failed: 1 } });
  await scene.settleTasks();
  expect(await statusesOf(ids)).toEqual(['succeed', 'failed']);
});

test('nobody fails within the grace, and everybody without a code after it', async () => {
  await open();
  const ids = await finishAll(scene, [[ira, pavel]]);
  scene.advance(6 * dayMs);
  expect(await run(scene, name)).toMatchObject({ counts: { failed: 0 } });
  scene.advance(dayMs);
  expect(await run(scene, name)).toMatchObject({ counts: { failed: 1 } });
  expect(await statusesOf(ids)).toEqual(['failed']);
});

test('with no grace, the literal policy, the deadline is the age alone', async () => {
  await open({ FAIL_GRACE: '0d' });
  const ids = await finishAll(scene, [[ira, pavel]]);
  scene.advance(1_000);
  await run(scene, name);
  expect(await statusesOf(ids)).toEqual(['failed']);
});

test('an early code waits until its matching is finished', async () => {
  await open();
  const ids = await pairUp(scene, [[ira, pavel]]);
  await writePromocodes(scene, 0, [code(ira, 'EARLY')]);
  expect(await run(scene, name)).toMatchObject({ counts: { pending: 1 } });
  expect(await codesOf(ids)).toEqual([null]);
  await finishRest();
  expect(await run(scene, name)).toMatchObject({ counts: { promocodes: 1 } });
  await scene.settleTasks();
  expect(await statusesOf(ids)).toEqual(['succeed']);
  expect((await scene.ctx.store.pendingPromocodes(everyPage)).items).toEqual([]);
});

/** Brings the pairs that already exist to the end of their fortnight. */
async function finishRest(): Promise<void> {
  scene.advance(14 * dayMs);
  await writeResults(scene, everyone.map(({ udid }) => figuresRow(udid, fortnight)));
  await run(scene, 'import-results');
  await scene.settleTasks();
}

test('a late code turns the failure into a success', async () => {
  await open();
  const ids = await failOne();
  await writePromocodes(scene, 0, [code(ira, 'LATE')]);
  await run(scene, name);
  await scene.settleTasks();
  expect(await scene.matching(ids[0]!)).toMatchObject({ status: 'succeed', mentorPromocode: 'LATE' });
  // All four messages are to be read again, though nothing could be read while the matching was failed.
  expect(scene.upstreams.acceptedEvents.get(`${ids[0]}:succeed:1:mentor`)).toMatchObject({ payload: { kind: 'promocode', unread: 4 } });
});

test('a late code is rejected when failures are final, the literal policy', async () => {
  await open({ LATE_PROMOCODE_REOPENS: 'false' });
  const ids = await failOne();
  await writePromocodes(scene, 0, [code(ira, 'LATE')]);
  expect(await run(scene, name)).toMatchObject({ counts: { rejected: 1 } });
  expect(await statusesOf(ids)).toEqual(['failed']);
  expect(await reasonsOf(scene.ctx)).toEqual(['late_promocode']);
});

async function failOne(): Promise<MatchingId[]> {
  const ids = await finishAll(scene, [[ira, pavel]]);
  scene.advance(8 * dayMs);
  await run(scene, name);
  expect(await statusesOf(ids)).toEqual(['failed']);
  return ids;
}

test('a mentor of several newbies gets one matching per code, the oldest match first', async () => {
  await open();
  const older = await pairUp(scene, [[oleg, pavel]]);
  scene.advance(1_000);
  const newer = await finishAll(scene, [[ira, pavel]]);
  await finishRest();
  expect(await statusesOf([...older, ...newer])).toEqual(['finished', 'finished']);
  await writePromocodes(scene, 0, [code(pavel, 'A')]);
  await run(scene, name);
  expect(await codesOf([...older, ...newer])).toEqual(['A', null]);
  await writePromocodes(scene, 0, [code(pavel, 'B', 1), code(pavel, 'A')]);
  await run(scene, name);
  expect(await codesOf([...older, ...newer])).toEqual(['A', 'B']);
  await writePromocodes(scene, 0, [code(pavel, 'A'), code(pavel, 'C')]);
  expect(await run(scene, name)).toMatchObject({ counts: { unchanged: 1, rejected: 1 } });
  expect(await reasonsOf(scene.ctx)).toEqual(['second_promocode']);
});

test('one code goes to all finished newbies of the mentor under all_finished, the literal policy', async () => {
  await open({ PROMOCODE_POLICY: 'all_finished' });
  const ids = await finishAll(scene, [[ira, pavel], [oleg, pavel], [zoya, rita]]);
  await writePromocodes(scene, 0, [code(pavel, 'ALL')]);
  await run(scene, name);
  await scene.settleTasks();
  expect(await codesOf(ids)).toEqual(['ALL', 'ALL', null]);
  expect(await statusesOf(ids)).toEqual(['succeed', 'succeed', 'finished']);
});

test('a second, different code for one matching is rejected', async () => {
  await open();
  const ids = await finishAll(scene, [[ira, pavel]]);
  await writePromocodes(scene, 1, [code(ira, 'FIRST')]);
  await writePromocodes(scene, 0, [code(ira, 'SECOND')]);
  expect(await run(scene, name)).toMatchObject({ counts: { promocodes: 1, rejected: 1 } });
  expect(await codesOf(ids)).toEqual(['FIRST']);
  expect(await reasonsOf(scene.ctx)).toEqual(['second_promocode']);
});

test('a former newbie who became a mentor still receives codes as a mentor', async () => {
  await open();
  await finishAll(scene, [[ira, pavel]]);
  await writePromocodes(scene, 1, [code(ira, 'AS-NEWBIE')]);
  await run(scene, name);
  await scene.settleTasks();
  const [id] = await finishAll(scene, [[oleg, ira]]);
  await writePromocodes(scene, 0, [code(ira, 'AS-MENTOR')]);
  await run(scene, name);
  expect(await codesOf([id])).toEqual(['AS-MENTOR']);
});

test('a code goes to the finished newbie of a mentor who failed as a newbie himself', async () => {
  await open();
  const own = await failOne();
  const [id] = await finishAll(scene, [[oleg, ira]]);
  await writePromocodes(scene, 0, [code(ira, 'AS-MENTOR')]);
  await run(scene, name);
  await scene.settleTasks();
  expect(await codesOf([...own, id])).toEqual([null, 'AS-MENTOR']);
  expect(await statusesOf([...own, id])).toEqual(['failed', 'succeed']);
});

test('codes of strangers and malformed rows are rejected and the others applied', async () => {
  await open();
  const ids = await finishAll(scene, [[ira, pavel]]);
  await writePromocodes(scene, 0, [
    { entity_id: 'park-9_nobody', promocode: 'X' }, { entity_id: 'no-underscore', promocode: 'X' }, { ...code(ira, ''), promocode: '' },
    code(ira, 'L'.repeat(65)), code(ira, 'GOOD'),
  ]);
  expect(await run(scene, name)).toMatchObject({ counts: { rejected: 4, promocodes: 1 } });
  expect(await codesOf(ids)).toEqual(['GOOD']);
  expect(await reasonsOf(scene.ctx)).toEqual(['malformed_id', 'missing_field', 'too_long', 'unknown_entity']);
});

test('L2: the code of a person whom driver-profiles cannot tell of waits, and the others are applied', async () => {
  await open();
  const ids = await finishAll(scene, [[ira, pavel], [oleg, pavel]]);
  const udid = ira.udid;
  ira.udid = 'no udid';
  await writePromocodes(scene, 0, [code(ira, 'LATER'), code(oleg, 'NOW')]);
  expect(await run(scene, name)).toMatchObject({ outcome: 'succeeded', counts: { pending: 1, promocodes: 1 } });
  expect(await codesOf(ids)).toEqual([null, 'NOW']);
  ira.udid = udid;
  expect(await run(scene, name)).toMatchObject({ counts: { promocodes: 1 } });
  expect(await codesOf(ids)).toEqual(['LATER', 'NOW']);
});

test.each(['A&B', 'a@b', 'x[1]', 'x{1}', 'a*', 'a/b', String.raw`a\b`])('reads a table named with %j like any other', async (part) => {
  await open();
  const ids = await finishAll(scene, [[ira, pavel]]);
  const date = new Date(await scene.ctx.store.now()).toISOString().slice(0, 10);
  const path = `finished_promocodes_to_add_${part}_${date}`.replaceAll(/[\\/@&*[{]/g, String.raw`\$&`);
  await scene.yt.tree.writeRows(`${scene.config.yt.promocodesDir}/${path}`, [code(ira, 'CODE')] as Record<string, unknown>[]);
  expect(await run(scene, name)).toMatchObject({ outcome: 'succeeded', counts: { promocodes: 1 } });
  expect(await codesOf(ids)).toEqual(['CODE']);
});

test('reads a table once per revision, and only those of the lookback', async () => {
  await open({ PROMOCODE_LOOKBACK: '45d' });
  const ids = await finishAll(scene, [[ira, pavel], [oleg, pavel]]);
  await writePromocodes(scene, 47, [code(ira, 'OLD')]);
  await writePromocodes(scene, 44, [code(oleg, 'RECENT')]);
  await scene.yt.tree.writeRows(`${scene.config.yt.promocodesDir}/other_table_2026-01-01`, [code(ira, 'OTHER')] as Record<string, unknown>[]);
  expect(await run(scene, name)).toMatchObject({ counts: { tables: 1, rows: 1 } });
  expect(await codesOf(ids)).toEqual([null, 'RECENT']);
  expect((await run(scene, name)).counts).not.toHaveProperty('tables');
  await writePromocodes(scene, 44, [code(oleg, 'RECENT'), code(ira, 'ADDED')]);
  expect(await run(scene, name)).toMatchObject({ counts: { tables: 1, unchanged: 1, promocodes: 1 } });
});

test('without the directory the deadlines are kept all the same', async () => {
  await open();
  const ids = await finishAll(scene, [[ira, pavel]]);
  scene.advance(8 * dayMs);
  expect(await run(scene, name)).toMatchObject({ outcome: 'succeeded', counts: { failed: 1 } });
  expect(await statusesOf(ids)).toEqual(['failed']);
});

test('S6: replays change nothing, tell nobody again, and the order of the rows makes no difference', async () => {
  const rows = [code(pavel, 'A'), code(pavel, 'B'), code(pavel, 'C', 1), code(rita, 'D'), code(rita, 'E'), { entity_id: 1 }];
  const ends = [];
  for (const order of [rows, rows.toReversed()]) {
    await open();
    await finishAll(scene, [[ira, pavel], [oleg, pavel]]);
    await pairUp(scene, [[zoya, rita]]);
    await writePromocodes(scene, 0, order);
    await run(scene, name);
    await scene.settleTasks();
    const [before, told] = [await dumpOfData(scene.ctx), scene.upstreams.calls.clientEvents.length];
    await writePromocodes(scene, 0, order.toReversed());
    await run(scene, name);
    await scene.settleTasks();
    expect(await dumpOfData(scene.ctx)).toEqual(before);
    expect(scene.upstreams.calls.clientEvents).toHaveLength(told);
    ends.push((await outcomesOf(scene.ctx)).map((outcome) => ({ ...(outcome as object), originalConnectedAt: null })));
    if (ends.length === 1) await scene.close();
  }
  expect(ends[1]).toEqual(ends[0]);
});

test('a dry run names the codes and the failures and writes nothing', async () => {
  await open();
  const ids = await finishAll(scene, [[ira, pavel], [oleg, rita]]);
  scene.advance(8 * dayMs);
  await writePromocodes(scene, 0, [code(ira, 'GIFT')]);
  const before = await dump(scene.ctx);
  const report = await run(scene, name, { dryRun: true });
  expect(report.changes).toContainEqual({ matchingId: ids[0], event: 'PROMOCODE_ANNOUNCED', from: 'finished', to: 'succeed' });
  const failure = { matchingId: ids[1], event: 'DEADLINE_PASSED', from: 'finished', to: 'failed' };
  expect(report.changes).toContainEqual(expect.objectContaining(failure));
  expect(await dump(scene.ctx)).toEqual(before);
});

test('A25: once a day by UTC date, at the first tick of a day, however long the days before were missed', async () => {
  await open();
  await finishAll(scene, [[ira, pavel]]);
  const tick = () => run(scene, name, { onlyIfDue: true });
  expect(await tick()).toMatchObject({ outcome: 'succeeded' });
  expect(await tick()).toMatchObject({ outcome: 'not_due', counts: {} });
  expect(await run(scene, name)).toMatchObject({ outcome: 'succeeded' });
  scene.advance(9 * dayMs);
  expect(await tick()).toMatchObject({ outcome: 'succeeded', counts: { failed: 1 } });
  expect((await allMatchings(scene.ctx))[0]?.status).toBe('failed');
});

test('A25: a run that ends after midnight is one of the day before', async () => {
  await open();
  const ids = await finishAll(scene, [[ira, pavel]]);
  scene.advance(dayMs - ((await scene.ctx.store.now()) % dayMs) - 60_000);
  const { yt } = scene.ctx;
  const listTables: typeof yt.listTables = async (...asked) => {
    const listed = await yt.listTables(...asked);
    scene.advance(120_000);
    return listed;
  };
  expect(await run(scene, name, { ctx: { ...scene.ctx, yt: { ...yt, listTables } }, onlyIfDue: true })).toMatchObject({ outcome: 'succeeded' });
  await writePromocodes(scene, 0, [code(ira, 'NEW-DAY')]);
  expect(await run(scene, name, { onlyIfDue: true })).toMatchObject({ outcome: 'succeeded' });
  expect(await codesOf(ids)).toEqual(['NEW-DAY']);
});

test('A25: a longer period is so many UTC dates', async () => {
  await open({ FINISH_PROGRAMME_EVERY: '7d' });
  const tick = async () => (await run(scene, name, { onlyIfDue: true })).outcome;
  expect(await tick()).toBe('succeeded');
  scene.advance(6 * dayMs);
  expect(await tick()).toBe('not_due');
  scene.advance(dayMs);
  expect(await tick()).toBe('succeeded');
});

test('a missing directory of promocodes is counted, and the deadlines do not wait for it', async () => {
  await open();
  await finishAll(scene, [[ira, pavel]]);
  scene.yt.tree.remove(scene.config.yt.promocodesDir);
  scene.advance(8 * dayMs);
  expect(await run(scene, name)).toMatchObject({ outcome: 'succeeded', counts: { table_missing: 1, failed: 1 } });
  expect(await reasonsOf(scene.ctx)).toEqual([]);
});

test('A25: a failed day is tried again at the next tick', async () => {
  await open();
  const list = () => Promise.reject(new Error('the cluster is away'));
  const ctx = { ...scene.ctx, yt: { ...scene.ctx.yt, listTables: list } };
  expect(await run(scene, name, { ctx, onlyIfDue: true })).toMatchObject({ outcome: 'failed', error: 'internal: unexpected failure' });
  expect(await run(scene, name, { onlyIfDue: true })).toMatchObject({ outcome: 'succeeded' });
});
