// The jobs of the programme: which there are, what each does, and how often the scheduler looks at it.
import { ServiceError } from '../runtime/errors.ts';
import type { JobsConfig } from '../runtime/config/config.ts';
import { finishProgramme } from './finish-programme.ts';
import { importMatchings } from './import-matchings.ts';
import { importResults } from './import-results.ts';
import { JobName, type Job } from './job.ts';

/** `planned`: named in the configuration, not built yet. */
export type ScheduleRow =
  | { readonly name: JobName; readonly planned: false; readonly job: Job }
  | { readonly name: JobName; readonly planned: true };

export const schedule: Readonly<Record<JobName, ScheduleRow>> = {
  'import-matchings': { name: JobName['import-matchings'], planned: false, job: importMatchings },
  'import-results': { name: JobName['import-results'], planned: false, job: importResults },
  'finish-programme': { name: JobName['finish-programme'], planned: false, job: finishProgramme },
  replicate: { name: JobName.replicate, planned: true },
  archive: { name: JobName.archive, planned: true },
};

/** The jobs that can run, by name. */
export const jobs: readonly Job[] = Object.values(schedule).flatMap((row) => (row.planned ? [] : [row.job]));

/** Throws `job_unavailable` for a name that is no job's, or a job that is not built yet. */
export function jobNamed(name: string): Job {
  const row = Object.hasOwn(schedule, name) ? schedule[name as JobName] : null;
  if (row === null) throw new ServiceError('job_unavailable', 'there is no such job');
  if (row.planned) throw new ServiceError('job_unavailable', `${row.name} is planned: this version does not run it`);
  return row.job;
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** How often to start the job. A daily one is looked at every hour, so that a missed day is caught up with soon (A25). */
export function tickMs({ everyMs }: JobsConfig, name: JobName): number {
  return everyMs[name] < dayMs ? everyMs[name] : Math.min(hourMs, everyMs[name]);
}
