// Builds the six upstream adapters from their configured addresses.
import type { UpstreamConfig } from '../config/config.ts';
import type { Geobase, Upstreams } from '../upstream.ts';
import { createClientEvents } from './client-events.ts';
import { createDriverProfiles } from './driver-profiles.ts';
import { createFleetRent } from './fleet-rent.ts';
import { createEmbeddedGeobase } from './geobase-embedded.ts';
import { createGeobase } from './geobase.ts';
import { createPersonal } from './personal.ts';
import { defaultCallPolicy, type CallPolicy } from './policy.ts';
import { openUpstream, type Upstream, type UpstreamDeps, type UpstreamName } from './request.ts';
import { createTrackstory } from './trackstory.ts';

/** `close` waits for the calls under way, which their deadlines bound, and releases every connection. */
export function createUpstreams(config: UpstreamConfig, deps: UpstreamDeps, policy: CallPolicy = defaultCallPolicy): Upstreams {
  const opened: Upstream[] = [];
  const open = (name: UpstreamName, url: string): Upstream => {
    const upstream = openUpstream(name, url, policy, deps);
    opened.push(upstream);
    return upstream;
  };
  const geobase = (): Geobase => (config.geobase === 'embedded' ? createEmbeddedGeobase() : createGeobase(open('geobase', config.geobase)));
  return {
    driverProfiles: createDriverProfiles(open('driver-profiles', config.driverProfiles)),
    personal: createPersonal(open('personal', config.personal)),
    trackstory: createTrackstory(open('trackstory', config.trackstory)),
    geobase: geobase(),
    fleetRent: createFleetRent(open('fleet-rent', config.fleetRent)),
    clientEvents: createClientEvents(open('client-events', config.clientEvents)),
    close: async () => {
      await Promise.all(opened.map((upstream) => upstream.pool.close()));
    },
  };
}
