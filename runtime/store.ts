// The store port. Reads work anywhere; writes exist only on the transaction, whose callback touches nothing else because it may
// run more than once. Adapters: store/sqlite, store/ydb. All times are programme time (clock.ts) unless a name says otherwise.
import type { LifecycleEvent } from '../machines/events.ts';
import type { DriverId, MatchingId, PersonKey, Profile, ProfileKey } from '../machines/ids.ts';
import type { EpochMs, MatchingRecord } from '../machines/matching-record.ts';
import type { Status } from '../machines/status.ts';
import type { Lease } from './lock.ts';
import type { NewTask, TaskView } from './tasks.ts';

/** One status change. `from` is null for the creation; `version` is the matching's version that the change produced. */
export interface TransitionRecord {
  readonly id: string;
  readonly matchingId: MatchingId;
  readonly createdAt: EpochMs;
  readonly from: Status | null;
  readonly to: Status;
  readonly event: LifecycleEvent['type'];
  /** Who caused it: `driver`, `operator`, `task:<queue>` or `job:<name>`. */
  readonly actor: string;
  readonly epoch: number;
  readonly version: number;
  /** An operator's reason; null for everybody else. */
  readonly reason: string | null;
}

export const progressFields = [
  'rate_avg_7d', 'rate_avg_14d', 'avg_dp_7d', 'avg_dp_14d', 'sh_7d', 'sh_14d', 'correct_answers', 'passed_test_flg',
] as const;
export type ProgressField = (typeof progressFields)[number];
/** The CRM's figures, as strings exactly as it wrote them. */
export type ProgressFigures = { readonly [Field in ProgressField]: string | null };

export interface ResultRecord {
  readonly matchingId: MatchingId;
  readonly newbie: Profile;
  readonly figures: ProgressFigures;
  readonly updatedAt: EpochMs;
}

/** One dialog as a participant may see it: the row, the moves of its present epoch (and its creation), the figures. */
export interface DialogRecord {
  readonly matching: MatchingRecord;
  readonly transitions: readonly TransitionRecord[];
  readonly results: ResultRecord | null;
}

export type Role = 'newbie' | 'mentor';

/** One recipient's acceptance of one announcement. */
export interface AnnouncementRecord {
  readonly eventId: string;
  readonly matchingId: MatchingId;
  readonly epoch: number;
  readonly event: LifecycleEvent['type'];
  readonly recipient: Role;
  readonly acceptedAt: EpochMs;
}

/** A promocode that came before its matching was `finished`. Key: entity + promocode. */
export interface PendingPromocode {
  readonly entity: ProfileKey;
  readonly promocode: string;
  readonly firstSeenAt: EpochMs;
}

/** A row of an import that could not be used. `id` is derived from source and row, so a replay adds nothing. */
export interface RejectRecord {
  readonly id: string;
  readonly source: string;
  readonly reason: string;
  /** Names of the fields at fault and identifiers that passed their parser; never raw values. */
  readonly detail: string;
  readonly firstSeenAt: EpochMs;
}

export interface JobRunRecord {
  readonly id: string;
  readonly job: string;
  readonly startedAt: EpochMs;
  readonly finishedAt: EpochMs | null;
  /** `running`, `succeeded`, `failed`, `cancelled`. */
  readonly outcome: string;
  readonly dryRun: boolean;
  readonly counts: Readonly<Record<string, number>>;
  readonly error: string | null;
}

/** What an operator did, written before it is done and again with how it ended. */
export interface OperatorActionRecord {
  readonly id: string;
  readonly at: EpochMs;
  /** The name the operator gave, else `operator`. */
  readonly actor: string;
  readonly action: OperatorAction;
  /** The type of the event, the id of the task, the name of the job or the side that was looked at. */
  readonly subject: string;
  /** Null for a job. */
  readonly matchingId: MatchingId | null;
  readonly reason: string | null;
  /** `started` until it is known, then what it came to, such as `moved`, `ignored`, `retried`, `succeeded` or `failed: <code>`. */
  readonly outcome: string;
}

export const OperatorAction = {
  sendEvent: 'send_event', retryTask: 'retry_task', runJob: 'run_job', tryJob: 'dry_run_job', preview: 'preview',
} as const;
export type OperatorAction = (typeof OperatorAction)[keyof typeof OperatorAction];
const operatorActions: readonly unknown[] = Object.values(OperatorAction);

export function isOperatorAction(value: unknown): value is OperatorAction {
  return operatorActions.includes(value);
}

/** Keyset page: `cursor` is the opaque position after which to go on. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextCursor: string | null;
}
export interface PageRequest {
  readonly limit: number;
  readonly cursor: string | null;
}

export interface MatchingFilter {
  readonly statuses?: readonly Status[];
  /** Any of these profiles of one person, on either side of the matching unless `role` names one. */
  readonly profiles?: readonly Profile[];
  readonly role?: Role;
  /** Only rows in their status since before this moment. */
  readonly inStatusSinceBefore?: EpochMs;
}

