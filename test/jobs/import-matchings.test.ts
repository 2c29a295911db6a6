// The distribution table becomes matches: newest first, replayed at will, bad rows aside.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ServiceError } from '../../runtime/errors.ts';
import { dayMs, openScene, person, profileOf, statusOf, type Scene } from '../suites/scene.ts';
import { insertCompleted } from './completed.ts';
import {
  allMatchings, connection, dump, dumpOfData, enrolAll, outcomesOf, reasonsOf, rejectsOf, run, writeDistribution,
} from './programme.ts';

const name = 'import-matchings';
const ira = person('ira', 2);
const oleg = person('oleg');
const pavel = person('pavel', 2);
const rita = person('rita');
const hourMs = 3_600_000;

let scene: Scene;
beforeEach(async () => {
  scene = await openScene({ people: [ira, oleg, pavel, rita] });
});
afterEach(() => scene.close());

const row = (newbie: Parameters<typeof profileOf>[0], mentor: Parameters<typeof profileOf>[0], when: number | string) =>
  connection(scene, profileOf(newbie), profileOf(mentor), when);

test('matches the enrolled newbie and announces it', async () => {
  const [id] = await enrolAll(scene, [ira]);
  await writeDistribution(scene, [await row(ira, pavel, -hourMs)]);
  expect(await run(scene, name)).toMatchObject({ outcome: 'succeeded', counts: { rows: 1, matched: 1 }, error: null });
  expect(await scene.matching(id!)).toMatchObject({ status: 'matched', mentor: profileOf(pavel), mentorUdid: 'udid-pavel', epoch: 1 });
  const tasks = await scene.ctx.store.tasksOfMatching(id!);
  expect(tasks.map((task) => task.id)).toContain(`announce:${id}:initialized:1`);
  const [last] = (await scene.ctx.store.transitions(id!)).slice(-1);
  expect(last).toMatchObject({ event: 'MATCHED', actor: 'job:import-matchings' });
});

test('finds the newbie by a profile he did not enrol with', async () => {
  const [id] = await enrolAll(scene, [ira]);
  await writeDistribution(scene, [await connection(scene, profileOf(ira, 1), profileOf(pavel), -hourMs)]);
  await run(scene, name);
  expect(await statusOf(scene.ctx, id!)).toBe('matched');
});

test('of several rows for one newbie the newest wins, wherever it stands', async () => {
  const [id] = await enrolAll(scene, [ira]);
  await writeDistribution(scene, [await row(ira, oleg, -3 * hourMs), await row(ira, pavel, -hourMs), await row(ira, rita, -2 * hourMs)]);
  await run(scene, name);
  expect(await scene.matching(id!)).toMatchObject({ mentor: profileOf(pavel), epoch: 1 });
});

test('of two rows with one date the later row wins', async () => {
  const [id] = await enrolAll(scene, [ira]);
  const [first, second] = [await row(ira, oleg, -hourMs), await row(ira, rita, -hourMs)];
  await writeDistribution(scene, [first, { ...second, connected_dttm: first.connected_dttm }]);
  await run(scene, name);
  expect((await scene.matching(id!)).mentor).toEqual(profileOf(rita));
});

test('S6: a replay of the same rows changes nothing and announces nothing again', async () => {
  await enrolAll(scene, [ira, oleg]);
  const rows = [await row(ira, pavel, -2 * hourMs), await row(oleg, rita, -hourMs), await row(rita, pavel, -hourMs)];
  await writeDistribution(scene, rows);
  await run(scene, name);
  await scene.settleTasks();
  const before = await dumpOfData(scene.ctx);
  const announced = scene.upstreams.calls.clientEvents.length;
  for (const again of [rows, rows.toReversed(), rows.slice(1)]) {
    await writeDistribution(scene, again);
    expect(await run(scene, name)).toMatchObject({ outcome: 'succeeded' });
    await scene.settleTasks();
  }
  expect(await dumpOfData(scene.ctx)).toEqual(before);
  expect(scene.upstreams.calls.clientEvents).toHaveLength(announced);
});

test('rows that were applied before cost no call of driver-profiles', async () => {
  await enrolAll(scene, [ira, oleg]);
  const rows = [await row(ira, pavel, -2 * hourMs), await row(oleg, rita, -hourMs)];
  await writeDistribution(scene, rows);
  await run(scene, name);
  const asked = scene.upstreams.calls.driverProfiles.length;
  await writeDistribution(scene, rows);
  expect(await run(scene, name)).toMatchObject({ counts: { rows: 2, unchanged: 2 } });
  expect(scene.upstreams.calls.driverProfiles).toHaveLength(asked);
});

