// The distribution table as anybody may have written it: what cannot be used is set aside with its reason, and the rest goes on.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { profileKey } from '../../machines/ids.ts';
import { dayMs, openScene, person, profileOf, statusOf, type Scene } from '../suites/scene.ts';
import { connection, enrolAll, rejectsOf, run, writeDistribution } from './programme.ts';

const name = 'import-matchings';
const [ira, oleg, pavel] = [person('ira', 2), person('oleg'), person('pavel', 2)] as const;
const hourMs = 3_600_000;
const megabyte = 'x'.repeat(1 << 20);

let scene: Scene;
beforeEach(async () => {
  scene = await openScene({ people: [ira, oleg, pavel] });
});
afterEach(() => scene.close());

type Cells = Record<string, unknown>;

const without = (good: Cells, column: string): Cells => Object.fromEntries(Object.entries(good).filter(([one]) => one !== column));
const mentoredBy = (index: number): Cells => {
  const { parkId, driverId } = profileOf(ira, index);
  return { mentor_park_id: parkId, mentor_driver_id: driverId };
};

const hostile: readonly (readonly [what: string, spoil: (good: Cells) => Cells, reason: string])[] = [
  ['a null column', (good) => ({ ...good, mentor_driver_id: null }), 'missing_field'],
  ['a missing column', (good) => without(good, 'connected_dttm'), 'missing_field'],
  ['no columns at all', () => ({}), 'missing_field'],
  ['a number for an id', (good) => ({ ...good, newbie_park_id: 7 }), 'mistyped_field'],
  ['a map for a date', (good) => ({ ...good, connected_dttm: { at: 1 } }), 'mistyped_field'],
  ['a list for an id', (good) => ({ ...good, mentor_park_id: ['park-1'] }), 'mistyped_field'],
  ['a megabyte for an id', (good) => ({ ...good, newbie_driver_id: megabyte }), 'malformed_id'],
  ['a megabyte for a date', (good) => ({ ...good, connected_dttm: megabyte }), 'malformed_date'],
  ['control characters', (good) => ({ ...good, newbie_driver_id: 'driver\u0000\u001b[2J\n' }), 'malformed_id'],
  ['emoji', (good) => ({ ...good, mentor_driver_id: '🚕👍' }), 'malformed_id'],
  ['SQL', (good) => ({ ...good, newbie_park_id: `'; DROP TABLE matchings; --` }), 'malformed_id'],
  ['an id with an underscore', (good) => ({ ...good, newbie_driver_id: 'driver_ira' }), 'malformed_id'],
  ['a mentor who is the newbie', (good) => ({ ...good, ...mentoredBy(0) }), 'self_match'],
  ['a mentor who is the newbie under another profile', (good) => ({ ...good, ...mentoredBy(1) }), 'self_match'],
  ['an id nobody enrolled with', (good) => ({ ...good, newbie_driver_id: 'nobody' }), 'unknown_newbie'],
  ['a date far ahead', (good) => ({ ...good, connected_dttm: '2999-01-01T00:00:00Z' }), 'future_date'],
  ['an ancient date', (good) => ({ ...good, connected_dttm: '1970-01-01T00:00:00Z' }), 'ancient_date'],
  ['a day that does not exist', (good) => ({ ...good, connected_dttm: '2026-02-30 10:00:00' }), 'malformed_date'],
  ['an hour that does not exist', (good) => ({ ...good, connected_dttm: '2026-02-03T25:00:00Z' }), 'malformed_date'],
];

test.each(hostile)('%s is rejected with its reason, and the row beside it is applied', async (_what, spoil, reason) => {
  const [, good] = await enrolAll(scene, [ira, oleg]);
  const spoilt = spoil({ ...(await connection(scene, profileOf(ira), profileOf(pavel), -hourMs)) });
  await writeDistribution(scene, [spoilt, await connection(scene, profileOf(oleg), profileOf(pavel), -hourMs)]);
  expect(await run(scene, name)).toMatchObject({ outcome: 'succeeded', counts: { rows: 2, rejected: 1, matched: 1 } });
  expect(await rejectsOf(scene.ctx)).toMatchObject([{ source: 'distribution', reason }]);
  expect(JSON.stringify(await rejectsOf(scene.ctx)).length).toBeLessThan(500);
  expect(await statusOf(scene.ctx, good!)).toBe('matched');
});

