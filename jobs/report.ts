// What a job tells of itself: its name, its progress, and a report at the end.
import type { EventType } from '../machines/events.ts';
import type { MatchingId } from '../machines/ids.ts';
import type { Counts } from '../machines/import.ts';
import type { Status } from '../machines/status.ts';

export const JobName = {
  'import-matchings': 'import-matchings',
  'import-results': 'import-results',
  'finish-programme': 'finish-programme',
  replicate: 'replicate',
  archive: 'archive',
} as const;
export type JobName = (typeof JobName)[keyof typeof JobName];

export interface JobProgress {
  /** Rows read from YT so far. */
  readonly rows: number;
  readonly counts: Counts;
}

/** One thing that a dry run found would happen. */
export interface JobChange {
  readonly matchingId: MatchingId;
  readonly event: EventType;
  readonly from: Status | null;
  readonly to: Status | null;
}

/** `busy`: another host holds the lock. `not_due`: a daily job already succeeded on this UTC date. */
export type JobOutcome = 'succeeded' | 'failed' | 'cancelled' | 'busy' | 'not_due';

export interface JobReport {
  readonly job: JobName;
  readonly outcome: JobOutcome;
  readonly counts: Counts;
  /** Code and words of the failure or cancellation. */
  readonly error: string | null;
  readonly dryRun: boolean;
  /** Of a dry run only: the first thousand changes. */
  readonly changes?: readonly JobChange[];
}
