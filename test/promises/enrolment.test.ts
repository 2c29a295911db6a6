// S1 and S2: an acknowledged enrolment is durable, and a person has one live matching.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openStore } from '../../runtime/compose.ts';
import { parseUdid } from '../../machines/ids.ts';
import type { Context } from '../../runtime/context.ts';
import { enrol } from '../../runtime/mentorship/enroll.ts';
import { noSpool } from '../../runtime/spool/no-spool.ts';
import { enrolAs, openScene, person, profileOf, storeKinds, type Scene } from '../suites/scene.ts';

describe.each(storeKinds)('on %s', (store) => {
  let scene: Scene;
  const anna = person('anna', 3);

  beforeEach(async () => {
    scene = await openScene({ people: [anna], store, environment: { SPOOL_AFTER: '20s' } });
  });
  afterEach(() => scene.close());

  test('S1: an acknowledged enrolment is in the database before the answer, with its task', async () => {
    const { participation } = await scene.enrol(profileOf(anna));
    const elsewhere = openStore(scene.config.store);
    try {
      expect(await elsewhere.store.matchings([participation.matchingId])).toMatchObject([{ status: 'created', version: 1 }]);
      expect(await elsewhere.tasks.find('application:udid-anna')).toMatchObject({ state: 'pending' });
    } finally {
      await elsewhere.store.close();
    }
  });

  test('S1: an enrolment that could not be made durable is an error, not an acknowledgement', async () => {
    await scene.ctx.store.close();
    const full: Context = { ...scene.ctx, spool: noSpool(Date.now) };
    await expect(enrolAs(full, profileOf(anna))).rejects.toMatchObject({ code: 'spool_unavailable' });
  });

  test('S2: 50 enrolments of one person through three profiles and two processes leave one matching, all answers agree', async () => {
    const processes = [scene.ctx, await scene.second()];
    // Identified beforehand: this is about the store, and a busy machine must not make it about the deadlines of driver-profiles.
    const known = { udid: parseUdid(anna.udid), profiles: [0, 1, 2].map((index) => profileOf(anna, index)) };
    const answers = await Promise.all(Array.from({ length: 50 }, (_, index) =>
      enrol(processes[index % 2]!, known, { caller: profileOf(anna, index % 3), idempotencyKey: null })));
    // On a machine so busy that the store did not answer somebody in time, his answer says that it is not final.
    const final = answers.filter((answer) => answer.outcome !== 'spooled');
    expect(new Set(final.map((answer) => answer.participation.matchingId)).size).toBe(1);
    expect(answers.filter((answer) => answer.outcome === 'created')).toHaveLength(1);
    const profiles = [0, 1, 2].map((index) => profileOf(anna, index));
    expect(await scene.ctx.store.matchingsOfNewbies(profiles)).toHaveLength(1);
  });

  test('S2: a person whose udid became known later keeps the matching he has', async () => {
    const unnamed = person('boris', 1, { udid: null });
    scene.upstreams.world.people.push(unnamed);
    const first = await scene.enrol(profileOf(unnamed));
    unnamed.udid = 'udid-boris';
    const again = await scene.enrol(profileOf(unnamed));
    expect(again).toMatchObject({ outcome: 'existing', participation: { matchingId: first.participation.matchingId } });
  });

  test('S2: two profiles that only the udid joins are one person', async () => {
    const elsewhere = person('anna-elsewhere', 1, { udid: anna.udid });
    scene.upstreams.world.people.push(elsewhere);
    const first = await scene.enrol(profileOf(anna));
    const again = await scene.enrol(profileOf(elsewhere));
    expect(again).toMatchObject({ outcome: 'existing', participation: { matchingId: first.participation.matchingId } });
  });
});