test('all of them together, many times over, are rejected once each', async () => {
  const [, good] = await enrolAll(scene, [ira, oleg]);
  const base = { ...(await connection(scene, profileOf(ira), profileOf(pavel), -hourMs)) };
  const rows = hostile.map(([, spoil]) => spoil(base));
  for (let times = 0; times < 3; times += 1) {
    await writeDistribution(scene, [...rows, await connection(scene, profileOf(oleg), profileOf(pavel), -hourMs - times)]);
    expect(await run(scene, name)).toMatchObject({ outcome: 'succeeded' });
  }
  expect((await rejectsOf(scene.ctx)).map(({ reason }) => reason).sort()).toEqual(hostile.map(([, , reason]) => reason).sort());
  expect(await statusOf(scene.ctx, good!)).toBe('matched');
});

test('further columns of any kind are ignored', async () => {
  const [id] = await enrolAll(scene, [ira]);
  const row = await connection(scene, profileOf(ira), profileOf(pavel), -hourMs);
  await writeDistribution(scene, [{ ...row, comment: megabyte, score: 5, nested: { a: [null] } }]);
  expect(await run(scene, name)).toMatchObject({ outcome: 'succeeded', counts: { matched: 1 } });
  expect(await statusOf(scene.ctx, id!)).toBe('matched');
});

test('an empty table is a success with nothing to do', async () => {
  await writeDistribution(scene, []);
  expect(await run(scene, name)).toMatchObject({ outcome: 'succeeded', counts: {} });
});

test('times without an offset are those of the configured zone', async () => {
  await scene.close();
  scene = await openScene({ people: [ira, pavel], environment: { YT_CONNECTED_TZ: 'Europe/Moscow' } });
  const [id] = await enrolAll(scene, [ira]);
  const local = new Date((await scene.ctx.store.now()) - dayMs).toISOString().slice(0, 19).replace('T', ' ');
  await writeDistribution(scene, [await connection(scene, profileOf(ira), profileOf(pavel), local)]);
  await run(scene, name);
  expect((await scene.matching(id!)).originalConnectedAt).toBe(Date.parse(`${local.replace(' ', 'T')}+03:00`));
});

test('the same newbie twice under two profiles gets the newer mentor, wherever the rows stand', async () => {
  const [id] = await enrolAll(scene, [ira]);
  const [older, newer] = [
    await connection(scene, profileOf(ira), profileOf(oleg), -2 * hourMs), await connection(scene, profileOf(ira, 1), profileOf(pavel), -hourMs),
  ];
  await writeDistribution(scene, [older, newer]);
  await run(scene, name);
  expect(await scene.matching(id!)).toMatchObject({ mentor: profileOf(pavel), epoch: 1 });
});

test('an older row under another profile is applied when the newest one matches the person with himself', async () => {
  const [id] = await enrolAll(scene, [ira]);
  const [older, newer] = [
    await connection(scene, profileOf(ira), profileOf(pavel), -2 * hourMs), await connection(scene, profileOf(ira, 1), profileOf(ira), -hourMs),
  ];
  for (const rows of [[older, newer], [newer, older]]) {
    await writeDistribution(scene, rows);
    expect(await run(scene, name)).toMatchObject({ outcome: 'succeeded' });
  }
  expect(await scene.matching(id!)).toMatchObject({ mentor: profileOf(pavel), epoch: 1 });
  expect((await rejectsOf(scene.ctx)).map(({ reason }) => reason)).toEqual(['self_match']);
});

test('an older row gets no chance from beyond the overlap, which earlier runs have read', async () => {
  const [id] = await enrolAll(scene, [ira, oleg]);
  await writeDistribution(scene, [await connection(scene, profileOf(oleg), profileOf(pavel), -hourMs)]);
  await run(scene, name);
  const rows = [
    await connection(scene, profileOf(ira), profileOf(pavel), -30 * hourMs), await connection(scene, profileOf(ira), profileOf(ira, 1), -2 * hourMs),
    await connection(scene, profileOf(ira), profileOf(ira, 1), -3 * hourMs),
  ];
  await writeDistribution(scene, rows);
  expect(await run(scene, name)).toMatchObject({ outcome: 'succeeded', counts: { rejected: 2 } });
  expect(await statusOf(scene.ctx, id!)).toBe('created');
});

test('every row of a newbie who never enrolled is told of', async () => {
  const rows = await Promise.all([-3, -2, -1].map((hours) => connection(scene, profileOf(ira), profileOf(pavel), hours * hourMs)));
  await writeDistribution(scene, rows);
  expect(await run(scene, name)).toMatchObject({ counts: { rejected: 3 } });
  expect(await rejectsOf(scene.ctx)).toMatchObject(Array.from({ length: 3 }, () => ({ detail: `newbie ${profileKey(profileOf(ira))}` })));
});
