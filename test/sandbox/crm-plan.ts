// What the simulated CRM writes, from what it reads: pure, with no memory but the tables themselves.
import { createHash } from 'node:crypto';
import type { EpochMs } from '../../machines/matching-record.ts';
import { fraction, matchDelayMs, mentorOrdinal, passes, promocodeDelayMs, promocodeHolder, rematchedOrdinal } from './script.ts';
import type { Cast, SeededPerson } from './seed.ts';
import { dayMs } from './world-clock.ts';

export interface Application {
  readonly newbie_key: string;
  readonly matching_id: string;
  readonly newbie_park_id: string;
  readonly newbie_driver_id: string;
  readonly requested_at: string;
}

export interface Connection {
  readonly newbie_park_id: string;
  readonly newbie_driver_id: string;
  readonly mentor_park_id: string;
  readonly mentor_driver_id: string;
  /** `YYYY-MM-DD HH:MM:SS`, UTC. */
  readonly connected_dttm: string;
}

export interface Scene {
  readonly cast: Cast;
  readonly now: EpochMs;
  /** From a match to its replacement, for the one newbie who gets another mentor. */
  readonly rematchAfterMs: number;
}

export type ResultRow = Readonly<Record<string, string | null>>;

export interface PromocodeRow {
  readonly entity_id: string;
  readonly promocode: string;
}

/** An application and the row that matched it. */
interface Match {
  readonly application: Application;
  readonly connection: Connection;
  readonly ordinal: number;
  readonly ageMs: number;
}

/** The whole new content of the distribution table; rows of the present one that nothing changes stay as they are. */
export function distribute(applications: readonly Application[], present: readonly Connection[], scene: Scene): Connection[] {
  const byNewbie = new Map(present.map((row) => [newbieOf(row), row]));
  for (const application of applications) {
    const next = connectionOf(application, byNewbie.get(newbieOf(application)) ?? null, scene);
    if (next !== null) byNewbie.set(newbieOf(next), next);
  }
  return [...byNewbie.values()];
}

function connectionOf(application: Application, present: Connection | null, scene: Scene): Connection | null {
  const ordinal = ordinalOf(application.newbie_key, scene.cast);
  if (present === null) {
    const isDue = scene.now >= Date.parse(application.requested_at) + matchDelayMs(application.newbie_key);
    return isDue ? connect(application, mentorFor(ordinal, false, scene.cast), scene.now) : null;
  }
  const isFirst = sameMentor(present, mentorFor(ordinal, false, scene.cast));
  const isReplaced = ordinal === rematchedOrdinal && isFirst && scene.now >= connectedAt(present) + scene.rematchAfterMs;
  return isReplaced ? connect(application, mentorFor(ordinal, true, scene.cast), scene.now) : present;
}

function connect(application: Application, mentor: SeededPerson, now: EpochMs): Connection {
  const [profile] = mentor.profiles;
  return {
    newbie_park_id: application.newbie_park_id,
    newbie_driver_id: application.newbie_driver_id,
    mentor_park_id: profile.parkId,
    mentor_driver_id: profile.driverId,
    connected_dttm: new Date(now).toISOString().slice(0, 19).replace('T', ' '),
  };
}

/** The whole content of the results table: 7-day figures of those a week in, 14-day figures of those two weeks in. */
export function resultsOf(applications: readonly Application[], connections: readonly Connection[], scene: Scene): ResultRow[] {
  return matches(applications, connections, scene)
    .filter((match) => match.ageMs >= 7 * dayMs)
    .map((match) => figuresOf(match.application.newbie_key, match));
}

function figuresOf(key: string, { ordinal, ageMs }: Match): ResultRow {
  const isPassing = passes(ordinal);
  const isFull = ageMs >= 14 * dayMs;
  const level = isPassing ? fraction(`level:${key}`) : 0;
  const inTwoWeeks = (value: string): string | null => (isFull ? value : null);
  return {
    udid: key,
    rate_avg_7d: (4.6 + 0.3 * level).toFixed(2),
    rate_avg_14d: inTwoWeeks((4.65 + 0.34 * level).toFixed(2)),
    avg_dp_7d: (70 + 25 * level).toFixed(1),
    avg_dp_14d: inTwoWeeks((72 + 26 * level).toFixed(1)),
    sh_7d: (isPassing ? 24 + 20 * level : 6).toFixed(1),
    sh_14d: inTwoWeeks((isPassing ? 50 + 40 * level : 9).toFixed(1)),
    correct_answers: inTwoWeeks(String(isPassing ? 8 + Math.round(2 * level) : 3)),
    passed_test_flg: inTwoWeeks(isPassing ? '1' : '0'),
  };
}

/** Codes by the UTC date of their table. A day's table is published when the day is over, and is complete from the start. */
export function promocodesOf(
  applications: readonly Application[],
  connections: readonly Connection[],
  scene: Scene,
): Map<string, PromocodeRow[]> {
  const today = dateOf(scene.now);
  const byDate = new Map<string, PromocodeRow[]>();
  for (const match of matches(applications, connections, scene)) {
    const date = dateOf(connectedAt(match.connection) + promocodeDelayMs(match.application.newbie_key));
    if (date >= today || !passes(match.ordinal)) continue;
    byDate.set(date, [...(byDate.get(date) ?? []), promocodeOf(match)]);
  }
  return byDate;
}

function promocodeOf({ application, connection, ordinal }: Match): PromocodeRow {
  const forNewbie = `${application.newbie_park_id}_${application.newbie_driver_id}`;
  const forMentor = `${connection.mentor_park_id}_${connection.mentor_driver_id}`;
  const digest = createHash('sha256').update(`code:${application.matching_id}`).digest('hex').slice(0, 8).toUpperCase();
  return { entity_id: promocodeHolder(ordinal) === 'mentor' ? forMentor : forNewbie, promocode: `MENTOR-${digest}` };
}

function matches(applications: readonly Application[], connections: readonly Connection[], scene: Scene): Match[] {
  const byNewbie = new Map(connections.map((row) => [newbieOf(row), row]));
  return applications.flatMap((application) => {
    const connection = byNewbie.get(newbieOf(application));
    if (connection === undefined) return [];
    const ordinal = ordinalOf(application.newbie_key, scene.cast);
    return [{ application, connection, ordinal, ageMs: scene.now - connectedAt(connection) }];
  });
}

/** Strangers to the seed are given a number too, so that anybody who enrols is served. */
function ordinalOf(key: string, { newbies }: Cast): number {
  const known = newbies.find((person) => person.udid === key);
  return known?.ordinal ?? newbies.length + Math.floor(fraction(`stranger:${key}`) * 1_000);
}

function mentorFor(ordinal: number, isRematched: boolean, { mentors }: Cast): SeededPerson {
  const mentor = mentors[mentorOrdinal(ordinal, isRematched) % mentors.length];
  if (mentor === undefined) throw new RangeError('the cast has no mentors');
  return mentor;
}

function sameMentor(row: Connection, mentor: SeededPerson): boolean {
  return mentor.profiles.some(({ parkId, driverId }) => parkId === row.mentor_park_id && driverId === row.mentor_driver_id);
}

function newbieOf(row: { readonly newbie_park_id: string; readonly newbie_driver_id: string }): string {
  return `${row.newbie_park_id}_${row.newbie_driver_id}`;
}

function connectedAt({ connected_dttm: text }: Connection): EpochMs {
  return Date.parse(`${text.replace(' ', 'T')}Z`);
}

function dateOf(at: EpochMs): string {
  return new Date(at).toISOString().slice(0, 10);
}
