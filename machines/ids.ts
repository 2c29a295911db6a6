// Branded identifiers and the parsers that are the only way to make them.

declare const brand: unique symbol;
type Brand<Name extends string> = string & { readonly [brand]: Name };

export type MatchingId = Brand<'MatchingId'>;
/** Opaque id of a fleet, up to 64 of `[0-9A-Za-z-]`; stored as given. */
export type ParkId = Brand<'ParkId'>;
/** Opaque id of a driver's profile inside one fleet, same alphabet as {@link ParkId}. */
export type DriverId = Brand<'DriverId'>;
/** Identity of a person across all profiles (driver-profiles `udid`): opaque, up to 64 of `[0-9A-Za-z._:=+~-]`. */
export type Udid = Brand<'Udid'>;
/** Guard key of a person: the udid, or the smallest profile key when driver-profiles knows no udid. */
export type PersonKey = Brand<'PersonKey'>;
/** `<park_id>_<driver_id>`: unambiguous, because neither part may hold an underscore. */
export type ProfileKey = Brand<'ProfileKey'>;

/** One profile of a driver: the pair that the platform addresses drivers by. */
export interface Profile {
  readonly parkId: ParkId;
  readonly driverId: DriverId;
}

const longestId = 64;
const alphabet = '-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const inAlphabet = codesOf(alphabet);
const inUdidAlphabet = codesOf(`${alphabet}._:=+~`);
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** A lower-case UUID, or null. */
export function parseMatchingId(value: unknown): MatchingId | null {
  return typeof value === 'string' && uuid.test(value) ? (value as MatchingId) : null;
}

// A pattern takes half as long again, and a table of a million matches has four million ids.
function isOpaqueId(text: string, allowed = inAlphabet): boolean {
  const { length } = text;
  if (length === 0 || length > longestId) return false;
  for (let at = 0; at < length; at += 1) if (allowed[text.charCodeAt(at)] !== true) return false;
  return true;
}

function codesOf(characters: string): readonly boolean[] {
  return Array.from({ length: 128 }, (_, code) => characters.includes(String.fromCharCode(code)));
}

export function parseUdid(value: unknown): Udid | null {
  return typeof value === 'string' && isOpaqueId(value, inUdidAlphabet) ? (value as Udid) : null;
}

export function parseDriverId(value: unknown): DriverId | null {
  return typeof value === 'string' && isOpaqueId(value) ? (value as DriverId) : null;
}

/** Both ids of a profile checked against the platform's alphabet, or null when either is not an id. */
export function parseProfile(parkId: unknown, driverId: unknown): Profile | null {
  if (typeof parkId !== 'string' || typeof driverId !== 'string') return null;
  if (!isOpaqueId(parkId) || !isOpaqueId(driverId)) return null;
  return { parkId: parkId as ParkId, driverId: driverId as DriverId };
}

/** The inverse of {@link profileKey}; null for anything that is not exactly two ids joined by one underscore. */
export function parseProfileKey(value: unknown): Profile | null {
  if (typeof value !== 'string') return null;
  const parts = value.split('_');
  return parts.length === 2 ? parseProfile(parts[0], parts[1]) : null;
}

export function profileKey(profile: Profile): ProfileKey {
  return `${profile.parkId}_${profile.driverId}` as ProfileKey;
}

export function sameProfile(a: Profile, b: Profile): boolean {
  return a.parkId === b.parkId && a.driverId === b.driverId;
}

/** `profiles` must hold at least one profile; the order does not matter. */
export function personKey(udid: Udid | null, profiles: readonly Profile[]): PersonKey {
  const smallest = profiles.map(profileKey).sort()[0];
  if (smallest === undefined) throw new TypeError('a person has at least one profile');
  return (udid ?? smallest) as string as PersonKey;
}
