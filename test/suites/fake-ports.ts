// In-memory upstreams and a clock for tests of use cases: they keep the ports' contracts, note the calls and break down on request.
import { type Profile, type ProfileKey, profileKey, sameProfile } from '../../machines/ids.ts';
import type { EpochMs } from '../../machines/matching-record.ts';
import { ServiceError } from '../../runtime/errors.ts';
import type { DriverProfiles, Person, Personal, ProfileDetails } from '../../runtime/upstream.ts';

/** Elapsed or database time under a test's hand. It starts above zero, as lru-cache takes a zero start for "no age". */
export interface FakeClock {
  ms: EpochMs;
  now(): EpochMs;
}

export function fakeClock(ms: EpochMs = 1_000): FakeClock {
  return {
    ms,
    now() {
      return this.ms;
    },
  };
}

export interface FakeDriverProfiles extends DriverProfiles {
  people: Person[];
  details: Map<ProfileKey, ProfileDetails>;
  down: boolean;
  linkedCalls: number;
  retrieveCalls: ProfileKey[][];
}

export function fakeDriverProfiles(people: Person[] = []): FakeDriverProfiles {
  return {
    people,
    details: new Map(),
    down: false,
    linkedCalls: 0,
    retrieveCalls: [],
    async linked(profiles) {
      this.linkedCalls += 1;
      failWhenDown(this.down, 'driver-profiles');
      const personOf = (profile: Profile): Person[] => this.people.filter((person) => holds(person.profiles, profile));
      return new Map(profiles.flatMap((profile) => personOf(profile).map((person) => [profileKey(profile), person] as const)));
    },
    async retrieve(profiles) {
      const keys = profiles.map(profileKey);
      this.retrieveCalls.push(keys);
      failWhenDown(this.down, 'driver-profiles');
      return new Map([...this.details].filter(([key]) => keys.includes(key)));
    },
  };
}

export interface FakePersonal extends Personal {
  numbers: Map<string, string>;
  down: boolean;
  calls: string[][];
}

export function fakePersonal(): FakePersonal {
  return {
    numbers: new Map(),
    down: false,
    calls: [],
    async phones(ids) {
      this.calls.push([...ids]);
      failWhenDown(this.down, 'personal');
      return new Map([...this.numbers].filter(([id]) => ids.includes(id)));
    },
  };
}

function failWhenDown(down: boolean, upstream: string): void {
  if (down) throw new ServiceError('upstream_unavailable', `${upstream}: is down`);
}

function holds(profiles: readonly Profile[], profile: Profile): boolean {
  return profiles.some((one) => sameProfile(one, profile));
}
