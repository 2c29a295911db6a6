// Gauges of what the store holds: the same on every instance, whoever did the work, and honest about when they were read.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { startGauges, type Gauges } from '../../runtime/gauges.ts';
import { openScene, person, profileOf, type Scene } from '../suites/scene.ts';

const ira = person('ira');
const day = 86_400_000;

let scene: Scene;
let gauges: Gauges | null = null;
beforeEach(async () => {
  scene = await openScene({ people: [ira] });
});
afterEach(async () => {
  gauges?.stop();
  gauges = null;
  await scene.close();
});

async function shown(metric: string): Promise<string[]> {
  const text = await scene.ctx.metrics.registry.getSingleMetricAsString(metric);
  return text.split('\n').filter((line) => !line.startsWith('#')).map((line) => line.slice(metric.length));
}

test('counts matchings by status, with how long the oldest has been in it, and tasks by queue and state', async () => {
  await scene.enrol(profileOf(ira));
  scene.advance(2 * day);
  gauges = startGauges(scene.ctx);
  await gauges.refresh();
  expect(await shown('mentorship_matchings')).toEqual(expect.arrayContaining(['{status="created"} 1', '{status="succeed"} 0']));
  expect(await shown('mentorship_matchings_reached')).toContain('{status="created"} 1');
  const oldest = (await shown('mentorship_stage_oldest_age_seconds')).find((line) => line.includes('created'));
  expect(Math.round(Number(oldest?.split(' ')[1]) / 86_400)).toBe(2);
  expect(await shown('mentorship_tasks')).toEqual(expect.arrayContaining([
    '{queue="create_application",state="pending"} 1', '{queue="announce",state="dead"} 0',
  ]));
});

test('tells of the last success of a job on any instance, and of the matchings it found overdue', async () => {
  const run = { job: 'import-results', dryRun: false, error: null };
  const started = await scene.ctx.store.now();
  await scene.ctx.store.transact(async (tx) => {
    const counts = { overdue_7d: 3, overdue_14d: 0, candidates: 9 };
    await tx.putJobRun({ ...run, id: 'good', startedAt: started, finishedAt: started + 1_000, outcome: 'succeeded', counts });
    await tx.putJobRun({ ...run, id: 'bad', startedAt: started + 2_000, finishedAt: started + 3_000, outcome: 'failed', counts: { overdue_7d: 1 } });
  });
  gauges = startGauges(scene.ctx);
  await gauges.refresh();
  expect(await shown('mentorship_overdue_matchings')).toEqual(['{stage="7d"} 3', '{stage="14d"} 0']);
  const successes = await shown('mentorship_job_last_success_timestamp_seconds');
  expect(successes).toContain('{job="archive"} 0');
  const at = Number(successes.find((line) => line.includes('import-results'))?.split(' ')[1]);
  expect(at).toBeCloseTo((started + 1_000) / 1_000, 0);
});

test('shows the state of each breaker, and of the jobs that run here', async () => {
  gauges = startGauges(scene.ctx);
  scene.ctx.operations.trigger.breakerChanged({ upstream: 'personal', state: 'open' });
  scene.ctx.operations.trigger.jobStarted({ job: 'archive', atMs: 1 });
  expect(await shown('upstream_breaker_state')).toEqual(expect.arrayContaining([
    '{upstream="personal",state="open"} 1', '{upstream="personal",state="closed"} 0', '{upstream="trackstory",state="closed"} 1',
  ]));
  expect(await shown('mentorship_job_running')).toEqual(['{job="archive"} 1']);
});

test('keeps the timestamp of the last reading while the store is away', async () => {
  gauges = startGauges(scene.ctx);
  await gauges.refresh();
  const before = await shown('mentorship_gauges_refreshed_timestamp_seconds');
  expect(Number(before[0])).toBeGreaterThan(1_600_000_000);
  vi.spyOn(scene.ctx.tasks, 'stats').mockRejectedValue(new Error('away'));
  await gauges.refresh();
  expect(await shown('mentorship_gauges_refreshed_timestamp_seconds')).toEqual(before);
  expect(scene.logged()).toContain('the gauges could not be read');
});

test('times the reads of the store by operation and counts those that fail', async () => {
  const { store, metrics } = scene.ctx;
  await store.funnel();
  await expect(store.rejects({}, { limit: 1, cursor: 'x' })).rejects.toThrow();
  const text = await metrics.registry.getSingleMetricAsString('store_read_duration_seconds');
  expect(text).toContain('store_read_duration_seconds_count{operation="funnel"} 1');
  expect(await shown('store_read_failures_total')).toEqual([expect.stringMatching(/^\{operation="rejects",code="\w+"\} 1$/)]);
});
