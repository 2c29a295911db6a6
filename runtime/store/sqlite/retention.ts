// What replication and archiving ask of SQLite: pages of changed rows, whole bundles, and forgetting them.
import { z } from 'zod';
import { profileKey, type MatchingId } from '../../../machines/ids.ts';
import type { EpochMs, MatchingRecord } from '../../../machines/matching-record.ts';
import type { ArchivableFilter, ArchivedMatching, MatchingBundle, Retention, RetiredResultRecord, Tombstone } from '../../retention.ts';
import { ServiceError } from '../../errors.ts';
import type { Lease } from '../../lock.ts';
import type { Page, PageRequest, ResultRecord, TransitionRecord } from '../../store.ts';
import { matchingFrom, packId, readId, readInteger, readMatchingId, readText } from './columns.ts';
import type { Row } from './database.ts';
import { assertLease } from './leases.ts';
import { selectedMatching, selectedTransition, selectMatchings, selectTransitions, transitionFrom } from './matchings.ts';
import { decodeCursor, first, oldestFirst, pageOf, type Position, positionOf } from './paging.ts';
import { figureColumns, resultFrom, resultSql, selectResults } from './results.ts';
import type { Session } from './session.ts';
import type { Access } from './tasks.ts';

const transitionOfChanged = qualified('t', selectedTransition);
const resultOfChanged = qualified('r', `matching, newbie_park_id, newbie_driver_id, ${figureColumns}, updated_at`);

function qualified(table: string, columns: string): string {
  return columns.split(', ').map((column) => `${table}.${column}`).join(', ');
}

export const retentionSql = {
  changedMatchings: `SELECT ${selectedMatching} FROM matchings WHERE updated_at >= ? AND (updated_at, seq) > (?, ?)
    ORDER BY updated_at, seq LIMIT ?`,
  // Moves and figures are stored together with the moment of their matching, whose index finds them: they need none of their own.
  changedTransitions: `SELECT ${transitionOfChanged}, m.updated_at AS changed_at, m.seq AS place
    FROM matchings m CROSS JOIN status_transitions t ON t.matching = m.uuid
    WHERE m.updated_at >= ?1 AND t.created_at >= ?1
    AND (m.updated_at, m.seq) >= (?2, ?3) AND (m.updated_at, m.seq, t.version) > (?2, ?3, ?4)
    ORDER BY m.updated_at, m.seq, t.version LIMIT ?5`,
  changedResults: `SELECT ${resultOfChanged}, m.updated_at AS changed_at, m.seq AS place
    FROM matchings m CROSS JOIN results r ON r.matching = m.uuid
    WHERE m.updated_at >= ?1 AND r.updated_at >= ?1 AND (m.updated_at, m.seq) > (?2, ?3) ORDER BY m.updated_at, m.seq LIMIT ?4`,
  tombstones: `SELECT seq, matching_id, transition_ids, deleted_at FROM tombstones WHERE deleted_at >= ? AND (deleted_at, seq) > (?, ?)
    ORDER BY deleted_at, seq LIMIT ?`,
  // A final status is entered at completion: the index by status and its moment serves completions too.
  archivable: `SELECT uuid, seq, status_since FROM matchings WHERE status = ?1 AND status_since < ?2 AND completed_at < ?2
    AND (status_since, seq) > (?3, ?4) ORDER BY status_since, seq LIMIT ?5`,
  history: `SELECT epoch, matching, newbie_park_id, newbie_driver_id, ${figureColumns}, updated_at FROM results_history
    WHERE matching = ? ORDER BY epoch`,
  waiting: 'SELECT count(*) AS matchings FROM matchings WHERE status = ? AND status_since < ?',
  bury: 'INSERT INTO tombstones (matching, matching_id, transition_ids, deleted_at) VALUES (?, ?, ?, ?)',
  dropTombstones: 'DELETE FROM tombstones WHERE deleted_at < ?',
  forgetTransitions: 'DELETE FROM status_transitions WHERE matching = ?',
  forgetHistory: 'DELETE FROM results_history WHERE matching = ?',
  forgetAnnouncements: 'DELETE FROM announcements WHERE matching = ?',
  forgetKeys: 'DELETE FROM idempotency_keys WHERE matching = ?',
  forgetOtherGuards: 'DELETE FROM other_guards WHERE matching = ?',
  forgetTasks: 'DELETE FROM tasks WHERE matching_id = ?',
  forgetGuard: 'DELETE FROM persons WHERE person = ? AND matching = ?',
  otherGuards: 'SELECT person FROM other_guards WHERE matching = ?',
  forgetMatching: 'DELETE FROM matchings WHERE uuid = ?',
} as const;

export function retentionOf({ read, write }: Access): Retention {
  return {
    changedMatchings: (since, page) => read((session) => changedMatchings(session, since, page)),
    changedTransitions: (since, page) => read((session) => changedTransitions(session, since, page)),
    changedResults: (since, page) => read((session) => changedResults(session, since, page)),
    tombstones: (since, page) => read((session) => selectTombstones(session, since, page)),
    archivable: (filter, page) => read((session) => selectArchivable(session, filter, page)),
    bundles: (ids) => read((session) => selectBundles(session, ids)),
    forget: (archived, lease) => write((session) => forget(session, archived, lease)),
    dropTombstones: (before, lease) => write((session) => dropTombstones(session, before, lease)),
    countWaiting: (status, since) => read((session) => readInteger(session.get(retentionSql.waiting, status, since) ?? {}, 'matchings')),
  };
}

