// The people of the sandbox, made up by number: the same number is always the same person, so a restarted world knows its drivers.
import { createHash } from 'node:crypto';
import { parseProfile, parseUdid, type Profile, type Udid } from '../../machines/ids.ts';
import { addressIn, cities, type SandboxCity } from './cities.ts';
import { fullName, type FullName } from './names.ts';

/** What the platform can tell about where a person is. */
export type Whereabouts = 'gps' | 'ip' | 'nothing';

export interface SeededPerson {
  /** Number among the newbies or among the mentors. */
  readonly ordinal: number;
  readonly name: FullName;
  readonly udid: Udid;
  /** E.164, in a range given to nobody. */
  readonly phone: string;
  readonly phonePdId: string;
  /** The first is the one the person mostly works with. */
  readonly profiles: readonly [Profile, ...Profile[]];
  readonly city: SandboxCity;
  readonly whereabouts: Whereabouts;
  /** Address of the last login; null unless `whereabouts` is `ip`. */
  readonly ip: string | null;
  readonly isRented: boolean;
}

export interface Cast {
  readonly newbies: readonly SeededPerson[];
  readonly mentors: readonly SeededPerson[];
}

/** A mentor takes up to this many newbies. */
export const newbiesPerMentor = 3;
/** Phone numbers of the two roles do not meet below this many newbies. */
export const maxNewbies = 5_000;

const parkCount = 5;
const newbieProfiles = [1, 2, 1, 1, 3, 1, 2, 1] as const;
const mentorProfiles = [2, 1, 1, 3] as const;
const whereaboutsCycle: readonly Whereabouts[] = ['gps', 'gps', 'ip', 'gps', 'nothing', 'gps', 'gps', 'ip'];

/** The first `drivers` newbies, who are the same for every number of them, and the mentors they need (never fewer than two). */
export function people(drivers: number): Cast {
  if (drivers > maxNewbies) throw new RangeError(`the sandbox has names for ${maxNewbies} newbies at most`);
  const mentors = Math.max(2, Math.ceil(drivers / newbiesPerMentor));
  return {
    newbies: Array.from({ length: drivers }, (_, ordinal) => newbie(ordinal)),
    mentors: Array.from({ length: mentors }, (_, ordinal) => mentor(ordinal)),
  };
}

function newbie(ordinal: number): SeededPerson {
  const whereabouts = cycled(whereaboutsCycle, ordinal);
  return person({ role: 'newbie', ordinal, profileCount: cycled(newbieProfiles, ordinal), whereabouts, nameNumber: ordinal });
}

function mentor(ordinal: number): SeededPerson {
  const profileCount = cycled(mentorProfiles, ordinal);
  return person({ role: 'mentor', ordinal, profileCount, whereabouts: 'gps', nameNumber: maxNewbies + ordinal });
}

interface Sketch {
  readonly role: 'newbie' | 'mentor';
  readonly ordinal: number;
  readonly profileCount: number;
  readonly whereabouts: Whereabouts;
  readonly nameNumber: number;
}

function person({ role, ordinal, profileCount, whereabouts, nameNumber }: Sketch): SeededPerson {
  const key = `${role}:${ordinal}`;
  const city = cycled(cities, Math.floor(ordinal / 2));
  const [first, ...others] = Array.from({ length: profileCount }, (_, number) => profileOf(key, ordinal, number));
  const udid = parseUdid(opaqueId(`udid:${key}`, 24));
  if (first === undefined || udid === null) throw new TypeError('a seeded person has an identity');
  return {
    ordinal,
    name: fullName(nameNumber),
    udid,
    phone: `+7999000${String(nameNumber % 10_000).padStart(4, '0')}`,
    phonePdId: opaqueId(`phone:${key}`, 32),
    profiles: [first, ...others],
    city,
    whereabouts,
    ip: whereabouts === 'ip' ? addressIn(city, ordinal) : null,
    isRented: ordinal % 3 !== 1,
  };
}

function profileOf(key: string, ordinal: number, number: number): Profile {
  const park = opaqueId(`park:${(ordinal + number) % parkCount}`, 32);
  const profile = parseProfile(park, opaqueId(`driver:${key}:${number}`, 32));
  if (profile === null) throw new TypeError('a seeded profile has well-formed ids');
  return profile;
}

function opaqueId(of: string, length: number): string {
  return createHash('sha256').update(of).digest('hex').slice(0, length);
}

function cycled<Item>(list: readonly Item[], at: number): Item {
  const item = list[at % list.length];
  if (item === undefined) throw new RangeError('an empty list has nothing to cycle through');
  return item;
}
