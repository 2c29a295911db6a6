// The journal of a job's runs: written at the start and at the end, with the UTC date of a success for jobs that run once a day.
import type { Context } from '../runtime/context.ts';
import { describeError } from '../runtime/errors.ts';
import type { JobRunRecord } from '../runtime/store.ts';
import type { JobRun } from './job.ts';
import type { JobName } from './report.ts';

const dayMs = 86_400_000;
const orphansLookedAt = 20;

/** A25: a job of a daily or longer period runs once in so many UTC dates, at whatever tick comes first. */
export async function isDue({ store, config }: Context, job: JobName): Promise<boolean> {
  const everyDays = Math.floor(config.jobs.everyMs[job] / dayMs);
  if (everyDays === 0) return true;
  const [now, succeededOn] = await Promise.all([store.now(), store.jobState(successDate(job))]);
  const days = (Date.parse(utcDate(now)) - Date.parse(succeededOn ?? '')) / dayMs;
  // Neither is a date that cannot be read, nor one after today.
  return !(days >= 0 && days < everyDays);
}

/** Also closes the records of earlier runs that died with their process: whoever holds the lock knows that none of them goes on. */
export async function openRecord({ ctx, unit }: JobRun, job: JobName): Promise<JobRunRecord> {
  const id = ctx.newId();
  const { items } = await ctx.store.jobRuns({ job }, { limit: orphansLookedAt, cursor: null });
  const orphans = items.filter(({ outcome }) => outcome === 'running');
  return unit.commit(async (tx) => {
    const now = await tx.now();
    for (const orphan of orphans) {
      await tx.putJobRun({ ...orphan, finishedAt: now, outcome: 'failed', error: 'internal: the run was cut off' });
    }
    const record: JobRunRecord = { id, job, startedAt: now, finishedAt: null, outcome: 'running', dryRun: false, counts: {}, error: null };
    await tx.putJobRun(record);
    return record;
  });
}

export interface RunEnd {
  readonly outcome: 'succeeded' | 'failed' | 'cancelled';
  readonly error: unknown;
}

export async function closeRecord({ unit, tally }: JobRun, record: JobRunRecord, { outcome, error }: RunEnd): Promise<void> {
  const described = outcome === 'succeeded' ? null : describeError(error);
  await unit.commit(async (tx) => {
    const now = await tx.now();
    await tx.putJobRun({ ...record, finishedAt: now, outcome, counts: tally.counts(), error: described });
    if (outcome === 'succeeded') await tx.putJobState(successDate(record.job as JobName), utcDate(record.startedAt));
  });
}

function successDate(job: JobName): string {
  return `${job}:succeeded_on`;
}

function utcDate(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}
