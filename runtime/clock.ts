// Programme time. Deadlines are measured on the database's clock; a sandbox may run that clock faster than the world's.
import type { EpochMs } from '../machines/matching-record.ts';

/** Maps the database's clock to programme time. In production it is the identity. */
export interface Timescale {
  /** Database time at which programme time is `programmeMs`. */
  readonly anchorMs: EpochMs;
  readonly programmeMs: EpochMs;
  /** Programme milliseconds per database millisecond. */
  readonly rate: number;
}

/** A date of the CRM further ahead than this is a mistake (A6). */
export const mostAheadMs = 24 * 3_600_000;

export const realTime: Timescale = { anchorMs: 0, programmeMs: 0, rate: 1 };

export function programmeTime(scale: Timescale, databaseMs: EpochMs): EpochMs {
  return Math.round(scale.programmeMs + (databaseMs - scale.anchorMs) * scale.rate);
}

export function rfc3339(at: EpochMs): string {
  return new Date(at).toISOString();
}
