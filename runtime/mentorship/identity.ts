// Who is calling: all profiles of the person behind the profile of the token, as driver-profiles knows them. Lists may use an
// answer up to a minute old; enrolment may not, because it decides whether the person already takes part.
import { LRUCache } from 'lru-cache';
import { type Profile, type ProfileKey, profileKey } from '../../machines/ids.ts';
import type { DriverProfiles, Person } from '../upstream.ts';
import { ageUpTo, type MemoryOptions } from './age.ts';
import { unlessDown, Upstream } from './degraded.ts';

const rememberMs = 60_000;
const mostPeople = 20_000;

export interface IdentifiedPerson extends Person {
  /** Not empty when driver-profiles is down and the profiles are an old answer or the caller's own profile alone. */
  readonly degraded: readonly Upstream[];
}

export interface Identity {
  /** With `fresh` the answer is driver-profiles' own of this moment, and its outage is thrown; without, it never throws for one. */
  identify(caller: Profile, options: { readonly fresh: boolean }, signal?: AbortSignal): Promise<IdentifiedPerson>;
}

export function createIdentity(
  driverProfiles: DriverProfiles,
  { clock = performance, random = Math.random, maxPeople = mostPeople }: MemoryOptions = {},
): Identity {
  const age = ageUpTo(rememberMs, random);
  // Entries past their age stay until they are crowded out: they are better than nothing while driver-profiles is down.
  const known = new LRUCache<ProfileKey, Person>({ max: maxPeople, ttl: rememberMs, ttlResolution: 0, noDeleteOnStaleGet: true, perf: clock });

  async function ask(caller: Profile, signal?: AbortSignal): Promise<Person> {
    const people = await driverProfiles.linked([caller], signal);
    const person = people.get(profileKey(caller)) ?? alone(caller);
    known.set(profileKey(caller), person, { ttl: age() });
    return person;
  }

  async function recent(caller: Profile, signal?: AbortSignal): Promise<IdentifiedPerson> {
    const remembered = known.get(profileKey(caller));
    if (remembered !== undefined) return { ...remembered, degraded: [] };
    const outdated = (): Person => known.get(profileKey(caller), { allowStale: true }) ?? alone(caller);
    const { value, degraded } = await unlessDown(Upstream.driver_profiles, () => ask(caller, signal), outdated);
    return { ...value, degraded };
  }

  return {
    identify: async (caller, { fresh }, signal) => (fresh ? { ...(await ask(caller, signal)), degraded: [] } : recent(caller, signal)),
  };
}

/** A driver whom driver-profiles does not know, or cannot be asked about. */
function alone(caller: Profile): Person {
  return { udid: null, profiles: [caller] };
}
