// The jobs of the programme: which there are, what each does, and how often the scheduler looks at it.
import { ServiceError } from '../runtime/errors.ts';
import type { JobsConfig } from '../runtime/config/config.ts';
import { archive } from './archive.ts';
import { finishProgramme } from './finish-programme.ts';
import { importMatchings } from './import-matchings.ts';
import { importResults } from './import-results.ts';
import type { Job } from './job.ts';
import type { JobName } from './report.ts';
import { replicate } from './replicate.ts';

export const schedule: Readonly<Record<JobName, Job>> = {
  'import-matchings': importMatchings,
  'import-results': importResults,
  'finish-programme': finishProgramme,
  replicate,
  archive,
};

export const jobs: readonly Job[] = Object.values(schedule);

/** Throws `job_unavailable` for a name that is no job's. */
export function jobNamed(name: string): Job {
  if (!Object.hasOwn(schedule, name)) throw new ServiceError('job_unavailable', 'there is no such job');
  return schedule[name as JobName];
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** How often to start the job. A daily one is looked at every hour, so that a missed day is caught up with soon (A25). */
export function tickMs({ everyMs }: JobsConfig, name: JobName): number {
  return everyMs[name] < dayMs ? everyMs[name] : Math.min(hourMs, everyMs[name]);
}
