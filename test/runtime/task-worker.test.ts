// The task loop where upstreams hang and leases run out under it.
import { afterEach, expect, test, vi } from 'vitest';
import type { MatchingId } from '../../machines/ids.ts';
import type { Context } from '../../runtime/context.ts';
import { createLog } from '../../runtime/log.ts';
import { createMetrics } from '../../runtime/metrics.ts';
import { Queue, type ClaimedTask, type TaskQueue } from '../../runtime/tasks.ts';
import { TaskWorker } from '../../runtime/tasks/worker.ts';
import { connection, enrolAll, run, writeDistribution } from '../jobs/programme.ts';
import { openScene, person, profileOf, type Scene } from '../suites/scene.ts';

let scene: Scene | null = null;
afterEach(async () => {
  await scene?.close();
  scene = null;
});

test('L2: a cluster that takes calls and does not answer keeps no announcement waiting', async () => {
  const crowd = (name: string) => Array.from({ length: 20 }, (_, index) => person(`${name}${index}`));
  const [matched, asking, mentor] = [crowd('matched'), crowd('asking'), person('mentor')];
  scene = await openScene({ people: [...matched, ...asking, mentor] });
  const { ctx, yt } = scene;
  const ids = await enrolAll(scene, matched);
  await scene.settleTasks();
  const rows = [];
  for (const [index, newbie] of matched.entries()) rows.push(await connection(scene, profileOf(newbie), profileOf(mentor), index - 100));
  await writeDistribution(scene, rows);
  await run(scene, 'import-matchings');
  await enrolAll(scene, asking);
  yt.faults.inject({ command: 'insert_rows', times: 1_000, effect: { kind: 'slow', delayMs: 60_000 } });
  const worker = new TaskWorker(ctx, { concurrency: 4, owner: 'worker', leaseMs: 30_000, pollMs: 20 });
  worker.start();
  const statuses = async () => new Set((await ctx.store.matchings(ids)).map(({ status }) => status));
  await expect.poll(statuses, { timeout: 20_000 }).toEqual(new Set(['initialized']));
  await worker.stop(0);
}, 60_000);

test('a task that comes again after its lease ran out is waited for at the stop', async () => {
  const matchingId = '00000000-0000-4000-8000-000000000001' as MatchingId;
  const task = (fence: number): ClaimedTask =>
    ({ id: 'application:somebody', queue: Queue.create_application, matchingId, payload: JSON.stringify({ json: { matchingId } }), attempt: fence, refusals: 0, fence });
  const claims = [[task(1)], [task(2)]];
  const looks: PromiseWithResolvers<[]>[] = [];
  const completed: number[] = [];
  const tasks: Partial<TaskQueue> = {
    claim: async () => claims.shift() ?? [],
    complete: async ({ fence }) => completed.push(fence) > 0,
  };
  const matchings = (): Promise<[]> => {
    const look = Promise.withResolvers<[]>();
    looks.push(look);
    return look.promise;
  };
  const ctx = { log: createLog('silent', { write: () => {} }), metrics: createMetrics(), random: Math.random, tasks, store: { matchings } };
  const worker = new TaskWorker(ctx as unknown as Context, { concurrency: 4, owner: 'worker', leaseMs: 30_000, pollMs: 1 });
  worker.start();
  await vi.waitFor(() => expect(looks).toHaveLength(2));
  looks[0]?.resolve([]);
  await vi.waitFor(() => expect(completed).toEqual([1]));
  const stopped = worker.stop(10_000);
  setTimeout(() => looks[1]?.resolve([]), 100);
  await stopped;
  expect(completed).toEqual([1, 2]);
});
