// What one transaction will write, kept until its end: the state each row shall have, so that reads made meanwhile can be answered
// from here and everything goes to the database in one query.
import type { MatchingId, PersonKey } from '../../../machines/ids.ts';
import type { EpochMs } from '../../../machines/matching-record.ts';
import type { Status } from '../../../machines/status.ts';
import type {
  AnnouncementRecord, JobRunRecord, OperatorActionRecord, PendingPromocode, RejectRecord, ResultRecord, TransitionRecord,
} from '../../store.ts';
import type { NewTask } from '../../tasks.ts';
import type { Lease } from '../../lock.ts';
import type { StoredMatching } from './columns.ts';
import type { Row } from './values.ts';

export interface MatchingWrite extends StoredMatching {
  /** The version that the database must still hold; null for a new row. */
  readonly expectedVersion: number | null;
}

export interface HistoryRow {
  readonly epoch: number;
  readonly result: ResultRecord;
}

/** The rows that go with a matching. */
export interface ForgottenRows {
  readonly status: Status;
  readonly deletedAt: EpochMs;
  readonly transitions: readonly Row[];
  readonly results: readonly Row[];
  readonly history: readonly Row[];
  readonly announcements: readonly Row[];
  readonly guards: readonly Row[];
  readonly keys: readonly Row[];
  readonly tasks: readonly Row[];
}

export interface Writes {
  readonly matchings: Map<MatchingId, MatchingWrite>;
  readonly transitions: TransitionRecord[];
  /** Null for a row to be removed. */
  readonly results: Map<MatchingId, ResultRecord | null>;
  readonly history: HistoryRow[];
  readonly persons: Map<PersonKey, MatchingId>;
  readonly keys: Map<string, MatchingId>;
  readonly announcements: Map<string, AnnouncementRecord>;
  readonly promocodes: Map<string, PendingPromocode>;
  readonly takenPromocodes: Map<string, Pick<PendingPromocode, 'entity' | 'promocode'>>;
  readonly rejects: Map<string, RejectRecord>;
  readonly states: Map<string, string>;
  readonly runs: Map<string, JobRunRecord>;
  readonly operatorActions: Map<string, OperatorActionRecord>;
  readonly tasks: Map<string, NewTask>;
  /** Matchings whose figures changed, with the moment. */
  readonly touched: Map<MatchingId, EpochMs>;
  readonly forgotten: Map<MatchingId, ForgottenRows>;
  readonly droppedTombstones: Set<string>;
  /** Must still be held at the commit. */
  readonly leases: Map<string, Lease>;
}

export function noWrites(): Writes {
  return {
    matchings: new Map(), transitions: [], results: new Map(), history: [], persons: new Map(), keys: new Map(),
    announcements: new Map(), promocodes: new Map(), takenPromocodes: new Map(), rejects: new Map(), states: new Map(),
    runs: new Map(), operatorActions: new Map(), tasks: new Map(), touched: new Map(), forgotten: new Map(), droppedTombstones: new Set(), leases: new Map(),
  };
}

/** By how much the funnel changes. */
export interface StatusDelta {
  reached: number;
  present: number;
}

export type StatusDeltas = Map<Status, StatusDelta>;
