// Large, shuffled, replayed, interrupted and replaced tables: the same database every time, and nothing announced twice.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { personKey, type Profile } from '../../machines/ids.ts';
import { rfc3339 } from '../../runtime/clock.ts';
import type { Context } from '../../runtime/context.ts';
import { enrolIn, newMatchingId } from '../../runtime/mentorship/enroll.ts';
import { aProfile } from '../suites/records.ts';
import type { FaultEffect } from '../sandbox/yt-proxy/faults.ts';
import { openScene, type Scene } from '../suites/scene.ts';
import { dumpOfData, outcomesOf, rejectsOf, run, writeDistribution, type ConnectionText } from './programme.ts';

const name = 'import-matchings';
let scene: Scene;
beforeEach(async () => {
  scene = await openScene();
});
afterEach(() => scene.close());

/** Everybody is a person of one profile: nobody asks the stand-in about thousands. */
function strangers(ctx: Context): Context {
  const linked = () => Promise.resolve(new Map<never, never>());
  return { ...ctx, upstreams: { ...ctx.upstreams, driverProfiles: { ...ctx.upstreams.driverProfiles, linked } } };
}

async function enrolMany(count: number): Promise<Profile[]> {
  const newbies = Array.from({ length: count }, (_, index) => aProfile(`newbie-${index}`));
  for (let from = 0; from < count; from += 500) {
    await scene.ctx.store.transact(async (tx) => {
      for (const newbie of newbies.slice(from, from + 500)) {
        const person = { udid: null, profiles: [newbie] };
        await enrolIn(tx, scene.ctx, { matchingId: newMatchingId(scene.ctx.newId), newbie, person, cause: { actor: 'driver' } });
      }
    });
  }
  expect(await scene.ctx.store.matchingOfPerson(personKey(null, [newbies[0]!]))).not.toBeNull();
  return newbies;
}

function rowOf(newbie: Profile, mentor: number, at: number): ConnectionText {
  return {
    newbie_park_id: newbie.parkId, newbie_driver_id: newbie.driverId, mentor_park_id: 'park-2', mentor_driver_id: `mentor-${mentor}`,
    connected_dttm: rfc3339(at),
  };
}

/** The same order for the same seed. */
function shuffled<Item>(items: readonly Item[], seed: number): Item[] {
  let state = seed;
  const random = (): number => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state / 2 ** 31;
  };
  return items.map((item) => [random(), item] as const).sort(([a], [b]) => a - b).map(([, item]) => item);
}

test('many good rows and one bad one: all good ones are applied, the bad one is told of', async () => {
  const newbies = await enrolMany(10_000);
  const at = (await scene.ctx.store.now()) - 60_000;
  const rows: object[] = newbies.map((newbie, index) => rowOf(newbie, index, at + index));
  rows.splice(5_555, 0, { newbie_park_id: 'under_score' });
  await writeDistribution(scene, rows);
  const counts = { rows: 10_001, matched: 10_000, rejected: 1 };
  expect(await run(scene, name, { ctx: strangers(scene.ctx) })).toMatchObject({ outcome: 'succeeded', counts });
  expect((await scene.ctx.store.funnel()).matched.present).toBe(10_000);
  expect(await rejectsOf(scene.ctx)).toMatchObject([{ reason: 'missing_field' }]);
});

test('S6: replayed and shuffled ten times, the database stays byte for byte the same and nobody is told again', async () => {
  const newbies = await enrolMany(600);
  const at = (await scene.ctx.store.now()) - 3_600_000;
  const rows: object[] = newbies.flatMap((newbie, index) => [rowOf(newbie, 1, at + index), rowOf(newbie, 2, at + 900 - index)]);
  rows.push({ newbie_park_id: 1 }, rowOf(aProfile('unknown'), 1, at), rowOf(aProfile('unknown'), 2, at + 1));
  const ctx = strangers(scene.ctx);
  await writeDistribution(scene, rows);
  await run(scene, name, { ctx });
  const before = JSON.stringify(await dumpOfData(scene.ctx));
  for (let seed = 1; seed <= 10; seed += 1) {
    await writeDistribution(scene, seed % 3 === 0 ? rows : shuffled(rows, seed));
    expect(await run(scene, name, { ctx })).toMatchObject({ outcome: 'succeeded', counts: { unchanged: expect.any(Number) } });
  }
  expect(JSON.stringify(await dumpOfData(scene.ctx))).toBe(before);
});

