// What the store keeps of one matching: the columns from which the lifecycle machine is rehydrated.
import type { MatchingId, Profile, Udid } from './ids.ts';
import type { Status } from './status.ts';

/** Milliseconds since 1970-01-01T00:00:00Z. */
export type EpochMs = number;

export interface MatchingRecord {
  readonly id: MatchingId;
  readonly createdAt: EpochMs;
  readonly updatedAt: EpochMs;
  /** Grows by one with every stored change; the compare-and-set key. */
  readonly version: number;
  readonly status: Status;
  /** When the present status was entered. */
  readonly statusSince: EpochMs;
  /** Number of matches made so far: 0 before the first mentor; a rematch adds one and turns older announcements stale. */
  readonly epoch: number;
  readonly newbie: Profile;
  readonly newbieUdid: Udid | null;
  readonly mentor: Profile | null;
  readonly mentorUdid: Udid | null;
  readonly matchedAt: EpochMs | null;
  /** `connected_dttm` of the newest CRM row applied. */
  readonly originalConnectedAt: EpochMs | null;
  readonly mentorPromocode: string | null;
  readonly completedAt: EpochMs | null;
  readonly newbieLastReadAt: EpochMs | null;
  readonly mentorLastReadAt: EpochMs | null;
}

/** The ages of requirements section 7, in milliseconds, that the machine's guards compare with. */
export interface LifecyclePolicy {
  readonly progressAgeMs: number;
  readonly resultAgeMs: number;
  readonly failAgeMs: number;
  readonly failGraceMs: number;
  readonly latePromocodeReopens: boolean;
}

/** What a guard may know besides the row: database time and which progress figures have arrived. */
export interface Facts {
  readonly now: EpochMs;
  readonly hasProgress7d: boolean;
  readonly hasProgress14d: boolean;
  readonly policy: LifecyclePolicy;
}
