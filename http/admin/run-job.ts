// POST jobs/{name}/run: one run now, outside the schedule.
import { z } from 'zod';
import { describeError } from '../../runtime/errors.ts';
import { flagField } from '../fields.ts';
import { HttpProblem } from '../problem.ts';
import { jsonReply, type Reply } from '../reply.ts';
import { defineRoute, type Route } from '../routes.ts';
import type { AdminContext, JobReport, RunJobOptions } from '../use-cases.ts';
import { operatorHeaders, operatorOf, reasonBody, reasonQuery } from './operator-field.ts';

export const startedWire = z.object({ job: z.string(), dry_run: z.boolean(), outcome: z.literal('running') });
const changeWire = z.object({
  matching_id: z.string(),
  event: z.string(),
  from: z.string().nullable(),
  to: z.string().nullable(),
});
export const finishedWire = z.object({
  job: z.string(),
  dry_run: z.boolean(),
  outcome: z.string(),
  counts: z.record(z.string(), z.number()),
  error: z.string().nullable(),
  changes: z.array(changeWire).optional().describe('Of a dry run: the first thousand moves it would make.'),
});

export const runJob: Route<AdminContext> = defineRoute({
  method: 'POST',
  path: '/admin/v1/jobs/{name}/run',
  access: 'operator',
  summary: 'Run a job now; a dry run writes nothing',
  params: z.strictObject({ name: z.string() }),
  query: reasonQuery.extend({ dry_run: flagField('`true`: count what would be done, write nothing.') }),
  headers: operatorHeaders,
  body: reasonBody,
  replies: {
    200: { description: 'The run is over.', schema: finishedWire },
    202: { description: 'The run goes on; its end shows among the runs.', schema: startedWire },
  },
  handle: async (ctx: AdminContext, input) => {
    const { name } = input.params;
    if (!Object.hasOwn(ctx.config.jobs.everyMs, name)) throw new HttpProblem('not_found', 'There is no such job.');
    return run(ctx, name, { dryRun: input.query.dry_run, operator: operatorOf(input) });
  },
});

async function run(ctx: AdminContext, job: string, options: RunJobOptions): Promise<Reply> {
  const { dryRun } = options;
  const report = await withinMs(ctx.jobWaitMs, ctx.useCases.runJob(job, options), (error) => {
    ctx.log.error({ job, error: describeError(error) }, 'a job run asked for by an operator failed');
  });
  if (report === null) return jsonReply(202, { job, dry_run: dryRun, outcome: 'running' });
  const { outcome, counts, error } = report;
  const changes = report.changes?.map(({ matchingId, event, from, to }) => ({ matching_id: matchingId, event, from, to }));
  return jsonReply(200, { job, dry_run: dryRun, outcome, counts, error, ...(changes && { changes }) });
}

/** Null when the report takes longer; its failure after that is told to `lateFailure`, for nobody waits for it any more. */
async function withinMs(waitMs: number, report: Promise<JobReport>, lateFailure: (error: unknown) => void): Promise<JobReport | null> {
  let waiting = true;
  report.catch((error: unknown) => {
    if (!waiting) lateFailure(error);
  });
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), waitMs);
  });
  try {
    return await Promise.race([report, patience]);
  } finally {
    waiting = false;
    clearTimeout(timer);
  }
}