/** Not before all rows: of the two lower bounds the index seeks by the position. */
function beginning(since: EpochMs): Position {
  return [since, first];
}

function changedMatchings(session: Session, since: EpochMs, page: PageRequest): Page<MatchingRecord> {
  const rows = session.all(retentionSql.changedMatchings, since, ...positionOf(page, beginning(since)), page.limit + 1);
  return pageOf(rows, page.limit, matchingFrom, (row) => [readInteger(row, 'updated_at'), readInteger(row, 'seq')]);
}

const moveCursor = z.tuple([z.int(), z.int(), z.int()]);

function changedTransitions(session: Session, since: EpochMs, page: PageRequest): Page<TransitionRecord> {
  const position = page.cursor === null ? [since, first, first] : decodeCursor(page.cursor, moveCursor);
  const rows = session.all(retentionSql.changedTransitions, since, ...position, page.limit + 1);
  const placeOf = (row: Row): number[] => ['changed_at', 'place', 'version'].map((column) => readInteger(row, column));
  return pageOf(rows, page.limit, transitionFrom, placeOf);
}

function changedResults(session: Session, since: EpochMs, page: PageRequest): Page<ResultRecord> {
  const rows = session.all(retentionSql.changedResults, since, ...positionOf(page, beginning(since)), page.limit + 1);
  return pageOf(rows, page.limit, resultFrom, (row) => [readInteger(row, 'changed_at'), readInteger(row, 'place')]);
}

function selectTombstones(session: Session, since: EpochMs, page: PageRequest): Page<Tombstone> {
  const rows = session.all(retentionSql.tombstones, since, ...positionOf(page, beginning(since)), page.limit + 1);
  return pageOf(rows, page.limit, tombstoneFrom, (row) => [readInteger(row, 'deleted_at'), readInteger(row, 'seq')]);
}

const idsSchema = z.array(z.string());

function tombstoneFrom(row: Row): Tombstone {
  const ids = idsSchema.safeParse(JSON.parse(readText(row, 'transition_ids')));
  if (!ids.success) throw new ServiceError('record_corrupt', 'sqlite: column transition_ids holds what it must not');
  return { matchingId: readMatchingId(row), deletedAt: readInteger(row, 'deleted_at'), transitionIds: ids.data };
}

function selectArchivable(session: Session, { status, completedBefore }: ArchivableFilter, page: PageRequest): Page<MatchingId> {
  const rows = session.all(retentionSql.archivable, status, completedBefore, ...positionOf(page, oldestFirst), page.limit + 1);
  const idOf = (row: Row): MatchingId => readId(row, 'uuid') as MatchingId;
  return pageOf(rows, page.limit, idOf, (row) => [readInteger(row, 'status_since'), readInteger(row, 'seq')]);
}

function selectBundles(session: Session, ids: readonly MatchingId[]): MatchingBundle[] {
  return selectMatchings(session, ids).map((matching) => ({
    matching,
    transitions: selectTransitions(session, matching.id),
    results: selectResults(session, [matching.id])[0] ?? null,
    history: session.all(retentionSql.history, packId(matching.id)).map(retiredFrom),
  }));
}

function retiredFrom(row: Row): RetiredResultRecord {
  return { ...resultFrom(row), epoch: readInteger(row, 'epoch') };
}

function forget(session: Session, archived: readonly ArchivedMatching[], lease: Lease): MatchingId[] {
  assertLease(session, lease);
  const forgotten = archived.filter((state) => isStill(session, state));
  for (const { id } of forgotten) forgetOne(session, id);
  return forgotten.map(({ id }) => id);
}

function isStill(session: Session, { id, version, resultsUpdatedAt }: ArchivedMatching): boolean {
  const [matching] = selectMatchings(session, [id]);
  const [results] = selectResults(session, [id]);
  return matching?.version === version && (results?.updatedAt ?? null) === resultsUpdatedAt;
}

const rowsOfMatching = [
  retentionSql.forgetTransitions, resultSql.clear, retentionSql.forgetHistory, retentionSql.forgetAnnouncements, retentionSql.forgetKeys,
  retentionSql.forgetOtherGuards,
];

function forgetOne(session: Session, id: MatchingId): void {
  const packed = packId(id);
  const transitionIds = selectTransitions(session, id).map((transition) => transition.id);
  session.run(retentionSql.bury, packed, id, JSON.stringify(transitionIds), session.now);
  for (const guard of guardsOf(session, id)) session.run(retentionSql.forgetGuard, guard, packed);
  for (const sql of rowsOfMatching) session.run(sql, packed);
  session.run(retentionSql.forgetTasks, id);
  session.changes.changedMatching(id, null);
  session.run(retentionSql.forgetMatching, packed);
}

function guardsOf(session: Session, id: MatchingId): string[] {
  const own = selectMatchings(session, [id]).flatMap(({ newbie, newbieUdid }) => [newbieUdid ?? [], profileKey(newbie)].flat());
  return [...own, ...session.all(retentionSql.otherGuards, packId(id)).map((row) => readText(row, 'person'))];
}

function dropTombstones(session: Session, before: EpochMs, lease: Lease): number {
  assertLease(session, lease);
  return session.run(retentionSql.dropTombstones, before);
}
