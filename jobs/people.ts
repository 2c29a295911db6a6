// Expanding the profiles that CRM rows name into the people behind them.
import { profileKey, type Profile, type ProfileKey } from '../machines/ids.ts';
import type { DriverProfiles, Person } from '../runtime/upstream.ts';

export type PersonOf = (profile: Profile) => Person;

/** A profile that driver-profiles does not know is a person by itself. */
export async function expandPeople(driverProfiles: DriverProfiles, profiles: readonly Profile[], signal: AbortSignal): Promise<PersonOf> {
  const unique = uniqueProfiles(profiles);
  const linked = unique.length === 0 ? new Map<ProfileKey, Person>() : await driverProfiles.linked(unique, signal);
  return (profile) => linked.get(profileKey(profile)) ?? { udid: null, profiles: [profile] };
}

export function uniqueProfiles(profiles: readonly Profile[]): Profile[] {
  return [...new Map(profiles.map((profile) => [profileKey(profile), profile])).values()];
}
