// The people and cities that the upstream stand-ins know. A sandbox may add people, and change what is known of them, while it runs.

export interface WorldProfile {
  readonly parkId: string;
  readonly driverId: string;
}

export interface WorldPerson {
  udid: string | null;
  /** Fixed once the person is in the world, as is `phonePdId`: the stand-ins find people by them. */
  readonly profiles: readonly WorldProfile[];
  fullName: { last: string; first: string; middle: string | null };
  /** E.164. */
  phone: string;
  readonly phonePdId: string;
  /** `at` is RFC 3339; left out, the person was seen just now. */
  position: { lat: number; lon: number; at?: string } | null;
  ip: string | null;
  rented: boolean;
  locale: 'ru' | 'en';
}

export interface WorldCity {
  readonly geoId: number;
  readonly name: string;
  readonly nameRu: string;
  readonly timezone: string;
  readonly lat: number;
  readonly lon: number;
  /** Addresses that geobase places here. */
  readonly ips: string[];
}

/** People are only ever added, at the end. */
export interface World {
  readonly people: WorldPerson[];
  readonly cities: WorldCity[];
}

interface Index {
  readonly byProfile: Map<string, WorldPerson>;
  readonly byPhonePdId: Map<string, WorldPerson>;
  indexed: number;
}

const indexes = new WeakMap<World, Index>();

export function findPerson(world: World, parkId: string, driverId: string): WorldPerson | null {
  return indexOf(world).byProfile.get(`${parkId}_${driverId}`) ?? null;
}

export function findByPhonePdId(world: World, phonePdId: string): WorldPerson | null {
  return indexOf(world).byPhonePdId.get(phonePdId) ?? null;
}

/** Catches up with the people added since the last look. */
function indexOf(world: World): Index {
  const index = indexes.get(world) ?? { byProfile: new Map(), byPhonePdId: new Map(), indexed: 0 };
  indexes.set(world, index);
  for (const person of world.people.slice(index.indexed)) {
    for (const profile of person.profiles) index.byProfile.set(`${profile.parkId}_${profile.driverId}`, person);
    index.byPhonePdId.set(person.phonePdId, person);
  }
  index.indexed = world.people.length;
  return index;
}
