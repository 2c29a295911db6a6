// All six upstream stand-ins, one HTTP server each, over one world.
import { clientEventsEndpoints, type AcceptedEvent } from './client-events.ts';
import { driverProfilesEndpoints } from './driver-profiles.ts';
import type { FaultSwitch } from './faults.ts';
import { fleetRentEndpoints } from './fleet-rent.ts';
import { geobaseEndpoints } from './geobase.ts';
import { personalEndpoints } from './personal.ts';
import { StandIn, type Call } from './stand-in.ts';
import { trackstoryEndpoints } from './trackstory.ts';
import type { World } from './world.ts';

export type UpstreamKey = 'driverProfiles' | 'personal' | 'trackstory' | 'geobase' | 'fleetRent' | 'clientEvents';
type PerUpstream<Value> = Readonly<Record<UpstreamKey, Value>>;

export interface SandboxUpstreams {
  /** Base URLs, in the form of the service's `UpstreamConfig`. */
  readonly urls: PerUpstream<string>;
  /** The latest calls of each, oldest first. */
  readonly calls: PerUpstream<readonly Call[]>;
  readonly faults: PerUpstream<FaultSwitch>;
  /** What client-events accepted, by `event_id`. */
  readonly acceptedEvents: ReadonlyMap<string, AcceptedEvent>;
  readonly world: World;
  close(): Promise<void>;
}

/** The service's variables that point at the stand-ins; geobase too, for the embedded one knows no addresses. */
export function upstreamVariables({ urls }: Pick<SandboxUpstreams, 'urls'>): Record<string, string> {
  return {
    DRIVER_PROFILES_URL: urls.driverProfiles,
    PERSONAL_URL: urls.personal,
    TRACKSTORY_URL: urls.trackstory,
    FLEET_RENT_URL: urls.fleetRent,
    CLIENT_EVENTS_URL: urls.clientEvents,
    GEOBASE_URL: urls.geobase,
  };
}

/** Ports left out are free ones. */
export async function startUpstreams(world: World, options: { ports?: Partial<PerUpstream<number>> } = {}): Promise<SandboxUpstreams> {
  const accepted = new Map<string, AcceptedEvent>();
  const standIns: PerUpstream<StandIn> = {
    driverProfiles: new StandIn(driverProfilesEndpoints(world)),
    personal: new StandIn(personalEndpoints(world)),
    trackstory: new StandIn(trackstoryEndpoints(world)),
    geobase: new StandIn(geobaseEndpoints(world)),
    fleetRent: new StandIn(fleetRentEndpoints(world)),
    clientEvents: new StandIn(clientEventsEndpoints(world, accepted)),
  };
  const starting = Object.entries(standIns).map(async ([key, standIn]) => {
    return [key, await standIn.start(options.ports?.[key as UpstreamKey] ?? 0)];
  });
  return {
    urls: Object.fromEntries(await Promise.all(starting)) as PerUpstream<string>,
    calls: eachOf(standIns, (standIn) => standIn.calls),
    faults: eachOf(standIns, (standIn) => standIn.faults),
    acceptedEvents: accepted,
    world,
    close: async () => {
      await Promise.all(Object.values(standIns).map((standIn) => standIn.stop()));
    },
  };
}

function eachOf<Value>(standIns: PerUpstream<StandIn>, pick: (standIn: StandIn) => Value): PerUpstream<Value> {
  return Object.fromEntries(Object.entries(standIns).map(([key, standIn]) => [key, pick(standIn)])) as PerUpstream<Value>;
}
