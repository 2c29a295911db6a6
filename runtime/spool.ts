// The spool port: enrolments acknowledged while the store could not be reached, kept on this machine's disk until it has them.
// Several processes may keep spools in one directory; what a dead one left behind is taken over by the others.
import type { MatchingId, Profile, Udid } from '../machines/ids.ts';
import type { EpochMs } from '../machines/matching-record.ts';

export interface SpooledEnrolment {
  readonly matchingId: MatchingId;
  readonly newbie: Profile;
  readonly udid: Udid | null;
  /** All profiles of the person, as driver-profiles knew them at the time. */
  readonly profiles: readonly Profile[];
  /** Digest of the key that the client sent, or null. */
  readonly idempotencyKey: string | null;
  /** Programme time by this machine's clock. */
  readonly askedAt: EpochMs;
}

export interface SpoolEntry extends SpooledEnrolment {
  /** Whether YT has acknowledged the application. */
  readonly isFormed: boolean;
}

export interface Spool {
  /**
   * Resolves once the enrolment is on disk. Answers the one that is kept: the first of several for one person. Throws `spool_full`
   * or `spool_unavailable`, and then it may or may not be kept.
   */
  keep(enrolment: Omit<SpooledEnrolment, 'askedAt'>): Promise<SpoolEntry>;
  /** What waits for the person who has any of these profiles or this udid. */
  find(person: { readonly udid: Udid | null; readonly profiles: readonly Profile[] }): SpoolEntry | null;
  /** All that wait, oldest first. */
  waiting(): readonly SpoolEntry[];
  noteFormed(id: MatchingId): Promise<void>;
  /** The store has it: nothing of it needs to be kept. */
  settle(id: MatchingId): Promise<void>;
  /** Takes over what dead processes left. */
  adopt(): Promise<void>;
  /** Throws `spool_full`, `spool_unavailable`, or `record_corrupt` while there are records that nobody can read. */
  check(): Promise<void>;
  /** Programme time by this machine's clock. */
  now(): EpochMs;
  /** Keeps what waits for whoever comes next. */
  close(): Promise<void>;
}
