// What the endpoints call: the driver's and the operator's use cases, wired in when the service is composed.
import type { EventType, LifecycleEvent } from '../machines/events.ts';
import type { MatchingId, Profile } from '../machines/ids.ts';
import type { EpochMs, MatchingRecord } from '../machines/matching-record.ts';
import type { Status } from '../machines/status.ts';
import type { Config } from '../runtime/config/config.ts';
import type { Context } from '../runtime/context.ts';
import type { ChatMessage, ContactList, EnrolResult, Locale, Offer, ParticipationState } from '../runtime/mentorship/participant.ts';
import type { Operator } from '../runtime/operator-actions.ts';
import type { Preview, PreviewRequest } from '../runtime/mentorship/preview.ts';
import type { Role, StoreReads } from '../runtime/store.ts';
import type { TaskQueue, TaskView } from '../runtime/tasks.ts';

export interface CallerInput {
  readonly caller: Profile;
}
export interface EnrolInput extends CallerInput {
  readonly idempotencyKey: string | null;
}
export interface OfferInput extends CallerInput {
  readonly locale: Locale;
}
export interface ContactsInput extends CallerInput {
  readonly role: Role | null;
  readonly limit: number;
  readonly cursor: string | null;
  readonly locale: Locale;
}
export interface MessagesInput extends CallerInput {
  readonly matchingId: MatchingId;
  readonly locale: Locale;
}
export interface MarkReadInput extends CallerInput {
  readonly matchingId: MatchingId;
  /** Null: everything until now. */
  readonly readThrough: EpochMs | null;
}

export interface DriverUseCases {
  enrol(input: EnrolInput, signal: AbortSignal): Promise<EnrolResult>;
  participation(input: CallerInput, signal: AbortSignal): Promise<ParticipationState>;
  offer(input: OfferInput, signal: AbortSignal): Promise<Offer>;
  contacts(input: ContactsInput, signal: AbortSignal): Promise<ContactList>;
  /** Null when the caller may not see the matching, or there is none. */
  messages(input: MessagesInput, signal: AbortSignal): Promise<{ messages: readonly ChatMessage[]; unread: number } | null>;
  /** False when the caller may not see the matching, or there is none. */
  markRead(input: MarkReadInput, signal: AbortSignal): Promise<boolean>;
}

export interface SendEventInput {
  readonly matchingId: MatchingId;
  /** Whom a MATCHED names. */
  readonly mentor?: Profile | undefined;
  readonly eventOf: (present: MatchingRecord) => LifecycleEvent;
  readonly operator: Operator & { readonly reason: string };
}
export interface SentEvent {
  readonly outcome: 'moved' | 'ignored';
  readonly from: Status;
  readonly to: Status;
}

/** One thing that a dry run found would happen. */
export interface JobChange {
  readonly matchingId: MatchingId;
  readonly event: EventType;
  readonly from: Status | null;
  readonly to: Status | null;
}

export interface JobReport {
  /** `succeeded`, `failed`, `cancelled`; `busy`: another host runs it. */
  readonly outcome: string;
  readonly counts: Readonly<Record<string, number>>;
  readonly error: string | null;
  /** Of a dry run only: the first thousand. */
  readonly changes?: readonly JobChange[];
}

export interface RunJobOptions {
  readonly dryRun: boolean;
  readonly operator: Operator;
}

export interface AdminUseCases {
  /** Null when there is no such matching. */
  sendEvent(input: SendEventInput, signal: AbortSignal): Promise<SentEvent | null>;
  allowedEvents(matching: MatchingRecord): Promise<readonly EventType[]>;
  /** Settles when the run is over, which may be long after the request. */
  runJob(name: string, options: RunJobOptions): Promise<JobReport>;
  /** False when the task neither waits nor is dead. */
  retryTask(task: Pick<TaskView, 'id' | 'matchingId'>, operator: Operator): Promise<boolean>;
  /** All profiles of the person behind one; `degraded` names the upstream that could not tell. */
  personOf(profile: Profile, signal: AbortSignal): Promise<{ profiles: readonly Profile[]; degraded: readonly string[] }>;
  /** Null for the mentor of a matching that has none. */
  preview(input: PreviewRequest, signal: AbortSignal): Promise<Preview | null>;
}

/** Resolves while its subject is well, throws otherwise. */
export type Probe = (signal: AbortSignal) => Promise<unknown>;

export interface DriverContext {
  readonly useCases: DriverUseCases;
}

/** Operators look at the store; they change it only through the use cases. */
export type AdminReads = Pick<
  StoreReads,
  'now' | 'matchings' | 'profilesOfDriver' | 'transitions' | 'tasksOfMatching' | 'announcements' | 'results' | 'listMatchings' | 'longestInStatus' | 'jobRuns' | 'rejects' | 'funnel' | 'operatorActions'
>;

export interface AdminContext extends Pick<Context, 'operations' | 'metrics' | 'log'> {
  readonly config: Pick<Config, 'jobs' | 'programme' | 'timescale' | 'store'>;
  readonly store: AdminReads;
  readonly tasks: Pick<TaskQueue, 'list' | 'find' | 'stats'>;
  readonly useCases: AdminUseCases;
  /** What `/ready` looks at, by name. */
  readonly probes: Readonly<Record<string, Probe>>;
  /** The OpenAPI document of both listeners. */
  readonly document: Readonly<Record<string, unknown>>;
  /** The last dry run of each job on this instance; null while it runs. */
  readonly dryRuns: Map<string, JobReport | null>;
  /** How long a request waits for the job it started. */
  readonly jobWaitMs: number;
}
