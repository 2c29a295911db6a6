// The reads that a transaction shares with the store, each from what was read and, over it, what the transaction will write.
// Not laid over: pages of pending promocodes, which inside a transaction must be read before promocodes are written.
import { type MatchingId, type Profile, sameProfile } from '../../../machines/ids.ts';
import type { MatchingRecord } from '../../../machines/matching-record.ts';
import { programmeTime, type Timescale } from '../../clock.ts';
import { ServiceError } from '../../errors.ts';
import type { AnnouncementRecord, MatchingReads, ResultRecord, TransitionRecord } from '../../store.ts';
import { readMatchingId, readText, storedMatchingFrom, transitionFrom, type StoredMatching } from './columns.ts';
import { promocodePage } from './promocodes.ts';
import type { ReadSet } from './read-set.ts';
import { announcementFrom, resultFrom } from './result-columns.ts';
import type { Fields } from './values.ts';
import type { Writes } from './writes.ts';

/** One transaction or one snapshot. */
export interface Sight {
  readonly reads: ReadSet;
  readonly writes: Writes;
  readonly timescale: Timescale;
}

export function matchingReads(sight: Sight): MatchingReads {
  const { reads, writes } = sight;
  return {
    now: () => programmeNow(sight),
    matchings: async (ids) => (await storedMatchings(sight, ids)).map(({ record }) => record),
    matchingsOfNewbies: (profiles) => ofSide(sight, 'newbies', profiles),
    matchingsOfMentors: (profiles) => ofSide(sight, 'mentors', profiles),
    results: (ids) => resultsOf(sight, ids),
    transitions: (id) => transitionsOf(sight, id),
    announcements: (id) => announcementsOf(sight, id),
    matchingOfPerson: async (person) => writes.persons.get(person) ?? (await firstMatching(reads, 'persons', { person })),
    matchingOfIdempotencyKey: async (key) => writes.keys.get(key) ?? (await firstMatching(reads, 'keys', { idempotency_key: key })),
    pendingPromocodes: async (page) => {
      const written = writes.promocodes.size + writes.takenPromocodes.size > 0;
      if (written) throw new ServiceError('internal', 'ydb: promocodes are read before they are written');
      return promocodePage(reads, page);
    },
    jobState: async (name) => writes.states.get(name) ?? (await stateOf(reads, name)),
  };
}

export async function programmeNow({ reads, timescale }: Sight): Promise<number> {
  return programmeTime(timescale, Number((await reads.nowMicros()) / 1_000n));
}

/** Each matching once, in the order of the first mention of its id; unknown ids are left out. */
export async function storedMatchings({ reads, writes }: Sight, ids: readonly MatchingId[]): Promise<StoredMatching[]> {
  const wanted = [...new Set(ids)];
  const stored = await matchingsBefore(reads, wanted.filter((id) => !writes.matchings.has(id)));
  return wanted.flatMap((id) => writes.matchings.get(id) ?? stored.get(id) ?? []);
}

/** As the database holds them, whatever the transaction will write. */
export async function matchingsBefore(reads: ReadSet, ids: readonly MatchingId[]): Promise<Map<MatchingId, StoredMatching>> {
  const rows = await reads.load('matchings', ids.map((id) => ({ id })));
  return new Map(rows.map((row) => [readMatchingId(row, 'id'), storedMatchingFrom(row)]));
}

async function ofSide({ reads, writes }: Sight, side: 'newbies' | 'mentors', profiles: readonly Profile[]): Promise<MatchingRecord[]> {
  const rows = await reads.load(side, distinctKeys(profiles));
  const found = new Map(rows.map((row) => [readMatchingId(row, 'id'), storedMatchingFrom(row)]));
  for (const [id, write] of writes.matchings) found.set(id, write);
  const records = [...found.values()].map(({ record }) => record);
  return records.filter(({ newbie, mentor }) => profiles.some((profile) => {
    const seat = side === 'newbies' ? newbie : mentor;
    return seat !== null && sameProfile(seat, profile);
  }));
}

export function distinctKeys(profiles: readonly Profile[]): Fields[] {
  const byKey = new Map(profiles.map(({ parkId, driverId }) => [`${parkId} ${driverId}`, { park_id: parkId, driver_id: driverId }]));
  return [...byKey.values()];
}

export async function resultsOf({ reads, writes }: Sight, ids: readonly MatchingId[]): Promise<ResultRecord[]> {
  const wanted = [...new Set(ids)];
  const rows = await reads.load('results', wanted.map((id) => ({ matching_id: id })));
  const stored = new Map(rows.map((row) => [readMatchingId(row), resultFrom(row)]));
  return wanted.flatMap((id) => (writes.results.has(id) ? writes.results.get(id) : stored.get(id)) ?? []);
}

async function transitionsOf({ reads, writes }: Sight, id: MatchingId): Promise<TransitionRecord[]> {
  const rows = await reads.load('transitions', [{ matching_id: id }]);
  const all = [...rows.map(transitionFrom), ...writes.transitions.filter(({ matchingId }) => matchingId === id)];
  return all.sort((a, b) => a.version - b.version);
}

export function announcementKey({ matchingId, epoch, event, recipient }: AnnouncementRecord): string {
  return [matchingId, epoch, event, recipient].join(' ');
}

async function announcementsOf({ reads, writes }: Sight, id: MatchingId): Promise<AnnouncementRecord[]> {
  const rows = await reads.load('announcements', [{ matching_id: id }]);
  const added = [...writes.announcements.values()].filter(({ matchingId }) => matchingId === id);
  // The first acceptance stays.
  const byKey = new Map([...added, ...rows.map(announcementFrom)].map((record) => [announcementKey(record), record]));
  return [...byKey.values()].sort(inOrderOfAcceptance);
}

function inOrderOfAcceptance(a: AnnouncementRecord, b: AnnouncementRecord): number {
  return a.epoch - b.epoch || a.acceptedAt - b.acceptedAt || (announcementKey(a) < announcementKey(b) ? -1 : 1);
}

async function firstMatching(reads: ReadSet, kind: 'persons' | 'keys', key: Fields): Promise<MatchingId | null> {
  const [row] = await reads.load(kind, [key]);
  return row === undefined ? null : readMatchingId(row);
}

async function stateOf(reads: ReadSet, name: string): Promise<string | null> {
  const [row] = await reads.load('states', [{ name }]);
  return row === undefined ? null : readText(row, 'value');
}
