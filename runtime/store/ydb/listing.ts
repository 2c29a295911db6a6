// Pages over matchings for jobs and operators, one status at a time, so that a page costs what it shows.
import type { DriverId, ParkId, Profile } from '../../../machines/ids.ts';
import type { EpochMs, MatchingRecord } from '../../../machines/matching-record.ts';
import { type Status, statuses } from '../../../machines/status.ts';
import type { MatchingFilter, Page, PageRequest } from '../../store.ts';
import { bucketedList, pageOfList, type Place, positionOfRow, rowsAfter, sortRows } from './bucketed-page.ts';
import { bucketCount, perBucket } from './buckets.ts';
import { matchingFrom, matchingShape, readInteger, readText } from './columns.ts';
import { distinctKeys } from './matching-reads.ts';
import { comparePositions, newestFirst, pageOf, type Position, positionOf } from './paging.ts';
import { bind, type Part } from './query.ts';
import type { ReadSet } from './read-set.ts';
import type { Row } from './values.ts';

const columns = Object.keys(matchingShape).join(', ');

export const matchingLists = {
  matchedBefore: bucketedList({
    name: 'matched_before', table: 'matchings', view: 'by_matched', columns, equal: { status: 'Utf8' }, at: 'matched_at',
    descending: false, bounded: true,
  }),
  inStatus: bucketedList({
    name: 'in_status', table: 'matchings', view: 'by_status', columns, equal: { status: 'Utf8' }, at: 'status_since',
    descending: true, bounded: true,
  }),
} as const;

export const longestParts = {
  longest: {
    name: 'longest_in_status',
    parameters: { status: 'Utf8', page_limit: 'Uint64', skipped: 'Uint64' },
    body: perBucket((bucket) => `SELECT ${columns} FROM matchings VIEW by_status WHERE bucket = ${bucket} AND status = $status
ORDER BY bucket, status, status_since, seq, id LIMIT $page_limit OFFSET $skipped;`),
    sets: bucketCount,
  },
} as const satisfies Record<string, Part>;

/** Up to here the rows to skip are read and left out; beyond, each bucket skips its share. */
const exactSkip = 400;

export async function longestInStatus(
  reads: ReadSet,
  status: Status,
  { skip, limit }: { readonly skip: number; readonly limit: number },
): Promise<MatchingRecord[]> {
  const exact = skip <= exactSkip;
  const skipped = exact ? 0 : Math.floor(skip / bucketCount);
  const { parts } = await reads.query([bind(longestParts.longest, { status, skipped, page_limit: exact ? skip + limit : limit })]);
  const rows = sortRows((parts[0] ?? []).flat(), { at: 'status_since', descending: false });
  // Ids fall evenly into buckets: what all of them show at their share of the way lies around the place sought.
  const from = exact ? skip : Math.max(0, Math.floor((rows.length - limit) / 2));
  return rows.slice(from, from + limit).map(matchingFrom);
}

export function matchedBefore(reads: ReadSet, status: Status, before: EpochMs, page: PageRequest): Promise<Page<MatchingRecord>> {
  return pageOfList(reads, matchingLists.matchedBefore, { values: { status, before }, page }, matchingFrom);
}

/** Latest status change first. */
export async function listMatchings(reads: ReadSet, filter: MatchingFilter, page: PageRequest): Promise<Page<MatchingRecord>> {
  const position = positionOf(page, newestFirst);
  const rows = filter.profiles === undefined
    ? await rowsByStatus(reads, filter, { position, limit: page.limit })
    : await rowsOfProfile(reads, filter, position);
  const list = matchingLists.inStatus;
  return pageOf(sortRows(rows, list).slice(0, page.limit + 1), page.limit, matchingFrom, (row) => positionOfRow(row, list));
}

export async function selectProfilesOfDriver(reads: ReadSet, driverId: DriverId): Promise<Profile[]> {
  const key = [{ driver_id: driverId }];
  const [asNewbie, asMentor] = await Promise.all([reads.load('parksOfNewbie', key), reads.load('parksOfMentor', key)]);
  const parks = [...asNewbie.map((row) => readText(row, 'newbie_park_id')), ...asMentor.map((row) => readText(row, 'mentor_park_id'))];
  return [...new Set(parks)].sort().map((parkId) => ({ parkId: parkId as ParkId, driverId }));
}

// The page of the union is within the union of the pages.
async function rowsByStatus(reads: ReadSet, filter: MatchingFilter, place: Place): Promise<Row[]> {
  const wanted = filter.statuses ?? statuses;
  const before = filter.inStatusSinceBefore ?? Number.MAX_SAFE_INTEGER;
  const pages = await Promise.all(wanted.map((status) => rowsAfter(reads, matchingLists.inStatus, { status, before }, place)));
  return pages.flat();
}

// One person's matchings are few: filtered here, not by an index of their own.
async function rowsOfProfile(reads: ReadSet, filter: MatchingFilter, position: Position): Promise<Row[]> {
  const keys = distinctKeys(filter.profiles ?? []);
  const wanted = (['newbies', 'mentors'] as const).filter((side) => filter.role === undefined || side === `${filter.role}s`);
  const sides = await Promise.all(wanted.map((side) => reads.load(side, keys)));
  const both = new Map(sides.flat().map((row) => [readText(row, 'id'), row]));
  const before = filter.inStatusSinceBefore ?? Number.MAX_SAFE_INTEGER;
  return [...both.values()].filter((row) =>
    (filter.statuses === undefined || filter.statuses.some((status) => readText(row, 'status') === status))
    && readInteger(row, 'status_since') < before
    && comparePositions(positionOfRow(row, matchingLists.inStatus), position) < 0);
}
