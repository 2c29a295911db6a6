// Records for tests: plain defaults, changed where a test speaks of them.
import { randomUUID } from 'node:crypto';
import { type MatchingId, parseMatchingId, parseProfile, parseUdid, type PersonKey, type Profile, type Udid } from '../../machines/ids.ts';
import type { EpochMs, MatchingRecord } from '../../machines/matching-record.ts';
import { Status } from '../../machines/status.ts';
import type {
  AnnouncementRecord, JobRunRecord, OperatorActionRecord, ProgressFigures, RejectRecord, TransitionRecord,
} from '../../runtime/store.ts';
import { type NewTask, Queue } from '../../runtime/tasks.ts';

/** 2026-01-01T00:00:00Z: where the clocks of the suites start. */
export const suiteStartMs: EpochMs = 1_767_225_600_000;

export function aMatchingId(): MatchingId {
  const parsed = parseMatchingId(randomUUID());
  if (parsed === null) throw new TypeError('a fresh UUID is a matching id');
  return parsed;
}

export function aProfile(driverId = `driver-${randomUUID()}`, parkId = 'park-1'): Profile {
  const parsed = parseProfile(parkId, driverId);
  if (parsed === null) throw new TypeError('a test names a profile that is none');
  return parsed;
}

export function aUdid(text: string): Udid {
  const parsed = parseUdid(text);
  if (parsed === null) throw new TypeError('a test names a udid that is none');
  return parsed;
}

export function aPerson(text: string): PersonKey {
  return text as PersonKey;
}

/** A newbie who has just enrolled, of a driver nobody else has. */
export function matchingRecord(overrides: Partial<MatchingRecord> = {}): MatchingRecord {
  return {
    id: aMatchingId(),
    createdAt: suiteStartMs,
    updatedAt: suiteStartMs,
    version: 1,
    status: Status.created,
    statusSince: suiteStartMs,
    epoch: 0,
    newbie: aProfile(),
    newbieUdid: null,
    mentor: null,
    mentorUdid: null,
    matchedAt: null,
    originalConnectedAt: null,
    mentorPromocode: null,
    completedAt: null,
    newbieLastReadAt: null,
    mentorLastReadAt: null,
    ...overrides,
  };
}

/** A first match with a mentor, in `initialized` unless the test says otherwise. */
export function matchedRecord(overrides: Partial<MatchingRecord> = {}): MatchingRecord {
  return matchingRecord({
    version: 4,
    status: Status.initialized,
    epoch: 1,
    mentor: aProfile(`mentor-${randomUUID()}`, 'park-2'),
    matchedAt: suiteStartMs,
    originalConnectedAt: suiteStartMs,
    ...overrides,
  });
}

export function transitionRecord(matchingId: MatchingId, overrides: Partial<TransitionRecord> = {}): TransitionRecord {
  return {
    id: randomUUID(),
    matchingId,
    createdAt: suiteStartMs,
    from: null,
    to: Status.created,
    event: 'ENROLLED',
    actor: 'driver',
    epoch: 0,
    version: 1,
    reason: null,
    ...overrides,
  };
}

export const noFigures: ProgressFigures = {
  rate_avg_7d: null, rate_avg_14d: null, avg_dp_7d: null, avg_dp_14d: null, sh_7d: null, sh_14d: null,
  correct_answers: null, passed_test_flg: null,
};

export function figures(overrides: Partial<ProgressFigures>): ProgressFigures {
  return { ...noFigures, ...overrides };
}

export function announcementRecord(matchingId: MatchingId, overrides: Partial<AnnouncementRecord> = {}): AnnouncementRecord {
  return {
    eventId: `${matchingId}:initialized:1:newbie`,
    matchingId,
    epoch: 1,
    event: 'MATCH_ANNOUNCED',
    recipient: 'newbie',
    acceptedAt: suiteStartMs,
    ...overrides,
  };
}

export function rejectRecord(overrides: Partial<RejectRecord> = {}): RejectRecord {
  const reject = { source: 'distribution', reason: 'bad_date', detail: 'connected_dttm', firstSeenAt: suiteStartMs };
  return { id: randomUUID(), ...reject, ...overrides };
}

export function jobRunRecord(overrides: Partial<JobRunRecord> = {}): JobRunRecord {
  return {
    id: randomUUID(),
    job: 'import-matchings',
    startedAt: suiteStartMs,
    finishedAt: null,
    outcome: 'running',
    dryRun: false,
    counts: {},
    error: null,
    ...overrides,
  };
}

export function operatorActionRecord(overrides: Partial<OperatorActionRecord> = {}): OperatorActionRecord {
  return {
    id: randomUUID(),
    at: suiteStartMs,
    actor: 'operator',
    action: 'run_job',
    subject: 'archive',
    matchingId: null,
    reason: null,
    outcome: 'started',
    ...overrides,
  };
}

export function newTask(overrides: Partial<NewTask> = {}): NewTask {
  return { id: `task:${randomUUID()}`, queue: Queue.announce, matchingId: aMatchingId(), payload: '{"json":{}}', delayMs: 0, ...overrides };
}
