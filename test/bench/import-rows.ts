// The made-up people of the import bench: who is matched with whom, and since when.
import { parseMatchingId, parseProfile, type Profile } from '../../machines/ids.ts';
import type { MatchingRecord } from '../../machines/matching-record.ts';
import { Status } from '../../machines/status.ts';
import { rfc3339 } from '../../runtime/clock.ts';

const dayMs = 86_400_000;
/** The overlap of two imports is a day, so one row of a hundred is read again. */
export const spreadMs = 100 * dayMs;
const mentors = 1_000;

export interface Population {
  readonly rows: number;
  /** Date of the newest connection. */
  readonly newestAt: number;
}

function profileOf(index: number): Profile {
  const digits = index.toString(16);
  const profile = parseProfile(digits.padStart(32, 'a'), digits.padStart(32, 'b'));
  if (profile === null) throw new TypeError('the bench names a profile that is none');
  return profile;
}

function mentorOf({ rows }: Population, index: number): Profile {
  return profileOf(rows + (index % mentors));
}

/** Scattered over the table, as the rows of a table sorted by park would be. */
function connectedAt({ newestAt }: Population, index: number): number {
  return newestAt - ((index * 7_919_000) % spreadMs);
}

export function* connections(population: Population): Generator<Record<string, string>> {
  for (let index = 0; index < population.rows; index += 1) {
    const [newbie, mentor] = [profileOf(index), mentorOf(population, index)];
    yield {
      newbie_park_id: newbie.parkId, newbie_driver_id: newbie.driverId, mentor_park_id: mentor.parkId, mentor_driver_id: mentor.driverId,
      connected_dttm: rfc3339(connectedAt(population, index)),
    };
  }
}

/** One row of so many, of the odd ones, is malformed. */
export const faultEvery = 1_000;

const faults: readonly Readonly<Record<string, string>>[] = [
  { newbie_driver_id: '' }, { mentor_park_id: 'no id' }, { connected_dttm: '2026-02-30T00:00:00Z' }, { connected_dttm: 'soon' }, { connected_dttm: '1999-01-01T00:00:00Z' },
];

export function* connectionsWithFaults(population: Population): Generator<Record<string, string>> {
  let index = 0;
  for (const row of connections(population)) {
    index += 1;
    yield index % faultEvery === 0 ? { ...row, ...faults[(index / faultEvery) % faults.length] } : row;
  }
}

export function enrolled({ newestAt }: Population, index: number): MatchingRecord {
  const id = parseMatchingId(`00000000-0000-4000-8000-${index.toString(16).padStart(12, '0')}`);
  if (id === null) throw new TypeError('the bench names a matching that is none');
  const at = newestAt - spreadMs - dayMs;
  return {
    id, createdAt: at, updatedAt: at, version: 1, status: Status.requested, statusSince: at, epoch: 0, newbie: profileOf(index), newbieUdid: null,
    mentor: null, mentorUdid: null, matchedAt: null, originalConnectedAt: null, mentorPromocode: null, completedAt: null,
    newbieLastReadAt: null, mentorLastReadAt: null,
  };
}

/** As the import of row `index` leaves it, had it run at the moment of the newest connection. */
export function matched(population: Population, index: number): MatchingRecord {
  const now = population.newestAt;
  const match = { mentor: mentorOf(population, index), matchedAt: now, originalConnectedAt: connectedAt(population, index) };
  return { ...enrolled(population, index), ...match, status: Status.matched, statusSince: now, updatedAt: now, version: 2, epoch: 1 };
}
