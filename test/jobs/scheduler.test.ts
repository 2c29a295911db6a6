// The scheduler on real worker threads: on time, on request, one at a time, through crashes and stops.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { jobNamed, schedule, tickMs } from '../../jobs/schedule.ts';
import { JobScheduler } from '../../jobs/scheduler.ts';
import { readConfig } from '../../runtime/config/config.ts';
import { metricsText } from '../../runtime/metrics-text.ts';
import { openScene, person, profileOf, statusOf, type Scene } from '../suites/scene.ts';
import { connection, enrolAll, everyPage, writeDistribution } from './programme.ts';

const name = 'import-matchings';
const ira = person('ira');
const pavel = person('pavel');
const patience = { timeout: 20_000, interval: 20 };

let scene: Scene;
let directory: string;
let scheduler: JobScheduler | null = null;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'mentorship-threads-'));
  scene = await openScene({ people: [ira, pavel], environment: { LOG_LEVEL: 'silent', IMPORT_MATCHINGS_EVERY: '100ms' } });
});
afterEach(async () => {
  await scheduler?.stop(5_000);
  scheduler = null;
  await scene.close();
  rmSync(directory, { recursive: true });
});

const progressOf = () => scene.ctx.operations.getSnapshot().context.jobs[name];
const metricOf = async (metric: string): Promise<unknown> => scene.ctx.metrics.registry.getSingleMetricAsString(metric);

/** A stand-in for the entry of the thread. */
function threadFile(source: string): string {
  const file = join(directory, 'thread.ts');
  writeFileSync(file, `import { parentPort, workerData } from 'node:worker_threads';\n${source}`);
  return file;
}

