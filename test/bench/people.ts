// The made-up drivers of the benches, with ids as long as the platform's, and the upstream services that know them, inside the process:
// what is measured is this service alone.
import { parseProfile, profileKey, parseUdid, type Profile, type ProfileKey } from '../../machines/ids.ts';
import type { Person, ProfileDetails, Upstreams } from '../../runtime/upstream.ts';

export function driver(index: number): Profile {
  const profile = parseProfile(`p${hex(index % 500)}`, `d${hex(index)}`);
  if (profile === null) throw new TypeError('the bench names a profile that is none');
  return profile;
}

export function personOf(profile: Profile): Person {
  return { udid: parseUdid(`u${profile.driverId.slice(1)}`), profiles: [profile] };
}

function detailsOf({ driverId }: Profile): ProfileDetails {
  const number = digitsOf(driverId);
  return { fullName: { lastName: 'Иванов', firstName: `Иван${number % 100}`, middleName: 'Иванович' }, phonePdId: driverId };
}

function digitsOf(driverId: string): number {
  return Number.parseInt(driverId.slice(1), 16) % 10_000_000;
}

function hex(index: number): string {
  return index.toString(16).padStart(31, '0');
}

export const upstreams: Upstreams = {
  driverProfiles: {
    linked: async (profiles) => byProfile(profiles, personOf),
    retrieve: async (profiles) => byProfile(profiles, detailsOf),
  },
  personal: { phones: async (ids) => new Map(ids.map((id) => [id, `+7999${String(digitsOf(id)).padStart(7, '0')}`])) },
  trackstory: { lastPosition: unasked },
  geobase: { cityAt: unasked, cityOfIp: unasked },
  fleetRent: { isRented: unasked },
  clientEvents: { push: unasked },
  close: async () => {},
};

function byProfile<Found>(profiles: readonly Profile[], find: (profile: Profile) => Found): Map<ProfileKey, Found> {
  return new Map(profiles.map((profile) => [profileKey(profile), find(profile)]));
}

async function unasked(): Promise<never> {
  throw new Error('no bench asks this upstream');
}
