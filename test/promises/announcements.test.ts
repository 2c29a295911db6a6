// S7: every due announcement is sent at least once with a stable id, and no status claims one that was not accepted.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { MatchingId } from '../../machines/ids.ts';
import { dispatch } from '../../runtime/mentorship/dispatch.ts';
import { handleTask } from '../../runtime/tasks/handlers.ts';
import { openScene, person, profileOf, statusOf, storeKinds, type Scene } from '../suites/scene.ts';

describe.each(storeKinds)('on %s', (store) => {
  let scene: Scene;
  let matchingId: MatchingId;
  const vera = person('vera');
  const max = person('max');

  beforeEach(async () => {
    scene = await openScene({ people: [vera, max], store });
    ({ participation: { matchingId } } = await scene.enrol(profileOf(vera)));
    await scene.settleTasks();
    await dispatch(scene.ctx, [{ matchingId, event: { type: 'MATCHED', mentor: profileOf(max), mentorUdid: null, connectedAt: 1 } }], { actor: 'job:import-matchings' });
  });
  afterEach(() => scene.close());

  const ids = (): string[] => [`${matchingId}:initialized:1:mentor`, `${matchingId}:initialized:1:newbie`];

  async function announceOnce(): Promise<unknown> {
    const [task] = await scene.ctx.tasks.claim({ owner: 'test', limit: 1, leaseMs: 10_000 });
    const failure = await handleTask(scene.ctx, task!, AbortSignal.timeout(5_000)).then(() => null, (error: unknown) => error);
    await scene.ctx.tasks.release(task!);
    return failure;
  }

  test('S7: both sides are told, then the matching is initialized', async () => {
    await scene.settleTasks();
    expect([...scene.upstreams.acceptedEvents.keys()].sort()).toEqual(ids());
    expect(await statusOf(scene.ctx, matchingId)).toBe('initialized');
  });

  test('S7: while the app cannot be told, the status claims nothing; once it can, it is told', async () => {
    scene.upstreams.faults.clientEvents.set({ kind: 'status', status: 503 });
    expect(await announceOnce()).toMatchObject({ retryable: true });
    expect(await statusOf(scene.ctx, matchingId)).toBe('matched');
    scene.upstreams.faults.clientEvents.clear();
    await scene.settleTasks();
    expect(await statusOf(scene.ctx, matchingId)).toBe('initialized');
  });

  test('S7: a lost reply makes the same ids again, which the app takes for duplicates', async () => {
    scene.upstreams.faults.clientEvents.set({ kind: 'drop_reply', times: 1 });
    await scene.settleTasks();
    expect([...scene.upstreams.acceptedEvents.keys()].sort()).toEqual(ids());
    expect([...scene.upstreams.acceptedEvents.values()].map((event) => event.duplicates)).toEqual([1, 1]);
    expect(await statusOf(scene.ctx, matchingId)).toBe('initialized');
  });

  test('S7: who accepted is not told again, who did not is, and only then the matching moves', async () => {
    scene.upstreams.faults.clientEvents.set({ kind: 'reject', recipients: [profileOf(max)] });
    expect(await announceOnce()).toMatchObject({ code: 'announcement_refused' });
    expect(await statusOf(scene.ctx, matchingId)).toBe('matched');
    expect(await scene.ctx.store.announcements(matchingId)).toMatchObject([{ recipient: 'newbie' }]);
    scene.upstreams.faults.clientEvents.clear();
    await scene.settleTasks();
    expect([...scene.upstreams.acceptedEvents.values()].map((event) => event.duplicates)).toEqual([0, 0]);
    expect(await statusOf(scene.ctx, matchingId)).toBe('initialized');
  });

  test('S7: the announcement of a match that was replaced tells nobody', async () => {
    const zoya = person('zoya');
    scene.upstreams.world.people.push(zoya);
    await dispatch(scene.ctx, [{ matchingId, event: { type: 'MATCHED', mentor: profileOf(zoya), mentorUdid: null, connectedAt: 2 } }], { actor: 'job:import-matchings' });
    await scene.settleTasks();
    expect([...scene.upstreams.acceptedEvents.keys()].sort()).toEqual(ids().map((id) => id.replace(':1:', ':2:')));
  });
});
