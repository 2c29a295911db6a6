// Pages over matchings for jobs and operators. Rows come in index order, one status at a time, so a page costs what it shows.
import type { MatchingRecord } from '../../../machines/matching-record.ts';
import { type Status, statuses } from '../../../machines/status.ts';
import type { MatchingFilter, Page, PageRequest } from '../../store.ts';
import { matchingFrom, readInteger, readText } from './columns.ts';
import type { Row } from './database.ts';
import { distinctRows, rowsOfMentors, rowsOfNewbies, selectedMatching } from './matchings.ts';
import { last, newestFirst, oldestFirst, pageOf, type Position, positionOf } from './paging.ts';
import type { Session } from './session.ts';

export const listingSql = {
  matchedBefore: `SELECT ${selectedMatching} FROM matchings WHERE status = ? AND matched_at < ? AND (matched_at, seq) > (?, ?)
    ORDER BY matched_at, seq LIMIT ?`,
  inStatus: `SELECT ${selectedMatching} FROM matchings WHERE status = ? AND status_since < ? AND (status_since, seq) < (?, ?)
    ORDER BY status_since DESC, seq DESC LIMIT ?`,
  longestInStatus: `SELECT ${selectedMatching} FROM matchings WHERE status = ? ORDER BY status_since, seq LIMIT ? OFFSET ?`,
} as const;

export function selectMatchedBefore(session: Session, status: Status, before: number, page: PageRequest): Page<MatchingRecord> {
  const rows = session.all(listingSql.matchedBefore, status, before, ...positionOf(page, oldestFirst), page.limit + 1);
  return pageOf(rows, page.limit, matchingFrom, (row) => [readInteger(row, 'matched_at'), readInteger(row, 'seq')]);
}

export function selectLongestInStatus(session: Session, status: Status, { skip, limit }: { skip: number; limit: number }): MatchingRecord[] {
  return session.all(listingSql.longestInStatus, status, limit, skip).map(matchingFrom);
}

/** Latest status change first. */
export function listMatchings(session: Session, filter: MatchingFilter, page: PageRequest): Page<MatchingRecord> {
  const position = positionOf(page, newestFirst);
  const rows = filter.profiles === undefined
    ? rowsByStatus(session, filter, position, page.limit)
    : rowsOfProfile(session, filter, position);
  return pageOf(rows.sort(latestFirst).slice(0, page.limit + 1), page.limit, matchingFrom, placeOf);
}

// The page of the union is within the union of the pages.
function rowsByStatus(session: Session, filter: MatchingFilter, position: Position, limit: number): Row[] {
  const wanted = filter.statuses ?? statuses;
  const before = filter.inStatusSinceBefore ?? last;
  return wanted.flatMap((status) => session.all(listingSql.inStatus, status, before, ...position, limit + 1));
}

// One person's matchings are few: filtered here, not by an index of their own.
function rowsOfProfile(session: Session, filter: MatchingFilter, position: Position): Row[] {
  const { profiles = [], role } = filter;
  const asNewbie = role === 'mentor' ? [] : rowsOfNewbies(session, profiles);
  const asMentor = role === 'newbie' ? [] : rowsOfMentors(session, profiles);
  const both = distinctRows([...asNewbie, ...asMentor]);
  const before = filter.inStatusSinceBefore ?? last;
  return both.filter((row) =>
    (filter.statuses === undefined || filter.statuses.some((status) => readText(row, 'status') === status))
    && readInteger(row, 'status_since') < before
    && comparePlaces(placeOf(row), position) < 0);
}

function placeOf(row: Row): Position {
  return [readInteger(row, 'status_since'), readInteger(row, 'seq')];
}

function comparePlaces(a: Position, b: Position): number {
  return a[0] - b[0] || a[1] - b[1];
}

function latestFirst(a: Row, b: Row): number {
  return comparePlaces(placeOf(b), placeOf(a));
}
