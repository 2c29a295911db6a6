// Names and phones of contacts. They are personal data: held in memory for half a minute at most, and nowhere else.
import { LRUCache } from 'lru-cache';
import { type Profile, type ProfileKey, profileKey } from '../../machines/ids.ts';
import { dialable } from '../messages/links.ts';
import type { ProfileDetails, Upstreams } from '../upstream.ts';
import { type Age, ageUpTo, type MemoryOptions } from './age.ts';
import { type ContactName, nameContact, type NameFormat } from './contact-name.ts';
import { type MaybeDegraded, unlessDown, Upstream } from './degraded.ts';

const rememberMs = 30_000;
const mostPeople = 20_000;

export interface ContactCard extends ContactName {
  /** As the upstream has it: E.164. */
  readonly phone: string | null;
  /** For links; null for a phone that nobody can be called on. */
  readonly number: string | null;
}

interface Phone {
  readonly phone: string | null;
  readonly number: string | null;
}

/** Everyone asked about has an entry; what is unknown, or whose upstream is down, is null. */
export interface People {
  names(profiles: readonly Profile[], signal?: AbortSignal): Promise<MaybeDegraded<ReadonlyMap<ProfileKey, ContactName>>>;
  cards(profiles: readonly Profile[], signal?: AbortSignal): Promise<MaybeDegraded<ReadonlyMap<ProfileKey, ContactCard>>>;
}

export function createPeople(
  upstreams: Pick<Upstreams, 'driverProfiles' | 'personal'>,
  nameFormat: NameFormat,
  { clock = performance, random = Math.random, maxPeople = mostPeople }: MemoryOptions = {},
): People {
  const age = ageUpTo(rememberMs, random);
  const detailsOf = remembered<ProfileKey, ProfileDetails>(clock, maxPeople);
  const phoneOf = remembered<string, Phone>(clock, maxPeople);

  function details(profiles: readonly Profile[], signal?: AbortSignal): Promise<MaybeDegraded<ReadonlyMap<ProfileKey, ProfileDetails>>> {
    const byKey = new Map(profiles.map((profile) => [profileKey(profile), profile]));
    const fetch = (missing: readonly ProfileKey[]): Promise<Map<ProfileKey, ProfileDetails>> =>
      upstreams.driverProfiles.retrieve(missing.flatMap((key) => byKey.get(key) ?? []), signal);
    return lookUp({ upstream: Upstream.driver_profiles, cache: detailsOf, age, fetch }, [...byKey.keys()]);
  }

  function phones(ids: readonly string[], signal?: AbortSignal): Promise<MaybeDegraded<ReadonlyMap<string, Phone>>> {
    const fetch = async (missing: readonly string[]): Promise<Map<string, Phone>> => {
      const fetched = await upstreams.personal.phones(missing, signal);
      return new Map([...fetched].map(([id, phone]) => [id, { phone, number: phone === null ? null : dialable(phone) }]));
    };
    return lookUp({ upstream: Upstream.personal, cache: phoneOf, age, fetch }, ids);
  }

  // The same card for as long as both of its parts are remembered, and no longer.
  const cards = new WeakMap<ProfileDetails, { readonly phone: Phone | undefined; readonly card: ContactCard }>();

  function cardOf(found: ProfileDetails | undefined, phone: Phone | undefined): ContactCard {
    const known = found === undefined ? undefined : cards.get(found);
    if (known !== undefined && known.phone === phone) return known.card;
    const card = { ...nameContact(found?.fullName ?? null, nameFormat), phone: phone?.phone ?? null, number: phone?.number ?? null };
    if (found !== undefined) cards.set(found, { phone, card });
    return card;
  }

  /** Null unless nothing has to be asked for. */
  function rememberedCards(profiles: readonly Profile[]): Map<ProfileKey, ContactCard> | null {
    const found = new Map<ProfileKey, ContactCard>();
    for (const key of profiles.map(profileKey)) {
      const known = detailsOf.get(key);
      if (known === undefined) return null;
      const phone = known.phonePdId === null ? undefined : phoneOf.get(known.phonePdId);
      if (phone === undefined && known.phonePdId !== null) return null;
      found.set(key, cardOf(known, phone));
    }
    return found;
  }

  return {
    async names(profiles, signal) {
      const { value, degraded } = await details(profiles, signal);
      return { value: describe(profiles, (key) => nameContact(value.get(key)?.fullName ?? null, nameFormat)), degraded };
    },
    async cards(profiles, signal) {
      const atHand = rememberedCards(profiles);
      if (atHand !== null) return { value: atHand, degraded: [] };
      const known = await details(profiles, signal);
      const phoneIds = [...known.value.values()].flatMap(({ phonePdId }) => phonePdId ?? []);
      const called = await phones([...new Set(phoneIds)], signal);
      const cardFrom = (key: ProfileKey): ContactCard => {
        const found = known.value.get(key);
        return cardOf(found, called.value.get(found?.phonePdId ?? ''));
      };
      return { value: describe(profiles, cardFrom), degraded: [...known.degraded, ...called.degraded] };
    },
  };
}

// Purged by a timer rather than when next looked at: personal data leaves the memory on time even if nobody asks again.
function remembered<Key extends string, Value extends {}>(clock: { now(): number }, max: number): LRUCache<Key, Value> {
  return new LRUCache<Key, Value>({ max, ttl: rememberMs, ttlResolution: 0, ttlAutopurge: true, perf: clock });
}

interface Source<Key extends string, Value extends {}> {
  readonly upstream: Upstream;
  readonly cache: LRUCache<Key, Value>;
  readonly age: Age;
  readonly fetch: (missing: readonly Key[]) => Promise<Map<Key, Value>>;
}

async function lookUp<Key extends string, Value extends {}>(
  source: Source<Key, Value>,
  keys: readonly Key[],
): Promise<MaybeDegraded<Map<Key, Value>>> {
  const found = new Map(keys.flatMap((key) => entryOf(key, source.cache.get(key))));
  const missing = keys.filter((key) => !found.has(key));
  if (missing.length === 0) return { value: found, degraded: [] };
  const { value, degraded } = await unlessDown(source.upstream, () => source.fetch(missing), () => new Map<Key, Value>());
  for (const [key, fetched] of value) {
    source.cache.set(key, fetched, { ttl: source.age() });
    found.set(key, fetched);
  }
  return { value: found, degraded };
}

function entryOf<Key, Value>(key: Key, value: Value | undefined): [Key, Value][] {
  return value === undefined ? [] : [[key, value]];
}

function describe<Description>(profiles: readonly Profile[], of: (key: ProfileKey) => Description): Map<ProfileKey, Description> {
  return new Map(profiles.map(profileKey).map((key) => [key, of(key)]));
}
