// The admin API's JSON: schemas for the documents, and the mapping from the stored records. Field by field, so that a new column
// never shows by itself.
import { z } from 'zod';
import { EventType } from '../../machines/events.ts';
import { profileKey, type Profile } from '../../machines/ids.ts';
import type { EpochMs, MatchingRecord } from '../../machines/matching-record.ts';
import { statuses } from '../../machines/status.ts';
import { rfc3339 } from '../../runtime/clock.ts';
import type {
  AnnouncementRecord, JobRunRecord, OperatorActionRecord, RejectRecord, ResultRecord, TransitionRecord,
} from '../../runtime/store.ts';
import { OperatorAction, progressFields } from '../../runtime/store.ts';
import { queues, TaskState, type TaskView } from '../../runtime/tasks.ts';

const time = z.iso.datetime();
const status = z.enum(statuses);
const event = z.enum(Object.values(EventType));
const counts = z.record(z.string(), z.number());
export const nextCursor = z.string().nullable();

export const matchingWire = z.object({
  id: z.uuid(),
  status,
  status_since: time,
  created_at: time,
  updated_at: time,
  version: z.int(),
  epoch: z.int(),
  newbie: z.string().describe('`<park_id>_<driver_id>`'),
  newbie_udid: z.string().nullable(),
  mentor: z.string().nullable().describe('`<park_id>_<driver_id>`'),
  mentor_udid: z.string().nullable(),
  matched_at: time.nullable(),
  original_connected_dttm: time.nullable(),
  mentor_promocode: z.string().nullable(),
  completed_at: time.nullable(),
  newbie_last_read_at: time.nullable(),
  mentor_last_read_at: time.nullable(),
});

export const transitionWire = z.object({
  id: z.string(),
  created_at: time,
  from: status.nullable(),
  to: status,
  event,
  actor: z.string(),
  epoch: z.int(),
  version: z.int(),
  reason: z.string().nullable(),
});

export const taskWire = z.object({
  id: z.string(),
  queue: z.enum(queues),
  matching_id: z.uuid(),
  state: z.enum(Object.values(TaskState)),
  attempt: z.int(),
  last_error: z.string().nullable(),
  visible_at: time,
  created_at: time,
  updated_at: time,
});

export const announcementWire = z.object({
  event_id: z.string(),
  epoch: z.int(),
  event,
  recipient: z.enum(['newbie', 'mentor']),
  accepted_at: time,
});

export const resultsWire = z.object({
  updated_at: time,
  figures: z.record(z.enum(progressFields), z.string().nullable()),
});

export const jobRunWire = z.object({
  id: z.string(),
  job: z.string(),
  started_at: time,
  finished_at: time.nullable(),
  outcome: z.string(),
  dry_run: z.boolean(),
  counts,
  error: z.string().nullable(),
});

export const rejectWire = z.object({
  id: z.string(),
  source: z.string(),
  reason: z.string(),
  detail: z.string(),
  first_seen_at: time,
});

export const operatorActionWire = z.object({
  id: z.string(),
  at: time,
  actor: z.string(),
  action: z.enum(Object.values(OperatorAction)),
  subject: z.string().describe('The type of the event, the id of the task or the name of the job.'),
  matching_id: z.uuid().nullable(),
  reason: z.string().nullable(),
  outcome: z.string().describe('`started` until it is known.'),
});

export function matchingToWire(row: MatchingRecord): z.output<typeof matchingWire> {
  return {
    id: row.id,
    status: row.status,
    status_since: rfc3339(row.statusSince),
    created_at: rfc3339(row.createdAt),
    updated_at: rfc3339(row.updatedAt),
    version: row.version,
    epoch: row.epoch,
    newbie: profileKey(row.newbie),
    newbie_udid: row.newbieUdid,
    mentor: keyOrNull(row.mentor),
    mentor_udid: row.mentorUdid,
    matched_at: timeOrNull(row.matchedAt),
    original_connected_dttm: timeOrNull(row.originalConnectedAt),
    mentor_promocode: row.mentorPromocode,
    completed_at: timeOrNull(row.completedAt),
    newbie_last_read_at: timeOrNull(row.newbieLastReadAt),
    mentor_last_read_at: timeOrNull(row.mentorLastReadAt),
  };
}

export function transitionToWire(row: TransitionRecord): z.output<typeof transitionWire> {
  const { id, from, to, event: cause, actor, epoch, version, reason } = row;
  return { id, created_at: rfc3339(row.createdAt), from, to, event: cause, actor, epoch, version, reason };
}

export function taskToWire(task: TaskView): z.output<typeof taskWire> {
  const { id, queue, state, attempt } = task;
  return {
    id,
    queue,
    matching_id: task.matchingId,
    state,
    attempt,
    last_error: task.lastError,
    visible_at: rfc3339(task.visibleAtMs),
    created_at: rfc3339(task.createdAtMs),
    updated_at: rfc3339(task.updatedAtMs),
  };
}

export function announcementToWire(row: AnnouncementRecord): z.output<typeof announcementWire> {
  const { eventId, epoch, event: announced, recipient, acceptedAt } = row;
  return { event_id: eventId, epoch, event: announced, recipient, accepted_at: rfc3339(acceptedAt) };
}

export function resultsToWire(row: ResultRecord): z.output<typeof resultsWire> {
  return { updated_at: rfc3339(row.updatedAt), figures: { ...row.figures } };
}

export function jobRunToWire(run: JobRunRecord): z.output<typeof jobRunWire> {
  const { id, job, outcome, dryRun, error } = run;
  const [started_at, finished_at] = [rfc3339(run.startedAt), timeOrNull(run.finishedAt)];
  return { id, job, started_at, finished_at, outcome, dry_run: dryRun, counts: { ...run.counts }, error };
}

export function rejectToWire(row: RejectRecord): z.output<typeof rejectWire> {
  const { id, source, reason, detail, firstSeenAt } = row;
  return { id, source, reason, detail, first_seen_at: rfc3339(firstSeenAt) };
}

export function operatorActionToWire(record: OperatorActionRecord): z.output<typeof operatorActionWire> {
  const { id, actor, action, subject, reason, outcome } = record;
  return { id, at: rfc3339(record.at), actor, action, subject, matching_id: record.matchingId, reason, outcome };
}

export function timeOrNull(at: EpochMs | null): string | null {
  return at === null ? null : rfc3339(at);
}

function keyOrNull(profile: Profile | null): string | null {
  return profile === null ? null : profileKey(profile);
}
