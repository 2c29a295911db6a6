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
    409: { description: 'The job runs on this host already.', schema: null },
    202: { description: 'The run goes on; its end shows among the runs, that of a dry run at `dry-run`.', schema: startedWire },
  },
  handle: async (ctx: AdminContext, input) => {
    const { name } = input.params;
    if (!Object.hasOwn(ctx.config.jobs.everyMs, name)) throw new HttpProblem('not_found', 'There is no such job.');
    return run(ctx, name, { dryRun: input.query.dry_run, operator: operatorOf(input) });
  },
});

async function run(ctx: AdminContext, job: string, options: RunJobOptions): Promise<Reply> {
  const { dryRun } = options;
  const running = ctx.useCases.runJob(job, options);
  if (dryRun) rememberDryRun(ctx.dryRuns, job, running);
  const report = await withinMs(ctx.jobWaitMs, running, (error) => {
    ctx.log.error({ job, error: describeError(error) }, 'a job run asked for by an operator failed');
  });
  if (report === null) return jsonReply(202, { job, dry_run: dryRun, outcome: 'running' });
  return jsonReply(200, reportToWire(job, { dryRun, report }));
}

function reportToWire(job: string, { dryRun, report }: { dryRun: boolean; report: JobReport }): z.output<typeof finishedWire> {
  const { outcome, counts, error } = report;
  const changes = report.changes?.map(({ matchingId, event, from, to }) => ({ matching_id: matchingId, event, from, to }));
  return { job, dry_run: dryRun, outcome, counts: { ...counts }, error, ...(changes && { changes }) };
}

/** A dry run leaves nothing in the store: what it found is kept here until the next one of the job begins. */
function rememberDryRun(dryRuns: AdminContext['dryRuns'], job: string, running: Promise<JobReport>): void {
  dryRuns.set(job, null);
  running.then((report) => dryRuns.set(job, report), () => dryRuns.delete(job));
}

export const lastDryRun: Route<AdminContext> = defineRoute({
  method: 'GET',
  path: '/admin/v1/jobs/{name}/dry-run',
  access: 'operator',
  summary: 'What the last dry run on this instance found, also when it took longer than its request',
  params: z.strictObject({ name: z.string() }),
  replies: {
    200: { description: 'It is over.', schema: finishedWire },
    202: { description: 'It goes on.', schema: startedWire },
  },
  handle: async (ctx: AdminContext, { params: { name } }) => {
    const report = ctx.dryRuns.get(name);
    if (report === undefined) throw new HttpProblem('not_found', 'There was no dry run of this job on this instance.');
    if (report === null) return jsonReply(202, { job: name, dry_run: true, outcome: 'running' });
    return jsonReply(200, reportToWire(name, { dryRun: true, report }));
  },
});

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
