// Expanding the profiles that CRM rows name into the people behind them.
import { profileKey, type Profile, type ProfileKey } from '../machines/ids.ts';
import { asServiceError } from '../runtime/errors.ts';
import type { DriverProfiles, Person } from '../runtime/upstream.ts';

export interface People {
  /** A profile that driver-profiles does not know is a person by itself. */
  readonly personOf: (profile: Profile) => Person;
  /** Of whom driver-profiles says what cannot be read: it is not known whose profile it is. */
  readonly isUnreadable: (profile: Profile) => boolean;
}

/** Replies are halved until they can be read; when this many could not be, it is not some people that are at fault. */
const mostUnreadable = 40;

export async function expandPeople(driverProfiles: DriverProfiles, profiles: readonly Profile[], signal: AbortSignal): Promise<People> {
  const linked = new Map<ProfileKey, Person>();
  const unreadable = new Set<ProfileKey>();
  let failures = 0;
  const read = async (some: readonly Profile[]): Promise<void> => {
    if (some.length === 0) return;
    try {
      for (const [key, person] of await driverProfiles.linked(some, signal)) linked.set(key, person);
    } catch (error) {
      failures += 1;
      if (asServiceError(error).code !== 'upstream_reply_malformed' || failures > mostUnreadable) throw error;
      const half = Math.ceil(some.length / 2);
      if (half === some.length) for (const profile of some) unreadable.add(profileKey(profile));
      else for (const part of [some.slice(0, half), some.slice(half)]) await read(part);
    }
  };
  await read(uniqueProfiles(profiles));
  return {
    personOf: (profile) => linked.get(profileKey(profile)) ?? { udid: null, profiles: [profile] },
    isUnreadable: (profile) => unreadable.has(profileKey(profile)),
  };
}

export function uniqueProfiles(profiles: readonly Profile[]): Profile[] {
  return [...new Map(profiles.map((profile) => [profileKey(profile), profile])).values()];
}
