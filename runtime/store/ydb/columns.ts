// Rows to records and back. A column that does not hold what the schema promises is `record_corrupt`, named, never a guess.
// Programme times are Int64 milliseconds: a sandbox may run them past the year 2105, where YDB's Timestamp ends.
import { isEventType } from '../../../machines/events.ts';
import type { DriverId, MatchingId, ParkId, Profile, Udid } from '../../../machines/ids.ts';
import type { MatchingRecord } from '../../../machines/matching-record.ts';
import { isStatus, statuses } from '../../../machines/status.ts';
import { ServiceError } from '../../errors.ts';
import type { TransitionRecord } from '../../store.ts';
import { bucketOf } from './buckets.ts';
import type { Cell, Fields, Row, Shape } from './values.ts';

function corrupt(column: string): ServiceError {
  return new ServiceError('record_corrupt', `ydb: column ${column} holds what it must not`);
}

function cell(row: Row, column: string): Cell {
  const value = row[column];
  if (value === undefined) throw corrupt(column);
  return value;
}

/** The value when `accepts` it; the one door from a row to a typed record. */
export function readAs<Value extends Cell>(row: Row, column: string, accepts: (value: unknown) => value is Value): Value {
  const value = cell(row, column);
  if (!accepts(value)) throw corrupt(column);
  return value;
}

export function readText(row: Row, column: string): string {
  const value = cell(row, column);
  if (typeof value !== 'string') throw corrupt(column);
  return value;
}

export function readTextOrNull(row: Row, column: string): string | null {
  return cell(row, column) === null ? null : readText(row, column);
}

/** 64-bit columns come as bigint; all that we store fits into a double. */
export function readInteger(row: Row, column: string): number {
  const value = Number(cell(row, column) ?? Number.NaN);
  if (!Number.isSafeInteger(value)) throw corrupt(column);
  return value;
}

export function readIntegerOrNull(row: Row, column: string): number | null {
  return cell(row, column) === null ? null : readInteger(row, column);
}

/** A Timestamp in milliseconds. */
export function readMoment(row: Row, column: string): number {
  return Math.floor(readInteger(row, column) / 1_000);
}

// Ids were parsed before they were stored: what our own text columns hold needs no second parser.

export function readMatchingId(row: Row, column = 'matching_id'): MatchingId {
  return readText(row, column) as MatchingId;
}

export function readNewbie(row: Row): Profile {
  return { parkId: readText(row, 'newbie_park_id') as ParkId, driverId: readText(row, 'newbie_driver_id') as DriverId };
}

function readMentor(row: Row): Profile | null {
  if (row['mentor_park_id'] === null) return null;
  return { parkId: readText(row, 'mentor_park_id') as ParkId, driverId: readText(row, 'mentor_driver_id') as DriverId };
}

function readUdid(row: Row, column: string): Udid | null {
  return readTextOrNull(row, column) as Udid | null;
}

export const matchingShape = {
  bucket: 'Uint32', id: 'Utf8', seq: 'Int64', created_at: 'Int64', updated_at: 'Int64', version: 'Int64', status: 'Utf8', status_since: 'Int64',
  epoch: 'Int64', newbie_park_id: 'Utf8', newbie_driver_id: 'Utf8', newbie_udid: 'Utf8?', mentor_park_id: 'Utf8?', mentor_driver_id: 'Utf8?',
  mentor_udid: 'Utf8?', matched_at: 'Int64?', original_connected_dttm: 'Int64?', mentor_promocode: 'Utf8?', completed_at: 'Int64?',
  newbie_last_read_at: 'Int64?', mentor_last_read_at: 'Int64?', reached: 'Int64',
} as const satisfies Shape;

export const transitionShape = {
  matching_id: 'Utf8', version: 'Int64', id: 'Utf8', created_at: 'Int64', from_status: 'Utf8?', to_status: 'Utf8', event: 'Utf8', actor: 'Utf8',
  epoch: 'Int64', reason: 'Utf8?',
} as const satisfies Shape;

/** What this adapter keeps of a matching beside the record. */
export interface StoredMatching {
  readonly record: MatchingRecord;
  /** Order among rows of equal times: later rows have larger ones. */
  readonly seq: number;
  /** Statuses that it ever reached, as bits, so that the funnel counts each once. */
  readonly reached: number;
}

export function reachedBit(status: string): number {
  return 1 << statuses.findIndex((each) => each === status);
}

export function assertStorable({ status }: MatchingRecord): void {
  if (!isStatus(status)) throw new ServiceError('internal', 'ydb: a matching has a status that is none');
}

export function fieldsOfMatching({ record, seq, reached }: StoredMatching): Fields {
  assertStorable(record);
  return {
    bucket: bucketOf(record.id), id: record.id, seq, created_at: record.createdAt, updated_at: record.updatedAt, version: record.version,
    status: record.status, status_since: record.statusSince, epoch: record.epoch,
    newbie_park_id: record.newbie.parkId, newbie_driver_id: record.newbie.driverId, newbie_udid: record.newbieUdid,
    mentor_park_id: record.mentor?.parkId ?? null, mentor_driver_id: record.mentor?.driverId ?? null, mentor_udid: record.mentorUdid,
    matched_at: record.matchedAt, original_connected_dttm: record.originalConnectedAt, mentor_promocode: record.mentorPromocode,
    completed_at: record.completedAt, newbie_last_read_at: record.newbieLastReadAt, mentor_last_read_at: record.mentorLastReadAt, reached,
  };
}

export function matchingFrom(row: Row): MatchingRecord {
  return {
    id: readMatchingId(row, 'id'),
    createdAt: readInteger(row, 'created_at'),
    updatedAt: readInteger(row, 'updated_at'),
    version: readInteger(row, 'version'),
    status: readAs(row, 'status', isStatus),
    statusSince: readInteger(row, 'status_since'),
    epoch: readInteger(row, 'epoch'),
    newbie: readNewbie(row),
    newbieUdid: readUdid(row, 'newbie_udid'),
    mentor: readMentor(row),
    mentorUdid: readUdid(row, 'mentor_udid'),
    matchedAt: readIntegerOrNull(row, 'matched_at'),
    originalConnectedAt: readIntegerOrNull(row, 'original_connected_dttm'),
    mentorPromocode: readTextOrNull(row, 'mentor_promocode'),
    completedAt: readIntegerOrNull(row, 'completed_at'),
    newbieLastReadAt: readIntegerOrNull(row, 'newbie_last_read_at'),
    mentorLastReadAt: readIntegerOrNull(row, 'mentor_last_read_at'),
  };
}

export function storedMatchingFrom(row: Row): StoredMatching {
  return { record: matchingFrom(row), seq: readInteger(row, 'seq'), reached: readInteger(row, 'reached') };
}

export function fieldsOfTransition({ id, matchingId, createdAt, from, to, event, actor, epoch, version, reason }: TransitionRecord): Fields {
  return { matching_id: matchingId, version, id, created_at: createdAt, from_status: from, to_status: to, event, actor, epoch, reason };
}

export function transitionFrom(row: Row): TransitionRecord {
  return {
    id: readText(row, 'id'),
    matchingId: readMatchingId(row),
    createdAt: readInteger(row, 'created_at'),
    from: row['from_status'] === null ? null : readAs(row, 'from_status', isStatus),
    to: readAs(row, 'to_status', isStatus),
    event: readAs(row, 'event', isEventType),
    actor: readText(row, 'actor'),
    epoch: readInteger(row, 'epoch'),
    version: readInteger(row, 'version'),
    reason: readTextOrNull(row, 'reason'),
  };
}
