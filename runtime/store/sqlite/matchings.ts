// Matchings with their transitions, the guard of one live matching per person, and the keys of repeated requests.
import type { DriverId, MatchingId, ParkId, PersonKey, Profile } from '../../../machines/ids.ts';
import type { MatchingRecord } from '../../../machines/matching-record.ts';
import { isEventType } from '../../../machines/events.ts';
import { isStatus, type Status } from '../../../machines/status.ts';
import type { TransitionRecord } from '../../store.ts';
import {
  matchColumns, matchingColumns, matchingFrom, movingColumns, packId, readAs, readId, readInteger, readIntegerOrNull, readText,
  readTextOrNull, valuesOfMatching,
} from './columns.ts';
import type { Row } from './database.ts';
import { Conflict } from './failure.ts';
import type { Session } from './session.ts';

/** What a read of `matchings` selects; `seq` breaks ties in keyset pages. */
export const selectedMatching = ['seq', ...matchingColumns].join(', ');
export const selectedTransition = 'uuid, matching, created_at, "from", "to", event, actor, epoch, version, reason';

export const matchingSql = {
  byId: `SELECT ${selectedMatching} FROM matchings WHERE uuid = ?`,
  byNewbie: `SELECT ${selectedMatching} FROM matchings WHERE newbie_driver_id = ? AND newbie_park_id = ?`,
  byMentor: `SELECT ${selectedMatching} FROM matchings WHERE mentor_driver_id = ? AND mentor_park_id = ?`,
  newbieParks: 'SELECT newbie_park_id AS park_id FROM matchings WHERE newbie_driver_id = ?',
  mentorParks: 'SELECT mentor_park_id AS park_id FROM matchings WHERE mentor_driver_id = ?',
  insert: `INSERT INTO matchings (${matchingColumns.join(', ')}) VALUES (${matchingColumns.map(() => '?').join(', ')})`,
  move: `UPDATE matchings SET ${assigned(movingColumns)} WHERE uuid = ? AND version = ?`,
  update: `UPDATE matchings SET ${assigned([...movingColumns, ...matchColumns])} WHERE uuid = ? AND version = ?`,
  transitions: `SELECT ${selectedTransition} FROM status_transitions WHERE matching = ? ORDER BY version`,
  insertTransition: `INSERT INTO status_transitions
    (uuid, matching, created_at, "from", "to", event, actor, epoch, version, reason) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  ofPerson: 'SELECT matching FROM persons WHERE person = ?',
  claimPerson: 'INSERT INTO persons (person, matching) VALUES (?, ?) ON CONFLICT (person) DO NOTHING',
  ofKey: 'SELECT matching FROM idempotency_keys WHERE idempotency_key = ?',
  rememberKey: `INSERT INTO idempotency_keys (idempotency_key, matching, created_at) VALUES (?, ?, ?)
    ON CONFLICT (idempotency_key) DO NOTHING`,
  counts: `SELECT reached, present, (SELECT min(status_since) FROM matchings WHERE status = ?1) AS oldest_since
    FROM status_counts WHERE status = ?1`,
} as const;

function assigned(columns: readonly string[]): string {
  return columns.map((column) => `${column} = ?`).join(', ');
}

/** Each matching once, in the order of the first mention of its id; unknown ids are left out. */
export function selectMatchings(session: Session, ids: readonly MatchingId[]): MatchingRecord[] {
  return [...new Set(ids)].flatMap((id) => session.all(matchingSql.byId, packId(id)).map(matchingFrom));
}

export function rowsOfNewbies(session: Session, profiles: readonly Profile[]): Row[] {
  return distinctRows(profiles.flatMap(({ parkId, driverId }) => session.all(matchingSql.byNewbie, driverId, parkId)));
}

export function rowsOfMentors(session: Session, profiles: readonly Profile[]): Row[] {
  return distinctRows(profiles.flatMap(({ parkId, driverId }) => session.all(matchingSql.byMentor, driverId, parkId)));
}

export function selectProfilesOfDriver(session: Session, driverId: DriverId): Profile[] {
  const rows = [...session.all(matchingSql.newbieParks, driverId), ...session.all(matchingSql.mentorParks, driverId)];
  return [...new Set(rows.map((row) => readText(row, 'park_id')))].sort().map((parkId) => ({ parkId: parkId as ParkId, driverId }));
}

/** A matching whose two sides are both asked for is found twice. */
export function distinctRows(rows: readonly Row[]): Row[] {
  return [...new Map(rows.map((row) => [readInteger(row, 'seq'), row])).values()];
}

export function insertMatching(session: Session, record: MatchingRecord): void {
  session.changes.changedMatching(record.id, record);
  session.changes.changedSides(record.newbie, record.mentor);
  session.run(matchingSql.insert, ...valuesOfMatching(record));
}

/** Nearly every change leaves the match as it is: its columns are named only where it does not, since SQLite writes each index over a named one anew. */
export function updateMatching(session: Session, next: MatchingRecord, stored: MatchingRecord): void {
  session.changes.changedMatching(next.id, next);
  const match = valuesOfMatching(next, matchColumns);
  const before = valuesOfMatching(stored, matchColumns);
  const key = [packId(next.id), stored.version];
  const moving = valuesOfMatching(next, movingColumns);
  const keepsMatch = match.every((value, place) => value === before[place]);
  if (!keepsMatch) session.changes.changedSides(next.newbie, next.mentor);
  const changed = keepsMatch
    ? session.run(matchingSql.move, ...moving, ...key)
    : session.run(matchingSql.update, ...moving, ...match, ...key);
  if (changed === 0) throw new Conflict('the matching has another version');
}

export function selectTransitions(session: Session, id: MatchingId): TransitionRecord[] {
  return session.all(matchingSql.transitions, packId(id)).map(transitionFrom);
}

export function insertTransition(session: Session, record: TransitionRecord): void {
  const { id, matchingId, createdAt, from, to, event, actor, epoch, version, reason } = record;
  session.run(matchingSql.insertTransition, packId(id), packId(matchingId), createdAt, from, to, event, actor, epoch, version, reason);
}

export function transitionFrom(row: Row): TransitionRecord {
  return {
    id: readId(row, 'uuid'),
    matchingId: readId(row, 'matching') as MatchingId,
    createdAt: readInteger(row, 'created_at'),
    from: row['from'] === null ? null : readAs(row, 'from', isStatus),
    to: readAs(row, 'to', isStatus),
    event: readAs(row, 'event', isEventType),
    actor: readText(row, 'actor'),
    epoch: readInteger(row, 'epoch'),
    version: readInteger(row, 'version'),
    reason: readTextOrNull(row, 'reason'),
  };
}

export function matchingOfPerson(session: Session, person: PersonKey): MatchingId | null {
  const row = session.get(matchingSql.ofPerson, person);
  return row === null ? null : (readId(row, 'matching') as MatchingId);
}

/** The same claim may be repeated; a claim of another matching is a lost race. */
export function claimPerson(session: Session, person: PersonKey, id: MatchingId): void {
  const claimed = session.run(matchingSql.claimPerson, person, packId(id)) > 0;
  if (!claimed && matchingOfPerson(session, person) !== id) throw new Conflict('the person is claimed by another matching');
}

export function matchingOfIdempotencyKey(session: Session, key: string): MatchingId | null {
  const row = session.get(matchingSql.ofKey, key);
  return row === null ? null : (readId(row, 'matching') as MatchingId);
}

/** The first matching of a key stays its matching; a second one is a lost race. */
export function rememberIdempotencyKey(session: Session, key: string, id: MatchingId): void {
  const remembered = session.run(matchingSql.rememberKey, key, packId(id), session.now) > 0;
  if (!remembered && matchingOfIdempotencyKey(session, key) !== id) throw new Conflict('the key belongs to another matching');
}

export interface StatusCount {
  readonly reached: number;
  readonly present: number;
  readonly oldestSince: number | null;
}

export function countStatus(session: Session, status: Status): StatusCount {
  const row = session.get(matchingSql.counts, status) ?? {};
  return {
    reached: readInteger(row, 'reached'),
    present: readInteger(row, 'present'),
    oldestSince: readIntegerOrNull(row, 'oldest_since'),
  };
}
