// Rows to records and back. A column that does not hold what the schema promises is `record_corrupt`, named, never a guess.
import type { SQLInputValue, SQLOutputValue } from 'node:sqlite';
import type { DriverId, MatchingId, ParkId, Profile, Udid } from '../../../machines/ids.ts';
import type { MatchingRecord } from '../../../machines/matching-record.ts';
import { isStatus } from '../../../machines/status.ts';
import { ServiceError } from '../../errors.ts';
import type { Row } from './database.ts';

const uuidBytes = 16;
const uuidLength = 36;
const dash = 0x2d;
const digits = Buffer.from('0123456789abcdef');
/** By character code; undefined for what is no lower-case hexadecimal digit. */
const digitValues: readonly (number | undefined)[] = Array.from({ length: 128 }, (_, code) => {
  const value = digits.indexOf(code);
  return value === -1 ? undefined : value;
});

/** A lower-case UUID as its 16 bytes; any other id as it is. The schema shows both as text again. */
export function packId(id: string): SQLInputValue {
  if (id.length !== uuidLength) return id;
  const bytes = Buffer.allocUnsafe(uuidBytes);
  let at = 0;
  for (let place = 0; place < uuidBytes; place += 1) {
    if (isDashPlace(at)) {
      if (id.charCodeAt(at) !== dash) return id;
      at += 1;
    }
    const [high, low] = [digitValues[id.charCodeAt(at)], digitValues[id.charCodeAt(at + 1)]];
    if (high === undefined || low === undefined) return id;
    bytes[place] = high * 16 + low;
    at += 2;
  }
  return bytes;
}

/** The inverse of {@link packId}, of a column that holds its bytes or its text. */
export function readId(row: Row, column: string): string {
  const packed = row[column];
  if (typeof packed === 'string') return packed;
  if (!(packed instanceof Uint8Array) || packed.length !== uuidBytes) throw corrupt(column);
  return uuidOf(packed);
}

const uuidText = Buffer.alloc(uuidLength, dash);

// Written whole and then read: a text put together of slices stays in its pieces, which take eight times the memory.
function uuidOf(bytes: Uint8Array): string {
  let at = 0;
  for (const byte of bytes) {
    if (isDashPlace(at)) at += 1;
    uuidText[at] = digits[byte >> 4] ?? 0;
    uuidText[at + 1] = digits[byte & 15] ?? 0;
    at += 2;
  }
  return uuidText.toString('latin1');
}

function isDashPlace(at: number): boolean {
  return at === 8 || at === 13 || at === 18 || at === 23;
}

/** `~` stands for the id of the matching, with which most event ids begin; `=` for nothing. */
export function packEventId(eventId: string, matchingId: string): string {
  return eventId.startsWith(matchingId) ? `~${eventId.slice(matchingId.length)}` : `=${eventId}`;
}

function corrupt(column: string): ServiceError {
  return new ServiceError('record_corrupt', `sqlite: column ${column} holds what it must not`);
}

/** The value when `accepts` it; the one door from a row to a typed record. */
export function readAs<Value extends SQLOutputValue>(row: Row, column: string, accepts: (value: unknown) => value is Value): Value {
  const value = row[column];
  if (!accepts(value)) throw corrupt(column);
  return value;
}

export function readText(row: Row, column: string): string {
  const value = row[column];
  if (typeof value !== 'string') throw corrupt(column);
  return value;
}

export function readTextOrNull(row: Row, column: string): string | null {
  return row[column] === null ? null : readText(row, column);
}

export function readInteger(row: Row, column: string): number {
  const value = row[column];
  if (typeof value !== 'number') throw corrupt(column);
  return value;
}

export function readIntegerOrNull(row: Row, column: string): number | null {
  return row[column] === null ? null : readInteger(row, column);
}

// Ids were parsed before they were stored: what our own text columns hold needs no second parser.

export function readMatchingId(row: Row): MatchingId {
  return readText(row, 'matching_id') as MatchingId;
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

/** What each stored column of `matchings` takes from the record. */
const matchingValues = {
  uuid: (record) => packId(record.id),
  created_at: (record) => record.createdAt,
  matched_at: (record) => record.matchedAt,
  mentor_park_id: (record) => record.mentor?.parkId ?? null,
  mentor_driver_id: (record) => record.mentor?.driverId ?? null,
  newbie_park_id: (record) => record.newbie.parkId,
  newbie_driver_id: (record) => record.newbie.driverId,
  status: (record) => record.status,
  mentor_promocode: (record) => record.mentorPromocode,
  completed_at: (record) => record.completedAt,
  original_connected_dttm: (record) => record.originalConnectedAt,
  newbie_last_read_at: (record) => record.newbieLastReadAt,
  mentor_last_read_at: (record) => record.mentorLastReadAt,
  newbie_udid: (record) => record.newbieUdid,
  mentor_udid: (record) => record.mentorUdid,
  version: (record) => record.version,
  updated_at: (record) => record.updatedAt,
  epoch: (record) => record.epoch,
  status_since: (record) => record.statusSince,
} as const satisfies Readonly<Record<string, (record: MatchingRecord) => SQLInputValue>>;

type MatchingColumn = keyof typeof matchingValues;

export const matchingColumns = Object.keys(matchingValues) as readonly MatchingColumn[];
/** What a move or a read mark changes. Who takes part, and since when, stands in the others. */
export const movingColumns: readonly MatchingColumn[] = [
  'status', 'status_since', 'version', 'updated_at', 'mentor_promocode', 'completed_at', 'newbie_last_read_at', 'mentor_last_read_at',
];
export const matchColumns = matchingColumns.filter((column) => column !== 'uuid' && !movingColumns.includes(column));

/** The values of the record, in the order of the columns. */
export function valuesOfMatching(record: MatchingRecord, columns: readonly MatchingColumn[] = matchingColumns): SQLInputValue[] {
  return columns.map((column) => matchingValues[column](record));
}

export function matchingFrom(row: Row): MatchingRecord {
  return {
    id: readId(row, 'uuid') as MatchingId,
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