export interface ContactsQuery {
  /** All profiles of the caller. */
  readonly profiles: readonly Profile[];
  /** Matchings completed longer ago than this are gone from the app. */
  readonly hideAfterMs: number;
}

/** All a caller may see, from one snapshot: visible statuses only, newest match first. */
export interface ContactsRecord {
  readonly dialogs: readonly DialogRecord[];
  /** The caller's latest matching as a newbie, in any status, unless hidden. */
  readonly participation: MatchingRecord | null;
}

export interface MatchingReads {
  now(): Promise<EpochMs>;
  matchings(ids: readonly MatchingId[]): Promise<MatchingRecord[]>;
  matchingsOfNewbies(profiles: readonly Profile[]): Promise<MatchingRecord[]>;
  matchingsOfMentors(profiles: readonly Profile[]): Promise<MatchingRecord[]>;
  results(ids: readonly MatchingId[]): Promise<ResultRecord[]>;
  transitions(id: MatchingId): Promise<TransitionRecord[]>;
  announcements(id: MatchingId): Promise<AnnouncementRecord[]>;
  matchingOfPerson(person: PersonKey): Promise<MatchingId | null>;
  matchingOfIdempotencyKey(key: string): Promise<MatchingId | null>;
  pendingPromocodes(page: PageRequest): Promise<Page<PendingPromocode>>;
  jobState(name: string): Promise<string | null>;
}

export interface StoreReads extends MatchingReads {
  contacts(query: ContactsQuery): Promise<ContactsRecord>;
  dialog(id: MatchingId): Promise<DialogRecord | null>;
  /** Matchings in `status` matched before the moment, oldest first. */
  matchedBefore(status: Status, before: EpochMs, page: PageRequest): Promise<Page<MatchingRecord>>;
  listMatchings(filter: MatchingFilter, page: PageRequest): Promise<Page<MatchingRecord>>;
  /** Matchings in `status`, longest in it first. Where rows lie in buckets `skip` is exact up to some hundreds and near beyond. */
  longestInStatus(status: Status, window: { skip: number; limit: number }): Promise<MatchingRecord[]>;
  /** The profiles with this driver id, of whatever parks, that take part in any matching. */
  profilesOfDriver(driverId: DriverId): Promise<Profile[]>;
  /** How many matchings ever reached each status, and how many are in it now with the oldest entry. */
  funnel(): Promise<Record<Status, { reached: number; present: number; oldestSince: EpochMs | null }>>;
  jobRuns(filter: { job?: string }, page: PageRequest): Promise<Page<JobRunRecord>>;
  rejects(filter: { source?: string }, page: PageRequest): Promise<Page<RejectRecord>>;
  tasksOfMatching(id: MatchingId): Promise<TaskView[]>;
  /** Newest first. */
  operatorActions(filter: { matchingId?: MatchingId }, page: PageRequest): Promise<Page<OperatorActionRecord>>;
}

export interface StoreTx extends MatchingReads {
  insertMatching(record: MatchingRecord): Promise<void>;
  /** Compare-and-set: stores `next` where the row is still `stored`, by its version; else the transaction is run again. */
  updateMatching(next: MatchingRecord, stored: MatchingRecord): Promise<void>;
  insertTransition(record: TransitionRecord): Promise<void>;
  /** Claims the person for one matching; a claim held by another runs the transaction again. */
  claimPerson(person: PersonKey, id: MatchingId): Promise<void>;
  rememberIdempotencyKey(key: string, id: MatchingId): Promise<void>;
  /** Merges: a null figure never erases a stored one. Answers whether anything changed. */
  mergeResults(id: MatchingId, newbie: Profile, figures: ProgressFigures): Promise<boolean>;
  retireResults(id: MatchingId, epoch: number): Promise<void>;
  recordAnnouncement(record: AnnouncementRecord): Promise<void>;
  putPendingPromocode(record: PendingPromocode): Promise<void>;
  deletePendingPromocode(entity: ProfileKey, promocode: string): Promise<void>;
  insertRejects(records: readonly RejectRecord[]): Promise<void>;
  putJobState(name: string, value: string): Promise<void>;
  putJobRun(record: JobRunRecord): Promise<void>;
  putOperatorAction(record: OperatorActionRecord): Promise<void>;
  /** Adds the task unless one with its id waits or runs; a finished one starts anew. Answers whether it was added. */
  enqueue(task: NewTask): Promise<boolean>;
  /** Fails the transaction with `lock_lost` unless the lease still holds its lock under its epoch. */
  assertLease(lease: Lease): Promise<void>;
}

export interface Store extends StoreReads {
  /** Runs `work` in one serializable transaction, again when it conflicts. Throws `store_conflict` when it conflicts too often. */
  transact<Result>(work: (tx: StoreTx) => Promise<Result>, signal?: AbortSignal): Promise<Result>;
  /** Brings the schema up to date; safe to call again. Answers the versions applied now. */
  migrate(): Promise<number[]>;
  /** Throws `store_unavailable` when the store cannot be reached. */
  ping(): Promise<void>;
  close(): Promise<void>;
}