test('runs a job in a thread on request and shows its end', async () => {
  const [id] = await enrolAll(scene, [ira]);
  await writeDistribution(scene, [await connection(scene, profileOf(ira), profileOf(pavel), -1_000)]);
  scheduler = new JobScheduler(scene.ctx);
  const rehearsal = await scheduler.runNow(name, { dryRun: true });
  expect(rehearsal).toMatchObject({ dryRun: true, outcome: 'succeeded', changes: [{ matchingId: id, to: 'matched' }] });
  expect(await statusOf(scene.ctx, id!)).toBe('created');
  const report = await scheduler.runNow(name, { dryRun: false });
  expect(report).toEqual({ job: name, outcome: 'succeeded', counts: { rows: 1, unchanged: 0, matched: 1 }, error: null, dryRun: false });
  expect(await statusOf(scene.ctx, id!)).toBe('matched');
  expect(progressOf()).toMatchObject({ state: 'idle', rows: 1, counts: { matched: 1 }, lastOutcome: 'succeeded' });
  expect(await metricOf('mentorship_job_runs_total')).toContain('{job="import-matchings",outcome="succeeded"} 1');
  expect(await metricOf('mentorship_job_rows_total')).toContain('{job="import-matchings",outcome="matched"} 1');
  expect(await metricOf('mentorship_transitions_total')).toContain('{from="created",to="matched"} 1');
  expect(await metricOf('mentorship_job_last_success_timestamp_seconds')).toMatch(/import-matchings"} \d{10}/);
});

test('adds what each thread has timed to what is scraped', async () => {
  await writeDistribution(scene, []);
  scheduler = new JobScheduler(scene.ctx);
  await scheduler.runNow(name, { dryRun: false });
  await scheduler.runNow(name, { dryRun: false });
  const text = await metricsText(scene.ctx.metrics);
  expect(text).toContain('mentorship_job_duration_seconds_count{job="import-matchings"} 2\n');
  expect(text).toContain('mentorship_job_duration_seconds_bucket{le="+Inf",job="import-matchings"} 2\n');
  expect(text).toMatch(/^upstream_request_duration_seconds_count\{upstream="yt",method="\w+"\} [2-9]/m);
  // Twice a thread, and each metric described once all the same.
  expect(text.match(/^# TYPE store_transaction_duration_seconds histogram$/gm)).toHaveLength(1);
});

test('by the clock each job runs at once and again, in its own threads', async () => {
  await writeDistribution(scene, []);
  scheduler = new JobScheduler(scene.ctx);
  scheduler.start();
  await vi.waitFor(async () => {
    const { items } = await scene.ctx.store.jobRuns({}, everyPage);
    const ended = items.filter(({ outcome }) => outcome !== 'running').map(({ job }) => job);
    expect(new Set(ended)).toEqual(new Set(Object.keys(schedule)));
    expect(ended.filter((job) => job === name).length).toBeGreaterThanOrEqual(2);
  }, patience);
}, 40_000);

const progressing = `
  parentPort.postMessage({ type: 'progress', progress: { rows: 7, counts: { matched: 3 } } });
  parentPort.on('message', (message) => {
    if (message !== 'cancel') return;
    const report = { job: workerData.job, outcome: 'cancelled', counts: {}, error: 'cancelled: asked to', dryRun: false };
    parentPort.postMessage({ type: 'ended', counters: [], histograms: [], report });
    parentPort.postMessage('done');
  });`;

test('shows live progress, refuses a second run meanwhile, and cancels the first on stop', async () => {
  scheduler = new JobScheduler(scene.ctx, { threadFile: threadFile(progressing) });
  const running = scheduler.runNow(name, { dryRun: false });
  await vi.waitFor(() => expect(progressOf()).toMatchObject({ state: 'running', rows: 7, counts: { matched: 3 } }), patience);
  const second = scheduler.runNow(name, { dryRun: true });
  await expect(second).rejects.toMatchObject({ code: 'job_running', message: 'import-matchings runs on this host already' });
  await scheduler.stop(10_000);
  expect(await running).toMatchObject({ outcome: 'cancelled', error: 'cancelled: asked to' });
  expect(progressOf()).toMatchObject({ state: 'idle', lastOutcome: 'cancelled' });
  await expect(scheduler.runNow(name, { dryRun: false })).rejects.toMatchObject({ code: 'job_unavailable' });
});

const deaf = `
  parentPort.on('message', () => {});
  parentPort.postMessage({ type: 'progress', progress: { rows: 1, counts: {} } });`;

test('terminates a thread that does not heed its cancellation', async () => {
  scheduler = new JobScheduler(scene.ctx, { threadFile: threadFile(deaf) });
  const running = scheduler.runNow(name, { dryRun: false });
  await vi.waitFor(() => expect(progressOf()?.rows).toBe(1), patience);
  await scheduler.stop(50);
  expect(await running).toMatchObject({ outcome: 'cancelled', error: 'cancelled: the thread did not end in time' });
});

test.each([
  ['throws', 'throw new Error("not for the log");'],
  ['exits', 'process.exit(3);'],
  ['ends without a word', ''],
])('a thread that %s is a failed run, and scheduling goes on', async (_how, source) => {
  scheduler = new JobScheduler(scene.ctx, { threadFile: threadFile(source) });
  const report = await scheduler.runNow(name, { dryRun: false });
  const error = 'internal: the thread ended without a report';
  expect(report).toEqual({ job: name, outcome: 'failed', counts: {}, error, dryRun: false });
  scheduler.start();
  await vi.waitFor(async () => expect(await metricOf('mentorship_job_runs_total')).toMatch(/import-matchings",outcome="failed"} [3-9]/), patience);
  expect(scene.logged()).not.toContain('not for the log');
});

test('a store that cannot be opened is a failed run with its reason', async () => {
  const broken = { ...scene.config, store: { kind: 'sqlite', file: directory } as const };
  scheduler = new JobScheduler({ ...scene.ctx, config: broken });
  const report = await scheduler.runNow(name, { dryRun: false });
  expect(report).toMatchObject({ outcome: 'failed', error: expect.stringContaining('store_unavailable: DATA_DIR') });
});

test('every job of the configuration can run, and unknown ones are refused', async () => {
  scheduler = new JobScheduler(scene.ctx);
  await expect(scheduler.runNow('unknown', { dryRun: true })).rejects.toMatchObject({ code: 'job_unavailable' });
  expect(() => jobNamed('toString')).toThrow('there is no such job');
  expect(Object.keys(schedule)).toEqual(Object.keys(scene.config.jobs.everyMs));
});

test('a daily job is looked at every hour, others at their own period', () => {
  const anywhere = 'http://localhost:1';
  const { jobs } = readConfig({
    YT_PROXY: anywhere, DRIVER_PROFILES_URL: anywhere, PERSONAL_URL: anywhere, TRACKSTORY_URL: anywhere,
    FLEET_RENT_URL: anywhere, CLIENT_EVENTS_URL: anywhere, AUTH_JWKS: './jwks.json', AUTH_ISSUER: 'test',
  });
  const ticks = ['import-matchings', 'import-results', 'finish-programme'] as const;
  expect(ticks.map((job) => tickMs(jobs, job))).toEqual([300_000, 3_600_000, 3_600_000]);
});
