// Figures, announcements and tasks: rows to records and back.
import { isEventType } from '../../../machines/events.ts';
import type { MatchingId, Profile } from '../../../machines/ids.ts';
import { type AnnouncementRecord, type ProgressFigures, progressFields, type ResultRecord, type Role } from '../../store.ts';
import { Queue, TaskState, type TaskView } from '../../tasks.ts';
import { readAs, readInteger, readMatchingId, readMoment, readNewbie, readText, readTextOrNull } from './columns.ts';
import type { Fields, Row, Shape } from './values.ts';

type FigureShape = { readonly [Field in keyof ProgressFigures]: 'Utf8?' };
const figureShape = Object.fromEntries(progressFields.map((field) => [field, 'Utf8?'])) as FigureShape;

export const resultShape = {
  matching_id: 'Utf8', newbie_park_id: 'Utf8', newbie_driver_id: 'Utf8', ...figureShape, updated_at: 'Int64',
} as const satisfies Shape;

export const announcementShape = {
  matching_id: 'Utf8', epoch: 'Int64', event: 'Utf8', recipient: 'Utf8', event_id: 'Utf8', accepted_at: 'Int64',
} as const satisfies Shape;

/** What an operator sees of a task. */
export const taskColumns = [
  'bucket', 'id', 'seq', 'queue', 'matching_id', 'state', 'attempt', 'last_error', 'visible_at', 'created_at', 'updated_at',
] as const;

export function fieldsOfResult({ matchingId, newbie, figures, updatedAt }: ResultRecord): Fields {
  const sides = { newbie_park_id: newbie.parkId, newbie_driver_id: newbie.driverId };
  return { matching_id: matchingId, ...sides, ...figures, updated_at: updatedAt };
}

export function resultFrom(row: Row): ResultRecord {
  const figures = Object.fromEntries(progressFields.map((field) => [field, readTextOrNull(row, field)]));
  return resultOf(readMatchingId(row), readNewbie(row), figures as ProgressFigures, readInteger(row, 'updated_at'));
}

/** The stored figures with the new ones laid over; null when that changes nothing. */
export function mergeFigures(stored: ResultRecord | null, figures: ProgressFigures): ProgressFigures | null {
  const before = stored?.figures;
  const merged = Object.fromEntries(progressFields.map((field) => [field, figures[field] ?? before?.[field] ?? null])) as ProgressFigures;
  return progressFields.some((field) => merged[field] !== (before?.[field] ?? null)) ? merged : null;
}

export function resultOf(matchingId: MatchingId, newbie: Profile, figures: ProgressFigures, updatedAt: number): ResultRecord {
  return { matchingId, newbie, figures, updatedAt };
}

function isRole(value: unknown): value is Role {
  return value === 'newbie' || value === 'mentor';
}

function isAnnounced(value: unknown): value is AnnouncementRecord['event'] {
  return isEventType(value);
}

export function fieldsOfAnnouncement({ eventId, matchingId, epoch, event, recipient, acceptedAt }: AnnouncementRecord): Fields {
  return { matching_id: matchingId, epoch, event, recipient, event_id: eventId, accepted_at: acceptedAt };
}

export function announcementFrom(row: Row): AnnouncementRecord {
  return {
    eventId: readText(row, 'event_id'),
    matchingId: readMatchingId(row),
    epoch: readInteger(row, 'epoch'),
    event: readAs(row, 'event', isAnnounced),
    recipient: readAs(row, 'recipient', isRole),
    acceptedAt: readInteger(row, 'accepted_at'),
  };
}

export function isQueue(value: unknown): value is Queue {
  return typeof value === 'string' && Object.hasOwn(Queue, value);
}

export function isTaskState(value: unknown): value is TaskState {
  return typeof value === 'string' && Object.hasOwn(TaskState, value);
}

/** A settled task is due no more: it shows the moment of its end. */
export function taskFrom(row: Row): TaskView {
  const updatedAtMs = readMoment(row, 'updated_at');
  return {
    id: readText(row, 'id'),
    queue: readAs(row, 'queue', isQueue),
    matchingId: readMatchingId(row),
    state: readAs(row, 'state', isTaskState),
    attempt: readInteger(row, 'attempt'),
    lastError: readTextOrNull(row, 'last_error'),
    visibleAtMs: row['visible_at'] === null ? updatedAtMs : readMoment(row, 'visible_at'),
    createdAtMs: readMoment(row, 'created_at'),
    updatedAtMs,
  };
}
