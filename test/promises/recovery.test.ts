// S9 and L1-L3: a lost lock cannot write; after faults all go on, poison delays nobody, a restart needs no human.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { parseMatchingId } from '../../machines/ids.ts';
import { openStore } from '../../runtime/compose.ts';
import { dispatch } from '../../runtime/mentorship/dispatch.ts';
import { TaskWorker } from '../../runtime/tasks/worker.ts';
import { openScene, person, profileOf, statusOf, storeKinds, type Scene } from '../suites/scene.ts';

describe.each(storeKinds)('on %s', (store) => {
  let scene: Scene;
  const ira = person('ira');
  const oleg = person('oleg');

  beforeEach(async () => {
    scene = await openScene({ people: [ira, oleg], store });
  });
  afterEach(() => scene.close());

  test('S9: a job that slept past its lease writes nothing, however far it had got', async () => {
    const { participation: { matchingId } } = await scene.enrol(profileOf(ira));
    const elsewhere = openStore(scene.config.store);
    const slept = await elsewhere.leases.acquire('job:import-matchings', 'first', 1);
    await vi.waitFor(async () => expect(await elsewhere.leases.acquire('job:import-matchings', 'second', 60_000)).not.toBeNull());
    const late = dispatch(scene.ctx, [{ matchingId, event: { type: 'APPLICATION_WRITTEN' } }], { actor: 'job:import-matchings', lease: slept! });
    await expect(late).rejects.toMatchObject({ code: 'lock_lost' });
    expect(await statusOf(scene.ctx, matchingId)).toBe('created');
    await elsewhere.store.close();
  });

  test('L1: once every upstream is back, the application is formed and the newbie is requested', async () => {
    const { driverProfiles, personal, trackstory, fleetRent } = scene.upstreams.faults;
    const all = [driverProfiles, personal, trackstory, fleetRent];
    const { participation: { matchingId } } = await scene.enrol(profileOf(ira));
    for (const fault of all) fault.set({ kind: 'status', status: 503 });
    const worker = new TaskWorker(scene.ctx, { concurrency: 2, owner: 'test', leaseMs: 5_000, pollMs: 5 });
    worker.start();
    await vi.waitFor(async () => expect((await scene.ctx.tasks.find('application:udid-ira'))?.attempt).toBeGreaterThanOrEqual(1), { timeout: 10_000 });
    await vi.waitFor(async () => expect((await scene.ctx.tasks.find('application:udid-ira'))?.lastError).toContain('upstream_unavailable'), { timeout: 15_000 });
    expect(await statusOf(scene.ctx, matchingId)).toBe('created');
    for (const fault of all) fault.clear();
    await vi.waitFor(async () => expect(await statusOf(scene.ctx, matchingId)).toBe('requested'), { timeout: 25_000, interval: 50 });
    await worker.stop(1_000);
  }, 60_000);

  test('L2: a poison task is buried and delays nobody', async () => {
    const { participation: { matchingId } } = await scene.enrol(profileOf(ira));
    const poison = { id: 'poison', queue: 'announce', matchingId: parseMatchingId(matchingId)!, payload: '{"json":{"matchingId":7}}', delayMs: 0 } as const;
    await scene.ctx.store.transact((tx) => tx.enqueue(poison));
    await scene.settleTasks();
    expect(await scene.ctx.tasks.find('poison')).toMatchObject({ state: 'dead', lastError: expect.stringContaining('payload_malformed') });
    expect(await statusOf(scene.ctx, matchingId)).toBe('requested');
  });

  test('L3: the task of a worker that died is taken over by the next, without a human', async () => {
    const { participation: { matchingId } } = await scene.enrol(profileOf(oleg));
    const [held] = await scene.ctx.tasks.claim({ owner: 'died', limit: 1, leaseMs: 50 });
    expect(held?.id).toBe('application:udid-oleg');
    await scene.settleTasks();
    expect(await statusOf(scene.ctx, matchingId)).toBe('requested');
    expect(await scene.ctx.tasks.complete(held!)).toBe(false);
  });
});

test.each(['claim', 'release'] as const)('L3: a worker whose store does not answer a %s stops all the same', async (method) => {
  const ira = person('ira');
  const scene = await openScene({ people: [ira] });
  await scene.enrol(profileOf(ira));
  if (method === 'release') scene.upstreams.faults.driverProfiles.set({ kind: 'delay', delayMs: 60_000 });
  const asked = Promise.withResolvers<void>();
  const unheard = async (): Promise<never> => {
    asked.resolve();
    return new Promise(() => {});
  };
  const worker = new TaskWorker({ ...scene.ctx, tasks: { ...scene.ctx.tasks, [method]: unheard } }, { concurrency: 2, owner: 'test', leaseMs: 5_000, pollMs: 5 });
  worker.start();
  if (method === 'release') await vi.waitFor(() => expect(scene.upstreams.calls.driverProfiles).not.toEqual([]), { timeout: 10_000 });
  else await asked.promise;
  const askedMs = performance.now();
  await worker.stop(10);
  await asked.promise;
  expect(performance.now() - askedMs).toBeLessThan(4_000);
  await scene.close();
});
