// What a job is, to those that schedule it and run it: a name and two stages.
import type { Context } from '../runtime/context.ts';
import type { JobName } from './report.ts';
import type { Tally } from './tally.ts';
import type { UnitOfWork } from './unit-of-work.ts';

/** What one run of a job works with. `unit` is the only way to write. */
export interface JobRun {
  readonly ctx: Context;
  readonly unit: UnitOfWork;
  readonly tally: Tally;
}

export interface JobStages {
  /** Gathers what there is to apply; false when there is nothing to do. */
  read(signal: AbortSignal): Promise<boolean>;
  apply(signal: AbortSignal): Promise<void>;
}

export interface Job {
  readonly name: JobName;
  begin(run: JobRun): JobStages;
}