test('S6: the order of the rows in the table makes no difference', async () => {
  const rows = [
    await row(ira, oleg, -5 * hourMs), await row(ira, pavel, -4 * hourMs), await row(oleg, rita, -3 * hourMs),
    await row(oleg, pavel, -6 * hourMs), await row(ira, rita, -7 * hourMs), { newbie_park_id: 1 },
  ];
  const outcomes = [];
  for (const order of [rows, rows.toReversed(), [rows[3]!, rows[0]!, rows[5]!, rows[4]!, rows[2]!, rows[1]!]]) {
    const other = await openScene({ people: [ira, oleg, pavel, rita] });
    try {
      await enrolAll(other, [ira, oleg]);
      await writeDistribution(other, order);
      await run(other, name);
      outcomes.push(await outcomesOf(other.ctx));
    } finally {
      await other.close();
    }
  }
  expect(outcomes[1]).toEqual(outcomes[0]);
  expect(outcomes[2]).toEqual(outcomes[0]);
  expect(outcomes[0]).toMatchObject([{ mentor: profileOf(pavel), epoch: 1 }, { mentor: profileOf(rita), epoch: 1 }]);
});

test('keeps the mentor when a newer row names him again, by any of his profiles', async () => {
  const [id] = await enrolAll(scene, [ira]);
  await writeDistribution(scene, [await row(ira, pavel, -2 * hourMs)]);
  await run(scene, name);
  const newer = await connection(scene, profileOf(ira), profileOf(pavel, 1), -hourMs);
  await writeDistribution(scene, [newer]);
  await run(scene, name);
  expect(await scene.matching(id!)).toMatchObject({ mentor: profileOf(pavel), epoch: 1, originalConnectedAt: Date.parse(newer.connected_dttm) });
});

test('a newer row with another mentor rematches', async () => {
  const [id] = await enrolAll(scene, [ira]);
  await writeDistribution(scene, [await row(ira, pavel, -2 * hourMs)]);
  await run(scene, name);
  await scene.settleTasks();
  await writeDistribution(scene, [await row(ira, rita, -hourMs)]);
  expect(await run(scene, name)).toMatchObject({ counts: { rematched: 1 } });
  await scene.settleTasks();
  expect(await scene.matching(id!)).toMatchObject({ status: 'initialized', mentor: profileOf(rita), epoch: 2 });
});

test('malformed rows land among the rejects and the good ones go on', async () => {
  const [id] = await enrolAll(scene, [ira]);
  const good = await row(ira, pavel, -hourMs);
  await writeDistribution(scene, [
    { ...good, newbie_driver_id: 'not an id' }, { ...good, connected_dttm: '2026-02-30 10:00:00' }, { ...good, connected_dttm: 5 },
    { ...good, mentor_park_id: null }, await row(ira, rita, 25 * hourMs), { ...good, connected_dttm: '1999-01-01T00:00:00Z' },
    await row(ira, ira, -hourMs), good,
  ]);
  expect(await run(scene, name)).toMatchObject({ outcome: 'succeeded', counts: { rejected: 7, matched: 1 } });
  expect(await statusOf(scene.ctx, id!)).toBe('matched');
  expect(await reasonsOf(scene.ctx)).toEqual([
    'ancient_date', 'future_date', 'malformed_date', 'malformed_id', 'mistyped_field', 'missing_field', 'self_match',
  ].sort());
  expect(JSON.stringify(await rejectsOf(scene.ctx))).not.toContain('not an id');
});

test('a row that matches a person with himself is rejected whatever profiles it names', async () => {
  const [id] = await enrolAll(scene, [ira]);
  await writeDistribution(scene, [await connection(scene, profileOf(ira), profileOf(ira, 1), -hourMs), await row(ira, pavel, -2 * hourMs)]);
  await run(scene, name);
  expect(await reasonsOf(scene.ctx)).toEqual(['self_match']);
  expect((await scene.matching(id!)).mentor).toEqual(profileOf(pavel));
});

test('bad rows do not move the mark, so the rows they would have hidden are read', async () => {
  const [id] = await enrolAll(scene, [ira]);
  await writeDistribution(scene, [await row(oleg, pavel, 400 * dayMs), { connected_dttm: '2999-01-01T00:00:00Z' }]);
  await run(scene, name);
  await writeDistribution(scene, [await row(ira, pavel, -30 * dayMs)]);
  await run(scene, name);
  expect(await statusOf(scene.ctx, id!)).toBe('matched');
});

test('a date tolerated ahead of the clock does not hide the rows written after it', async () => {
  const [id] = await enrolAll(scene, [oleg]);
  await writeDistribution(scene, [await row(ira, pavel, 23 * hourMs)]);
  await run(scene, name);
  await writeDistribution(scene, [await row(oleg, pavel, -20 * hourMs)]);
  await run(scene, name);
  expect(await statusOf(scene.ctx, id!)).toBe('matched');
});

