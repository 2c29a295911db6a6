// A table of the CRM that is not there. The next run may find it, so the run goes on without it; but nobody would learn of an
// import that imports nothing, so the absence is a reject, a count of the run and a warning.
import { rfc3339 } from '../runtime/clock.ts';
import { ServiceError } from '../runtime/errors.ts';
import type { JobRun } from './job.ts';
import { rejectRecord, type RejectSource } from './rejects.ts';

export interface Sought {
  readonly source: RejectSource;
  readonly path: string;
}

/** Null when there is no such table. */
export async function ifThere<Result>(run: JobRun, sought: Sought, read: () => Promise<Result>, signal: AbortSignal): Promise<Result | null> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof ServiceError) || error.code !== 'yt_table_missing') throw error;
    await noteMissing(run, sought, signal);
    return null;
  }
}

const dateChars = 'YYYY-MM-DD'.length;

/** The weaker form, for what may not have been made yet. */
export function countMissing({ ctx, tally }: JobRun, { source, path }: Sought): void {
  ctx.log.warn({ source, path }, 'a table of the CRM is missing');
  tally.add('table_missing', 1);
}

/** One reject for each day of the absence: an old one must not hide that the table has gone again. */
async function noteMissing(run: JobRun, { source, path }: Sought, signal: AbortSignal): Promise<void> {
  countMissing(run, { source, path });
  await run.unit.commit(async (tx) => {
    const now = await tx.now();
    const row = { missing: path, on: rfc3339(now).slice(0, dateChars) };
    await tx.insertRejects([rejectRecord({ source, row, reason: 'table_missing', detail: path }, now)]);
  }, signal);
  run.tally.add('rejected', 1);
}
