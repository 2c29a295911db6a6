// The people of one world, with the truth about who is who. Each secret is a text that stands nowhere else, so that a search finds a leak.
import { parseProfile, parseUdid, profileKey, type Profile, type ProfileKey, type Udid } from '../../machines/ids.ts';
import type { Random } from './random.ts';

export interface SimPerson {
  readonly name: string;
  /** Null until driver-profiles learns it. */
  udid: Udid | null;
  readonly laterUdid: Udid;
  readonly profiles: readonly Profile[];
  readonly phone: string;
  readonly phonePdId: string;
  readonly lastName: string;
  readonly position: { readonly lat: number; readonly lon: number } | null;
  readonly ip: string | null;
  readonly rented: boolean;
}

export interface People {
  readonly newbies: readonly SimPerson[];
  readonly mentors: readonly SimPerson[];
  readonly strangers: readonly SimPerson[];
  readonly all: readonly SimPerson[];
  of(profile: Profile): SimPerson | null;
}

export function drawPeople(random: Random): People {
  const make = (kind: string, count: number): SimPerson[] => Array.from({ length: count }, (_, index) => person(random, `${kind}${index}`));
  const mentors = make('mentor', random.between(2, 3));
  const newbies = make('newbie', random.between(2, 4));
  // A mentor of some may be the newbie of another (A11).
  if (random.chance(0.25)) newbies.push(mentors[0] as SimPerson);
  const strangers = make('stranger', 1);
  const all = [...new Set([...newbies, ...mentors, ...strangers])];
  const byProfile = new Map<ProfileKey, SimPerson>(all.flatMap((one) => one.profiles.map((profile) => [profileKey(profile), one] as const)));
  return { newbies, mentors, strangers, all, of: (profile) => byProfile.get(profileKey(profile)) ?? null };
}

function person(random: Random, name: string): SimPerson {
  const unnamed = random.chance(0.12);
  const udid = parseUdid(`udid-${name}`) as Udid;
  const count = unnamed ? 1 : random.between(1, 3);
  const number = Buffer.from(name).reduce((sum, byte) => (sum * 31 + byte) % 1_000_000, 7);
  return {
    name,
    udid: unnamed ? null : udid,
    laterUdid: udid,
    profiles: Array.from({ length: count }, (_, index) => parseProfile(`park${index}`, `${name}-${index}`) as Profile),
    phone: `+7912${String(number).padStart(7, '0')}`,
    phonePdId: `pd-${name}`,
    lastName: `Секретов${name}`,
    position: random.chance(0.6) ? { lat: 55 + number / 1e7, lon: 37 + number / 1e7 } : null,
    ip: random.chance(0.5) ? `198.51.${number % 200}.${(number >> 8) % 200}` : null,
    rented: random.chance(0.5),
  };
}

/** What must never be found outside the YT application and the answer to a peer. */
export function secretsOf({ phone, lastName, position, ip }: SimPerson): string[] {
  return [phone.slice(1), lastName, ...(position === null ? [] : [String(position.lat), String(position.lon)]), ...(ip === null ? [] : [ip])];
}

/** As driver-profiles answers: who has no udid is linked with nobody. */
export function linkedOf(one: SimPerson): { readonly udid: Udid | null; readonly profiles: readonly Profile[] } {
  return { udid: one.udid, profiles: one.profiles };
}
