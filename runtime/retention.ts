// What replication and archiving ask of the store: what changed since a moment, what may be archived, and forgetting what was.
// Adapters: each store's folder. All times are programme time.
import type { MatchingId } from '../machines/ids.ts';
import type { EpochMs, MatchingRecord } from '../machines/matching-record.ts';
import type { Status } from '../machines/status.ts';
import type { Lease } from './lock.ts';
import type { Page, PageRequest, ResultRecord, TransitionRecord } from './store.ts';

/** Figures of a match that a rematch has ended. */
export interface RetiredResultRecord extends ResultRecord {
  readonly epoch: number;
}

/** A matching with all that is archived with it. */
export interface MatchingBundle {
  readonly matching: MatchingRecord;
  /** By version. */
  readonly transitions: readonly TransitionRecord[];
  readonly results: ResultRecord | null;
  /** By epoch. */
  readonly history: readonly RetiredResultRecord[];
}

/** What is left of a forgotten matching until its replica knows of it. */
export interface Tombstone {
  readonly matchingId: MatchingId;
  readonly deletedAt: EpochMs;
  readonly transitionIds: readonly string[];
}

export interface ArchivableFilter {
  readonly status: Status;
  readonly completedBefore: EpochMs;
}

/** A state of a matching: it changes with `version`, its figures with `resultsUpdatedAt`. */
export interface ArchivedMatching {
  readonly id: MatchingId;
  readonly version: number;
  readonly resultsUpdatedAt: EpochMs | null;
}

export interface Retention {
  /** Rows written at or after `since`, oldest first. */
  changedMatchings(since: EpochMs, page: PageRequest): Promise<Page<MatchingRecord>>;
  /** In no particular order. Relies on a transition being stored together with its matching. */
  changedTransitions(since: EpochMs, page: PageRequest): Promise<Page<TransitionRecord>>;
  /** In no particular order. */
  changedResults(since: EpochMs, page: PageRequest): Promise<Page<ResultRecord>>;
  tombstones(since: EpochMs, page: PageRequest): Promise<Page<Tombstone>>;
  /** Longest completed first. */
  archivable(filter: ArchivableFilter, page: PageRequest): Promise<Page<MatchingId>>;
  /** In the order of the ids; unknown ones are left out. */
  bundles(ids: readonly MatchingId[]): Promise<MatchingBundle[]>;
  /**
   * In one transaction: deletes each matching that is still in the archived state, with all its rows, its person's guard, its keys and
   * its done tasks, and leaves a tombstone. Answers which were deleted. Throws `lock_lost` unless the lease still holds its lock.
   */
  forget(archived: readonly ArchivedMatching[], lease: Lease): Promise<MatchingId[]>;
  /** Removes tombstones older than `before`; answers how many. Throws `lock_lost` unless the lease still holds its lock. */
  dropTombstones(before: EpochMs, lease: Lease): Promise<number>;
  /** How many matchings have been in the status since before the moment. */
  countWaiting(status: Status, since: EpochMs): Promise<number>;
}

export function archivedState({ matching, results }: MatchingBundle): ArchivedMatching {
  return { id: matching.id, version: matching.version, resultsUpdatedAt: results?.updatedAt ?? null };
}