test('rows older than the overlap below the mark are not read again', async () => {
  const [, late] = await enrolAll(scene, [ira, oleg]);
  await writeDistribution(scene, [await row(ira, pavel, -hourMs)]);
  await run(scene, name);
  await writeDistribution(scene, [await row(ira, pavel, -hourMs), await row(oleg, pavel, -26 * hourMs)]);
  await run(scene, name);
  expect(await statusOf(scene.ctx, late!)).toBe('created');
});

test('a table that has not changed is not read again', async () => {
  await enrolAll(scene, [ira]);
  await writeDistribution(scene, [await row(ira, pavel, -hourMs)]);
  await run(scene, name);
  expect(await run(scene, name)).toMatchObject({ outcome: 'succeeded', counts: {} });
});

test('a newbie whom the table named before he enrolled is matched from the unchanged table once he does', async () => {
  await writeDistribution(scene, [await row(ira, pavel, -hourMs)]);
  await run(scene, name);
  expect(await rejectsOf(scene.ctx)).toMatchObject([{ reason: 'unknown_newbie', detail: 'newbie park-1_driver-ira-1' }]);
  const [id] = await enrolAll(scene, [ira]);
  await run(scene, name);
  expect(await statusOf(scene.ctx, id!)).toBe('matched');
  scene.advance(2 * dayMs);
  expect(await run(scene, name)).toMatchObject({ counts: {} });
});

test('within the overlap below the newest row he is matched so however old the table is', async () => {
  const named = await connection(scene, profileOf(ira), profileOf(pavel), '2025-09-27 10:00:00');
  await writeDistribution(scene, [named, await connection(scene, profileOf(oleg), profileOf(rita), '2025-09-28 10:00:00')]);
  await run(scene, name);
  const [id, older] = await enrolAll(scene, [oleg, ira]);
  await run(scene, name);
  expect([await statusOf(scene.ctx, id!), await statusOf(scene.ctx, older!)]).toEqual(['matched', 'created']);
  expect(await run(scene, name)).toMatchObject({ counts: {} });
});

test('creates the missing matching of a driver the CRM knows, once, when told to', async () => {
  await scene.close();
  scene = await openScene({ people: [ira, pavel, rita], environment: { CREATE_MISSING_FROM_CRM: 'true' } });
  await writeDistribution(scene, [await row(ira, pavel, -2 * hourMs), await connection(scene, profileOf(ira, 1), profileOf(rita), -hourMs)]);
  expect(await run(scene, name)).toMatchObject({ counts: { enrolled: 1, matched: 1 } });
  await scene.settleTasks();
  expect(await allMatchings(scene.ctx)).toMatchObject([{ newbie: profileOf(ira, 1), mentor: profileOf(rita), status: 'initialized' }]);
  expect(await rejectsOf(scene.ctx)).toEqual([]);
});

test('where nobody was archived yet, whoever is missing never was here, however old his row', async () => {
  await scene.close();
  scene = await openScene({ people: [ira, pavel], environment: { CREATE_MISSING_FROM_CRM: 'true' } });
  await writeDistribution(scene, [await row(ira, pavel, '2021-09-27 10:00:00')]);
  expect(await run(scene, name)).toMatchObject({ outcome: 'succeeded', counts: { enrolled: 1, matched: 1 } });
});

test('does not begin anew who was archived since, however often the CRM writes its table again', async () => {
  await scene.close();
  scene = await openScene({ people: [ira, oleg, pavel, rita], environment: { CREATE_MISSING_FROM_CRM: 'true', ARCHIVE_AFTER: '1d' } });
  await insertCompleted(scene, 1, { newbie: profileOf(ira), newbieUdid: null });
  expect(await run(scene, 'archive')).toMatchObject({ counts: { archived: 1 } });
  await writeDistribution(scene, [await row(ira, pavel, -25 * hourMs), await row(oleg, pavel, -23 * hourMs)]);
  expect(await run(scene, name)).toMatchObject({ outcome: 'succeeded', counts: { enrolled: 1, matched: 1, rejected: 1 } });
  expect(await allMatchings(scene.ctx)).toMatchObject([{ newbie: profileOf(oleg) }]);
  expect(await reasonsOf(scene.ctx)).toEqual(['unknown_newbie']);
});

test('a dry run names the moves and writes nothing', async () => {
  const [id] = await enrolAll(scene, [ira]);
  await scene.settleTasks();
  await writeDistribution(scene, [await row(ira, pavel, -hourMs), { newbie_park_id: 1 }, await row(oleg, rita, -hourMs)]);
  const before = await dump(scene.ctx);
  expect(await run(scene, name, { dryRun: true })).toMatchObject({
    outcome: 'succeeded',
    dryRun: true,
    counts: { matched: 1, rejected: 2 },
    changes: [{ matchingId: id, event: 'MATCHED', from: 'requested', to: 'matched' }],
  });
  expect(await dump(scene.ctx)).toEqual(before);
  expect(await scene.ctx.locks.tryAcquire(`job:${name}`)).not.toBeNull();
});