test('S6: the order of a first reading decides nothing', async () => {
  const at = (await scene.ctx.store.now()) - 3_600_000;
  const outcomes: unknown[] = [];
  for (const seed of [1, 2, 3]) {
    await scene.close();
    scene = await openScene();
    const newbies = await enrolMany(700);
    const rows = newbies.flatMap((newbie, index) =>
      [0, 1, 2].map((age) => rowOf(newbie, (index + age) % 7, at - age * ((index % 3) - 1) * 1_000 + age)));
    await writeDistribution(scene, shuffled(rows, seed));
    await run(scene, name, { ctx: strangers(scene.ctx) });
    outcomes.push(await outcomesOf(scene.ctx));
  }
  expect(outcomes[1]).toEqual(outcomes[0]);
  expect(outcomes[2]).toEqual(outcomes[0]);
  expect(outcomes[0]).toContainEqual(expect.objectContaining({ status: 'matched', epoch: 1 }));
});

/** Wherever it pleases the seed: between rows, inside of one, politely or not. */
function breaks(seed: number): FaultEffect[] {
  return shuffled(Array.from({ length: 20 }, (_, number) => number), seed).map((part, index) => {
    const kinds: readonly FaultEffect[] = [
      { kind: 'break', afterRows: part * 2 + 1 }, { kind: 'cut_short', afterRows: part * 2 + 1 }, { kind: 'break', afterBytes: part * 331 + 1 },
    ];
    return kinds[index % kinds.length] ?? { kind: 'break', afterRows: 1 };
  });
}

test('a stream broken twenty times gives the same database as a whole one, row by row', async () => {
  const outcomes: unknown[] = [];
  for (const effects of [[], breaks(7), breaks(11)]) {
    await scene.close();
    scene = await openScene();
    const newbies = await enrolMany(900);
    await writeDistribution(scene, newbies.map((newbie, index) => rowOf(newbie, index, brokenAt + index)));
    for (const effect of effects) scene.yt.faults.inject({ command: 'read_table', effect });
    expect(await run(scene, name, { ctx: strangers(scene.ctx) })).toMatchObject({ outcome: 'succeeded', counts: { rows: 900, matched: 900 } });
    expect(scene.yt.faults.pending).toBe(0);
    outcomes.push(await outcomesOf(scene.ctx));
  }
  expect(outcomes[1]).toEqual(outcomes[0]);
  expect(outcomes[2]).toEqual(outcomes[0]);
});

const brokenAt = Date.UTC(2026, 0, 1);

/** Calls `meanwhile` before the second batch of people is asked for. */
function interrupted(meanwhile: () => Promise<void> | void): Context {
  let asked = 0;
  const ctx = strangers(scene.ctx);
  const linked: Context['upstreams']['driverProfiles']['linked'] = async () => {
    asked += 1;
    if (asked === 2) await meanwhile();
    return new Map();
  };
  return { ...ctx, upstreams: { ...ctx.upstreams, driverProfiles: { ...ctx.upstreams.driverProfiles, linked } } };
}

test('a table replaced while it is read is read to its end as it was, and the new one by the next run', async () => {
  const newbies = await enrolMany(1_500);
  const at = (await scene.ctx.store.now()) - 60_000;
  await writeDistribution(scene, newbies.map((newbie) => rowOf(newbie, 1, at)));
  const replace = async (): Promise<void> => {
    scene.yt.tree.createTable(scene.config.yt.distribution);
    await writeDistribution(scene, newbies.slice(0, 100).map((newbie) => rowOf(newbie, 2, at + 1_000)));
  };
  expect(await run(scene, name, { ctx: interrupted(replace) })).toMatchObject({ outcome: 'succeeded', counts: { rows: 1_500, matched: 1_500 } });
  expect(await run(scene, name, { ctx: strangers(scene.ctx) })).toMatchObject({ outcome: 'succeeded', counts: { rows: 100, rematched: 100 } });
});

test('cancelled between batches and begun again, the import ends as if it had never stopped', async () => {
  const newbies = await enrolMany(1_600);
  const at = (await scene.ctx.store.now()) - 60_000;
  const rows = newbies.flatMap((newbie, index) => [rowOf(newbie, 1, at - index), rowOf(newbie, 2, at + index)]);
  await writeDistribution(scene, shuffled(rows, 5));
  const cancel = new AbortController();
  expect(await run(scene, name, { ctx: interrupted(() => cancel.abort()), signal: cancel.signal })).toMatchObject({ outcome: 'cancelled' });
  const { present } = (await scene.ctx.store.funnel()).matched;
  expect(present).toBe(500);
  const counts = { matched: 1_600 - present, unchanged: present };
  expect(await run(scene, name, { ctx: strangers(scene.ctx) })).toMatchObject({ outcome: 'succeeded', counts });
  const outcomes = await outcomesOf(scene.ctx) as { epoch: number; mentor: Profile }[];
  expect(outcomes.every(({ epoch, mentor }) => epoch === 1 && mentor.driverId === 'mentor-2')).toBe(true);
});
