// What the store port reads, over the tables in memory. A run holds dozens of rows: all of them are looked at.
import { z } from 'zod';
import { type MatchingId, type Profile, profileKey, sameProfile } from '../../../machines/ids.ts';
import type { MatchingRecord } from '../../../machines/matching-record.ts';
import { statuses, visibleStatuses, type Status } from '../../../machines/status.ts';
import type { DialogRecord, MatchingFilter, MatchingReads, OperatorActionRecord, PageRequest, StoreReads } from '../../../runtime/store.ts';
import { decodeCursor, pageOf } from '../../../runtime/store/sqlite/paging.ts';
import type { Session } from './access.ts';
import { compare, pageBy } from './listing.ts';
import type { Numbered } from './tables.ts';
import { taskView } from './tasks.ts';

type Run = <Result>(query: (session: Session) => Result) => Promise<Result>;

export function matchingReads(run: Run): MatchingReads {
  return {
    now: () => run((session) => session.now),
    matchings: (ids) => run((session) => matchingsOf(session, ids)),
    matchingsOfNewbies: (profiles) => run(({ tables }) => tables.rows('matchings').filter(({ newbie }) => isOneOf(profiles, newbie))),
    matchingsOfMentors: (profiles) => run(({ tables }) => tables.rows('matchings').filter(({ mentor }) => isOneOf(profiles, mentor))),
    results: (ids) => run(({ tables }) => [...new Set(ids)].flatMap((id) => tables.get('results', id) ?? [])),
    transitions: (id) => run(({ tables }) => [...(tables.get('transitions', id) ?? [])]),
    announcements: (id) => run((session) => announcementsOf(session, id)),
    matchingOfPerson: (person) => run(({ tables }) => tables.get('persons', person)),
    matchingOfIdempotencyKey: (key) => run(({ tables }) => tables.get('keys', key)),
    pendingPromocodes: (page) => run((session) => pendingPromocodes(session, page)),
    jobState: (name) => run(({ tables }) => tables.get('states', name)),
  };
}

export function storeReads(run: Run): StoreReads {
  return {
    ...matchingReads(run),
    contacts: ({ profiles, hideAfterMs }) => run((session) => {
      const shown = ({ completedAt }: MatchingRecord): boolean => completedAt === null || session.now - completedAt < hideAfterMs;
      const all = session.tables.rows('matchings');
      const asNewbie = all.filter(({ newbie }) => isOneOf(profiles, newbie)).sort((a, b) => b.createdAt - a.createdAt || byId(a, b));
      const visible = all.filter((record) => isOneOf(profiles, record.newbie) || isOneOf(profiles, record.mentor))
        .filter((record) => visibleStatuses.includes(record.status) && shown(record));
      const newestFirst = visible.sort((a, b) => (b.matchedAt ?? 0) - (a.matchedAt ?? 0) || byId(a, b));
      return { dialogs: newestFirst.map((record) => dialogOf(session, record)), participation: asNewbie.find(shown) ?? null };
    }),
    dialog: (id) => run((session) => {
      const record = session.tables.get('matchings', id);
      return record === null ? null : dialogOf(session, record);
    }),
    matchedBefore: (status, before, page) => run((session) => {
      const found = ({ row }: Numbered<MatchingRecord>): boolean => row.status === status && row.matchedAt !== null && row.matchedAt < before;
      return pageBy(session, { table: 'matchings', found, moment: (row) => row.matchedAt ?? 0, newest: false }, page);
    }),
    listMatchings: (filter, page) => run((session) => {
      const found = ({ row }: Numbered<MatchingRecord>): boolean => isListed(row, filter);
      return pageBy(session, { table: 'matchings', found, moment: (row) => row.statusSince, newest: true }, page);
    }),
    longestInStatus: (status, { skip, limit }) => run(({ tables }) => {
      const present = tables.rows('matchings').filter((row) => row.status === status);
      return present.sort((a, b) => a.statusSince - b.statusSince).slice(skip, skip + limit);
    }),
    profilesOfDriver: (driverId) => run(({ tables }) => {
      const sides = tables.rows('matchings').flatMap(({ newbie, mentor }) => (mentor === null ? [newbie] : [newbie, mentor]));
      return [...new Map(sides.filter((one) => one.driverId === driverId).map((one) => [profileKey(one), one])).values()];
    }),
    funnel: () => run((session) => Object.fromEntries(statuses.map((status) => [status, countsOf(session, status)])) as never),
    jobRuns: ({ job }, page) => run((session) =>
      pageBy(session, { table: 'runs', found: ({ row }) => job === undefined || row.job === job, moment: (row) => row.startedAt, newest: true }, page)),
    rejects: ({ source }, page) => run((session) =>
      pageBy(session, { table: 'rejects', found: ({ row }) => source === undefined || row.source === source, moment: (row) => row.firstSeenAt, newest: true }, page)),
    operatorActions: ({ matchingId }, page) => run((session) => {
      const found = ({ row }: Numbered<OperatorActionRecord>): boolean => matchingId === undefined || row.matchingId === matchingId;
      return pageBy(session, { table: 'actions', found, moment: (row) => row.at, newest: true }, page);
    }),
    tasksOfMatching: (id) => run(({ tables }) => tables.rows('tasks').filter(({ matchingId }) => matchingId === id).map(taskView)),
  };
}