test('L2: a person about whom the reply of driver-profiles cannot be read holds up nobody else', async () => {
  const odd = person('odd', 1, { udid: 'no udid' });
  const crowd = Array.from({ length: 150 }, (_, index) => person(`crowd${index}`));
  scene.upstreams.world.people.push(...crowd, odd);
  const [id] = await enrolAll(scene, [ira]);
  const others = await Promise.all(crowd.map((one) => row(one, rita, -2 * hourMs)));
  await writeDistribution(scene, [await row(odd, pavel, -hourMs), ...others, await row(ira, pavel, -hourMs)]);
  expect(await run(scene, name)).toMatchObject({ outcome: 'succeeded', counts: { matched: 1, rejected: 151 } });
  expect(await statusOf(scene.ctx, id!)).toBe('matched');
  expect(await rejectsOf(scene.ctx)).toContainEqual(expect.objectContaining({ reason: 'unreadable_person', detail: expect.stringContaining('driver-odd-1') }));
  odd.udid = 'udid-odd';
  const [oddId] = await enrolAll(scene, [odd]);
  await run(scene, name);
  expect(await statusOf(scene.ctx, oddId!)).toBe('matched');
});

test('replies of which none can be read fail the run before everybody is asked about alone', async () => {
  const crowd = Array.from({ length: 150 }, (_, index) => person(`crowd${index}`));
  scene.upstreams.world.people.push(...crowd);
  await writeDistribution(scene, await Promise.all(crowd.map((one) => row(one, rita, -2 * hourMs))));
  scene.upstreams.faults.driverProfiles.set({ kind: 'malformed_json' });
  expect(await run(scene, name)).toMatchObject({ outcome: 'failed', error: expect.stringContaining('upstream_reply_malformed') });
  expect(scene.upstreams.calls.driverProfiles.length).toBeLessThan(100);
  expect(await rejectsOf(scene.ctx)).toEqual([]);
});

test('an outage of driver-profiles fails the run and moves no mark', async () => {
  const [id] = await enrolAll(scene, [ira]);
  await writeDistribution(scene, [await row(ira, pavel, -hourMs)]);
  const linked = () => Promise.reject(new ServiceError('upstream_unavailable', 'driver-profiles: is down'));
  const down = { ...scene.ctx.upstreams.driverProfiles, linked };
  const ctx = { ...scene.ctx, upstreams: { ...scene.ctx.upstreams, driverProfiles: down } };
  expect(await run(scene, name, { ctx })).toMatchObject({ outcome: 'failed', error: 'upstream_unavailable: driver-profiles: is down' });
  await run(scene, name);
  expect(await statusOf(scene.ctx, id!)).toBe('matched');
});

test('a missing table is told of once a day with its path, and read when it is there', async () => {
  const [id] = await enrolAll(scene, [ira]);
  const missing = { source: 'distribution', reason: 'table_missing', detail: scene.config.yt.distribution };
  for (const [later, rejects] of [[0, [missing]], [0, [missing]], [dayMs, [missing, missing]]] as const) {
    scene.advance(later);
    expect(await run(scene, name)).toMatchObject({ outcome: 'succeeded', counts: { table_missing: 1, rejected: 1 }, error: null });
    expect(await rejectsOf(scene.ctx)).toMatchObject(rejects);
  }
  await writeDistribution(scene, [await row(ira, pavel, -hourMs)]);
  expect(await run(scene, name)).toMatchObject({ outcome: 'succeeded', counts: { matched: 1 } });
  expect(await statusOf(scene.ctx, id!)).toBe('matched');
});

test('a table removed after it was looked at leaves the mark where it was', async () => {
  const [id] = await enrolAll(scene, [ira]);
  await writeDistribution(scene, [await row(ira, pavel, -hourMs)]);
  const { yt } = scene.ctx;
  const removeAfterLooking: typeof yt.readTable = async (...asked) => {
    const looked = await yt.readTable(...asked);
    scene.yt.tree.remove(scene.config.yt.distribution);
    return looked;
  };
  const report = await run(scene, name, { ctx: { ...scene.ctx, yt: { ...yt, readTable: removeAfterLooking } } });
  expect(report).toMatchObject({ outcome: 'succeeded', counts: { table_missing: 1 } });
  expect(await scene.ctx.store.jobState(name)).toBeNull();
  await writeDistribution(scene, [await row(ira, pavel, -hourMs)]);
  await run(scene, name);
  expect(await statusOf(scene.ctx, id!)).toBe('matched');
});
