// S1 and S2 while the store is away: what the spool acknowledged is applied for in YT meanwhile and ends in the store exactly once,
// wherever the process is cut off.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Context } from '../../runtime/context.ts';
import { ServiceError } from '../../runtime/errors.ts';
import { createDriverDeps } from '../../runtime/mentorship/driver-deps.ts';
import { enrol } from '../../runtime/mentorship/enroll.ts';
import { offer, participation } from '../../runtime/mentorship/view.ts';
import { SpoolWorker } from '../../runtime/tasks/spool-worker.ts';
import { enrolAs, openScene, person, profileOf, settleTasks, statusOf, storeKinds, type Scene } from '../suites/scene.ts';

describe.each(storeKinds)('on %s', (store) => {
  let scene: Scene;
  let back: (() => Promise<void>) | null = null;
  const anna = person('anna', 2);
  const boris = person('boris');
  const vera = person('vera');

  beforeEach(async () => {
    scene = await openScene({ people: [anna, boris, vera], store, environment: { SPOOL_AFTER: '200ms' } });
  });
  afterEach(async () => {
    await back?.();
    back = null;
    await scene.close();
  });

  async function goAway(): Promise<void> {
    const end = await scene.outage();
    back = async () => {
      back = null;
      await end();
    };
  }

  /** Rounds of the spool's worker until nothing waits. */
  async function empty(ctx: Context = scene.ctx): Promise<void> {
    const worker = new SpoolWorker(ctx);
    await vi.waitFor(async () => {
      await worker.round();
      expect(ctx.spool.waiting()).toEqual([]);
    }, { timeout: 20_000, interval: 20 });
  }

  async function form(ctx: Context = scene.ctx): Promise<void> {
    const worker = new SpoolWorker(ctx);
    await vi.waitFor(async () => {
      await worker.round();
      expect(ctx.spool.waiting().every(({ isFormed }) => isFormed)).toBe(true);
    }, { timeout: 20_000, interval: 20 });
  }

  const applications = async () => scene.yt.tree.readRows(scene.config.yt.newDrivers);
  const annas = () => scene.ctx.store.matchingsOfNewbies([0, 1].map((index) => profileOf(anna, index)));

  test('S1: acknowledged without the store, applied for in YT without it, and created once as requested when it is back', async () => {
    await goAway();
    const { outcome, participation: { matchingId, status, since } } = await scene.enrol(profileOf(anna));
    expect([outcome, status]).toEqual(['spooled', 'created']);
    await form();
    expect(await applications()).toMatchObject([{ newbie_key: 'udid-anna', matching_id: matchingId, created_at: new Date(since).toISOString() }]);
    await back?.();
    await empty();
    expect(await annas()).toMatchObject([{ id: matchingId, status: 'requested', createdAt: since }]);
    const moves = await scene.ctx.store.transitions(matchingId);
    expect(moves.map(({ event, actor }) => [event, actor])).toEqual([['ENROLLED', 'driver'], ['APPLICATION_WRITTEN', 'spool']]);
    await scene.settleTasks();
    expect(await applications()).toHaveLength(1);
    expect(await scene.enrol(profileOf(anna, 1))).toMatchObject({ outcome: 'existing', participation: { matchingId } });
  });

  test('S1: where the application could not be formed meanwhile, the matching is created with its task', async () => {
    scene.upstreams.faults.personal.set({ kind: 'status', status: 503 });
    await goAway();
    const { participation: { matchingId } } = await scene.enrol(profileOf(anna));
    // What failed pauses for most of a minute: the upstreams must not hold up the way to the store.
    const worker = new SpoolWorker({ ...scene.ctx, random: () => 100 });
    await worker.round();
    await back?.();
    await vi.waitFor(() => scene.ctx.store.ping(), { timeout: 20_000 });
    await vi.waitFor(async () => {
      await worker.round();
      expect(scene.ctx.spool.waiting()).toEqual([]);
    }, { timeout: 10_000, interval: 20 });
    expect(await statusOf(scene.ctx, matchingId)).toBe('created');
    scene.upstreams.faults.personal.clear();
    await scene.settleTasks();
    expect(await statusOf(scene.ctx, matchingId)).toBe('requested');
    expect(await applications()).toMatchObject([{ matching_id: matchingId }]);
  });

  test('S2: a retry through another profile, at once or with the store back, is the same participation', async () => {
    await goAway();
    const answers = await Promise.all([scene.enrol(profileOf(anna)), scene.enrol(profileOf(anna, 1))]);
    const again = await scene.enrol(profileOf(anna, 1));
    const ids = new Set([...answers, again].map((answer) => answer.participation.matchingId));
    expect(ids.size).toBe(1);
    await back?.();
    await vi.waitFor(async () => expect((await scene.enrol(profileOf(anna, 1))).outcome).not.toBe('spooled'), { timeout: 20_000 });
    await empty();
    expect((await annas()).map(({ id }) => id)).toEqual([...ids]);
  });

  test('S2: two instances that spooled the same person make one matching, and the row in YT is that of the one there is', async () => {
    const other = await scene.second();
    await goAway();
    const mine = await scene.enrol(profileOf(anna));
    const theirs = await enrolAs(other, profileOf(anna, 1));
    expect(mine.participation.matchingId).not.toBe(theirs.participation.matchingId);
    await form();
    await form(other);
    await back?.();
    await Promise.all([empty(), empty(other)]);
    const [only, ...more] = await annas();
    expect(more).toEqual([]);
    expect([mine, theirs].map((answer) => answer.participation.matchingId)).toContain(only!.id);
    await settleTasks(scene.ctx);
    expect(await applications()).toMatchObject([{ newbie_key: 'udid-anna', matching_id: only!.id }]);
    expect(only!.status).toBe('requested');
  });

  test('S2: whose row was overwritten by an application of which no answer came has it put right', async () => {
    const { participation: { matchingId } } = await scene.enrol(profileOf(anna));
    await scene.settleTasks();
    const { yt } = scene.ctx;
    const unheard: Context['yt']['writeApplication'] = async (row) => {
      await yt.writeApplication(row);
      throw new ServiceError('yt_unavailable', 'the answer was lost');
    };
    const deaf: Context = { ...scene.ctx, yt: { ...yt, writeApplication: unheard } };
    await goAway();
    await scene.enrol(profileOf(anna, 1));
    const worker = new SpoolWorker(deaf);
    await vi.waitFor(async () => {
      await worker.round();
      expect(await applications()).not.toMatchObject([{ matching_id: matchingId }]);
    }, { timeout: 20_000, interval: 20 });
    expect(scene.ctx.spool.waiting()).toMatchObject([{ isFormed: false }]);
    await back?.();
    await empty();
    expect(await annas()).toMatchObject([{ id: matchingId, status: 'requested' }]);
    expect(await applications()).toMatchObject([{ matching_id: matchingId }]);
  });

  test('S2: the row of one who was merged is left alone when the store goes away in the same moment', async () => {
    const { participation: { matchingId } } = await scene.enrol(profileOf(anna));
    await scene.settleTasks();
    await goAway();
    for (const profile of [profileOf(boris), profileOf(anna, 1), profileOf(vera)]) expect((await scene.enrol(profile)).outcome).toBe('spooled');
    await back?.();
    await vi.waitFor(() => scene.ctx.store.ping(), { timeout: 20_000 });
    let calls = 0;
    const transact: typeof scene.ctx.store.transact = async (work, signal) => {
      calls += 1;
      if (calls === 3) throw new ServiceError('store_unavailable', 'the store went away');
      return scene.ctx.store.transact(work, signal);
    };
    const patient: Context = { ...scene.ctx, config: { ...scene.config, spool: { ...scene.config.spool, afterMs: 10_000 } }, store: { ...scene.ctx.store, transact } };
    await new SpoolWorker(patient).round();
    expect(scene.ctx.spool.waiting()).toMatchObject([{ newbie: profileOf(vera), isFormed: true }]);
    const row = (await applications()).find((one) => one['newbie_key'] === 'udid-anna');
    expect(row).toMatchObject({ matching_id: matchingId });
  });

  test('S2: who takes part already keeps his matching, whatever was spooled meanwhile', async () => {
    const first = await scene.enrol(profileOf(anna));
    await scene.settleTasks();
    await goAway();
    expect((await scene.enrol(profileOf(anna, 1))).outcome).toBe('spooled');
    await form();
    await back?.();
    await empty();
    expect(await annas()).toMatchObject([{ id: first.participation.matchingId, status: 'requested' }]);
    expect(await applications()).toMatchObject([{ matching_id: first.participation.matchingId }]);
  });

  test('S1: the same idempotency key answers the same before, during and after', async () => {
    const ask = (): ReturnType<typeof enrol> =>
      enrol(scene.ctx, { udid: 'udid-boris' as never, profiles: [profileOf(boris)] }, { caller: profileOf(boris), idempotencyKey: 'k-1' });
    await goAway();
    const spooled = await ask();
    await back?.();
    await empty();
    expect(await ask()).toMatchObject({ outcome: 'created', participation: { matchingId: spooled.participation.matchingId } });
  });

  test('a commit whose answer was lost: the row that is there is the one that was spooled', async () => {
    const { store: whole } = scene.ctx;
    const deaf: Context = {
      ...scene.ctx,
      // The commit happens; its answer never comes.
      store: { ...scene.ctx.store, transact: async (work, signal) => { await whole.transact(work, signal); return new Promise(() => {}); } },
    };
    const answer = await enrolAs(deaf, profileOf(anna));
    expect(answer.outcome).toBe('spooled');
    await empty();
    await scene.settleTasks();
    expect(await annas()).toMatchObject([{ id: answer.participation.matchingId, status: 'requested' }]);
    expect(await scene.ctx.store.transitions(answer.participation.matchingId)).toHaveLength(2);
    expect(await applications()).toHaveLength(1);
  });

  test('killed between the commit and its mark, the spool brings the same again and nothing changes', async () => {
    await goAway();
    const { participation: { matchingId } } = await scene.enrol(profileOf(anna));
    await form();
    await back?.();
    const forgetful: Context = { ...scene.ctx, spool: { ...spoolOf(scene.ctx), settle: async () => {} } };
    const worker = new SpoolWorker(forgetful);
    await vi.waitFor(async () => {
      await worker.round();
      // An attempt from before may have come late, without the application.
      expect(await annas()).toMatchObject([{ status: 'requested' }]);
    }, { timeout: 20_000, interval: 20 });
    const before = await scene.matching(matchingId);
    await empty();
    expect(await scene.matching(matchingId)).toEqual(before);
    expect(await scene.ctx.store.transitions(matchingId)).toHaveLength(2);
  });

  test('killed between the row in YT and its mark, the row is written again and stays one', async () => {
    await goAway();
    await scene.enrol(profileOf(anna));
    const forgetful: Context = { ...scene.ctx, spool: { ...spoolOf(scene.ctx), noteFormed: async () => {} } };
    const worker = new SpoolWorker(forgetful);
    await vi.waitFor(async () => {
      await worker.round();
      expect(await applications()).toHaveLength(1);
    }, { timeout: 20_000, interval: 20 });
    await back?.();
    await empty();
    await scene.settleTasks();
    expect(await applications()).toHaveLength(1);
    expect(await annas()).toMatchObject([{ status: 'requested' }]);
  });

  test('the newbie sees his spooled participation from the answer on, and no offer', async () => {
    const deps = createDriverDeps(scene.ctx);
    await goAway();
    const { participation: { matchingId, since } } = await scene.enrol(profileOf(anna));
    const own = { matchingId, status: 'created', since };
    const seen = await participation(deps, { caller: profileOf(anna, 1) });
    expect(seen.participation).toEqual(own);
    await back?.();
    await vi.waitFor(async () => {
      expect(await participation(deps, { caller: profileOf(anna, 1) })).toEqual({ participation: own, roles: ['newbie'] });
      expect((await offer(deps, { caller: profileOf(anna), locale: 'en' })).show).toBe(false);
    }, { timeout: 20_000 });
    await empty();
    expect(await participation(deps, { caller: profileOf(anna) })).toEqual({ participation: expect.objectContaining({ matchingId }), roles: ['newbie'] });
  });

  test('S4: the spool holds ids alone', async () => {
    await goAway();
    await scene.enrol(profileOf(anna));
    await form();
    const kept = scene.kept();
    expect(kept).toContain(profileOf(anna).driverId);
    for (const secret of [anna.phone, anna.fullName.last, String(anna.position?.lat)]) expect(kept).not.toContain(secret);
  });
});

/** Its methods, for a test to replace some. */
function spoolOf({ spool }: Context): Context['spool'] {
  return {
    keep: (enrolment) => spool.keep(enrolment),
    find: (someone) => spool.find(someone),
    waiting: () => spool.waiting(),
    noteFormed: (id) => spool.noteFormed(id),
    settle: (id) => spool.settle(id),
    adopt: () => spool.adopt(),
    check: () => spool.check(),
    now: () => spool.now(),
    close: () => spool.close(),
  };
}
