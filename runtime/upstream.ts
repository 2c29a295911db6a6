// The upstream ports: the platform services this one calls (contracts section 6). Every method throws `upstream_unavailable` or
// `upstream_reply_malformed` for an outage; absence of data is a null or a missing entry, never an error.
import type { Profile, ProfileKey, Udid } from '../machines/ids.ts';

export interface Person {
  readonly udid: Udid | null;
  /** All profiles of the person, the asked one included. */
  readonly profiles: readonly Profile[];
}

export interface ProfileDetails {
  readonly fullName: { readonly lastName: string | null; readonly firstName: string | null; readonly middleName: string | null } | null;
  readonly phonePdId: string | null;
}

export interface DriverProfiles {
  /** People by the asked profile; an unknown driver is absent. Any number of profiles: asked for in batches of 200. */
  linked(profiles: readonly Profile[], signal?: AbortSignal): Promise<Map<ProfileKey, Person>>;
  retrieve(profiles: readonly Profile[], signal?: AbortSignal): Promise<Map<ProfileKey, ProfileDetails>>;
}

export interface Personal {
  /** E.164 phones by `phone_pd_id`; null for a value that is none; unknown ids are absent. */
  phones(ids: readonly string[], signal?: AbortSignal): Promise<Map<string, string | null>>;
}

export interface Position {
  readonly lat: number;
  readonly lon: number;
}
export interface Trackstory {
  /** The newest known position among the profiles. */
  lastPosition(profiles: readonly Profile[], signal?: AbortSignal): Promise<Position | null>;
}

export interface City {
  readonly geoId: number;
  readonly name: string;
}
export interface Geobase {
  cityAt(position: Position, signal?: AbortSignal): Promise<City | null>;
  cityOfIp(ip: string, signal?: AbortSignal): Promise<City | null>;
}

export interface FleetRent {
  /** Whether any of the profiles drives a rented car now. */
  isRented(profiles: readonly Profile[], signal?: AbortSignal): Promise<boolean>;
}

export interface ClientEvent {
  readonly eventId: string;
  readonly recipient: Profile;
  readonly ttlSeconds: number;
  readonly payload: { readonly matchingId: string; readonly kind: string; readonly unread: number };
}
export interface ClientEventOutcome {
  readonly eventId: string;
  readonly status: 'accepted' | 'duplicate' | 'rejected';
  /** An enumerated word of the upstream's contract; null unless rejected. */
  readonly reason: string | null;
}
export interface ClientEvents {
  /** Outcomes in the order of the events; an event the reply leaves out counts as an error of the whole call. */
  push(events: readonly ClientEvent[], signal?: AbortSignal): Promise<ClientEventOutcome[]>;
}

export interface Upstreams {
  readonly driverProfiles: DriverProfiles;
  readonly personal: Personal;
  readonly trackstory: Trackstory;
  readonly geobase: Geobase;
  readonly fleetRent: FleetRent;
  readonly clientEvents: ClientEvents;
  close(): Promise<void>;
}
