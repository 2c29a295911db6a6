// Gauges of what the store holds, read on a timer: a scrape costs no query, and every instance tells the same whichever ran a job.
// Each read is of counted or indexed rows, so it costs the same at a million matchings.
import { statuses } from '../machines/status.ts';
import type { Context } from './context.ts';
import { programmeTime } from './clock.ts';
import { asServiceError } from './errors.ts';
import type { BreakerState } from './operations.ts';
import type { JobRunRecord } from './store.ts';

const refreshEveryMs = 15_000;
const runsLookedAt = 20;
const breakerStates: readonly BreakerState[] = ['closed', 'half_open', 'open'];
const overdueForm = /^overdue_(.+)$/;

export interface Gauges {
  /** Reads the store now. Does not throw: gauges that could not be read keep their values, and their timestamp tells. */
  refresh(): Promise<void>;
  stop(): void;
}

export function startGauges(ctx: Context): Gauges {
  for (const [job, everyMs] of Object.entries(ctx.config.jobs.everyMs)) ctx.metrics.jobPeriod.set({ job }, everyMs / 1_000);
  const shown = ctx.operations.subscribe(() => showOperations(ctx));
  showOperations(ctx);
  let reading: Promise<void> | null = null;
  // A slow store is not asked again before it has answered.
  const refresh = (): Promise<void> => (reading ??= read(ctx).finally(() => (reading = null)));
  const timer = setInterval(() => void refresh(), refreshEveryMs).unref();
  void refresh();
  return {
    refresh,
    stop: () => {
      clearInterval(timer);
      shown.unsubscribe();
    },
  };
}

function showOperations({ operations, metrics }: Context): void {
  const { breakers, jobs } = operations.getSnapshot().context;
  for (const [upstream, present] of Object.entries(breakers)) {
    for (const state of breakerStates) metrics.breakerState.set({ upstream, state }, state === present ? 1 : 0);
  }
  for (const [job, { state }] of Object.entries(jobs)) metrics.jobRunning.set({ job }, state === 'running' ? 1 : 0);
}

async function read(ctx: Context): Promise<void> {
  try {
    await Promise.all([readTasks(ctx), readStages(ctx), readJobs(ctx)]);
    ctx.metrics.gaugesRefreshed.set(Date.now() / 1_000);
  } catch (error) {
    ctx.log.warn({ code: asServiceError(error).code }, 'the gauges could not be read');
  }
}

async function readTasks({ tasks, metrics }: Context): Promise<void> {
  for (const { queue, state, count, oldestAgeMs } of await tasks.stats()) {
    metrics.taskCount.set({ queue, state }, count);
    metrics.taskOldestAge.set({ queue, state }, oldestAgeMs / 1_000);
  }
}

async function readStages({ store, metrics }: Context): Promise<void> {
  const [now, funnel] = await Promise.all([store.now(), store.funnel()]);
  for (const status of statuses) {
    const { present, reached, oldestSince } = funnel[status];
    metrics.matchings.set({ status }, present);
    metrics.matchingsReached.set({ status }, reached);
    metrics.stageOldestAge.set({ status }, oldestSince === null ? 0 : Math.max(0, now - oldestSince) / 1_000);
  }
}

async function readJobs(ctx: Context): Promise<void> {
  for (const job of Object.keys(ctx.config.jobs.everyMs)) {
    const { items } = await ctx.store.jobRuns({ job }, { limit: runsLookedAt, cursor: null });
    const success = items.find(({ outcome, dryRun }) => outcome === 'succeeded' && !dryRun);
    showSuccess(ctx, job, success);
  }
}

function showSuccess({ metrics, config }: Context, job: string, run: JobRunRecord | undefined): void {
  if (run?.finishedAt === undefined || run.finishedAt === null) {
    metrics.jobLastSuccess.set({ job }, 0);
    return;
  }
  // The record is in programme time, which a sandbox runs faster; Prometheus compares with the world's.
  const nowMs = Date.now();
  const agoMs = (programmeTime(config.timescale, nowMs) - run.finishedAt) / config.timescale.rate;
  metrics.jobLastSuccess.set({ job }, (nowMs - agoMs) / 1_000);
  for (const [name, count] of Object.entries(run.counts)) {
    const stage = overdueStage(name);
    if (stage !== null) metrics.overdue.set({ stage }, count);
  }
}

/** The stage that a job's count of overdue matchings speaks of; null for any other count. */
export function overdueStage(count: string): string | null {
  return overdueForm.exec(count)?.[1] ?? null;
}