export function matchingsOf({ tables }: Session, ids: readonly MatchingId[]): MatchingRecord[] {
  return [...new Set(ids)].flatMap((id) => tables.get('matchings', id) ?? []);
}

function isOneOf(profiles: readonly Profile[], profile: Profile | null): boolean {
  return profile !== null && profiles.some((one) => sameProfile(one, profile));
}

function byId(a: MatchingRecord, b: MatchingRecord): number {
  return a.id < b.id ? -1 : 1;
}

function dialogOf({ tables }: Session, matching: MatchingRecord): DialogRecord {
  const transitions = (tables.get('transitions', matching.id) ?? []).filter(({ epoch, from }) => epoch === matching.epoch || from === null);
  return { matching, transitions, results: tables.get('results', matching.id) };
}

function announcementsOf({ tables }: Session, id: MatchingId) {
  const key = (value: string | number): string => String(value).padStart(16, '0');
  const place = (one: ReturnType<typeof tables.rows<'announcements'>>[number]): string =>
    `${key(one.epoch)} ${key(one.acceptedAt)} ${one.event} ${one.recipient}`;
  return tables.rows('announcements').filter(({ matchingId }) => matchingId === id).sort((a, b) => (place(a) < place(b) ? -1 : 1));
}

function isListed(row: MatchingRecord, { statuses: wanted, profiles, role, inStatusSinceBefore }: MatchingFilter): boolean {
  if (wanted !== undefined && !wanted.includes(row.status)) return false;
  if (inStatusSinceBefore !== undefined && row.statusSince >= inStatusSinceBefore) return false;
  if (profiles === undefined) return true;
  return (role !== 'mentor' && isOneOf(profiles, row.newbie)) || (role !== 'newbie' && isOneOf(profiles, row.mentor));
}

function countsOf({ tables }: Session, status: Status) {
  const present = tables.rows('matchings').filter((row) => row.status === status);
  const oldestSince = present.length === 0 ? null : Math.min(...present.map(({ statusSince }) => statusSince));
  return { reached: tables.get('reached', status) ?? 0, present: present.length, oldestSince };
}

function pendingPromocodes({ tables }: Session, page: PageRequest) {
  const position = z.tuple([z.int(), z.string(), z.string()]);
  const after = page.cursor === null ? null : decodeCursor(page.cursor, position);
  const placeOf = (row: { firstSeenAt: number; entity: string; promocode: string }): readonly [number, string, string] =>
    [row.firstSeenAt, row.entity, row.promocode];
  const rows = tables.rows('pending').sort((a, b) => compare(placeOf(a), placeOf(b)));
  const rest = after === null ? rows : rows.filter((row) => compare(placeOf(row), after) > 0);
  return pageOf(rest, page.limit, (row) => row, placeOf);
}
