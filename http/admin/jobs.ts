// GET jobs: every job with its period, what this instance does with it, and its last run anywhere.
import { z } from 'zod';
import type { JobProgress } from '../../runtime/operations.ts';
import { jsonReply } from '../reply.ts';
import { defineRoute, type Route } from '../routes.ts';
import type { AdminContext } from '../use-cases.ts';
import { jobRunToWire, jobRunWire, timeOrNull } from './wire.ts';

const hereWire = z.object({
  state: z.enum(['idle', 'running']),
  started_at: z.iso.datetime().nullable(),
  rows: z.int(),
  rows_per_second: z.int().describe('Over the run so far, or the whole of the last one.'),
  counts: z.record(z.string(), z.number()),
});
const jobWire = z.object({
  name: z.string(),
  every_ms: z.int(),
  here: hereWire.nullable().describe('Null until this instance has run it.'),
  last_run: jobRunWire.nullable(),
});
export const jobsWire = z.object({ enabled: z.boolean().describe('Whether this instance schedules jobs.'), jobs: z.array(jobWire) });

export const jobs: Route<AdminContext> = defineRoute({
  method: 'GET',
  path: '/admin/v1/jobs',
  access: 'operator',
  summary: 'The jobs, their periods and last runs',
  replies: { 200: { description: 'All jobs.', schema: jobsWire } },
  handle: async (ctx: AdminContext) => {
    const { enabled, everyMs } = ctx.config.jobs;
    const listed = await Promise.all(Object.entries(everyMs).map(([name, every]) => describeJob(ctx, name, every)));
    return jsonReply(200, { enabled, jobs: listed });
  },
});

async function describeJob(ctx: AdminContext, name: string, everyMs: number): Promise<z.output<typeof jobWire>> {
  const progress = ctx.operations.getSnapshot().context.jobs[name];
  const [last] = (await ctx.store.jobRuns({ job: name }, { limit: 1, cursor: null })).items;
  return {
    name,
    every_ms: everyMs,
    here: progress === undefined ? null : progressToWire(progress),
    last_run: last === undefined ? null : jobRunToWire(last),
  };
}

function progressToWire(progress: JobProgress): z.output<typeof hereWire> {
  const { state, rows, counts } = progress;
  return { state, started_at: timeOrNull(progress.startedAtMs), rows, rows_per_second: rateOf(progress), counts: { ...counts } };
}

function rateOf({ state, rows, startedAtMs, lastFinishedAtMs }: JobProgress): number {
  const endMs = state === 'running' || lastFinishedAtMs === null ? Date.now() : lastFinishedAtMs;
  return Math.round((rows * 1_000) / Math.max(1, endMs - (startedAtMs ?? endMs)));
}
