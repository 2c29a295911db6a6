// The worker that empties the spool runs as long as the process: nothing of it may grow, and nobody in it may wait for another.
import { afterEach, expect, onTestFinished, test, vi } from 'vitest';
import type { Context } from '../../../runtime/context.ts';
import { noSpool } from '../../../runtime/spool/no-spool.ts';
import { SpoolWorker } from '../../../runtime/tasks/spool-worker.ts';
import { openScene, person, profileOf } from '../../suites/scene.ts';

afterEach(() => void vi.restoreAllMocks());

test('a pause between two rounds leaves no listener behind', async () => {
  const listens = vi.spyOn(EventTarget.prototype, 'addEventListener');
  const leaves = vi.spyOn(EventTarget.prototype, 'removeEventListener');
  const spool = noSpool(Date.now);
  const looks = vi.spyOn(spool, 'waiting');
  const worker = new SpoolWorker({ spool } as Context, { roundEveryMs: 1, adoptEveryMs: 60_000 });
  worker.start();
  await vi.waitFor(() => expect(looks.mock.calls.length).toBeGreaterThan(20));
  await worker.stop();
  expect(listens.mock.calls.length).toBeGreaterThanOrEqual(20);
  expect(leaves).toHaveBeenCalledTimes(listens.mock.calls.length);
});

test('a merged enrolment whose row in YT cannot be put right now keeps nobody else from the store', async () => {
  const [known, late] = [person('known'), person('late')];
  const scene = await openScene({ people: [known, late], environment: { SPOOL_AFTER: '200ms' } });
  onTestFinished(() => scene.close());
  await scene.enrol(profileOf(known));
  await scene.settleTasks();
  const back = await scene.outage();
  for (const one of [known, late]) expect(await scene.enrol(profileOf(one))).toMatchObject({ outcome: 'spooled' });
  await back();
  scene.yt.faults.inject({ command: 'lookup_rows', times: 1_000, effect: { kind: 'slow', delayMs: 60_000 } });
  const worker = new SpoolWorker(scene.ctx);
  worker.start();
  await expect.poll(async () => (await scene.ctx.store.matchingsOfNewbies([profileOf(late)])).length, { timeout: 20_000 }).toBe(1);
  await worker.stop();
}, 60_000);
