// Stand-in of trackstory.
import { bulkEndpoint, profileItem } from './input.ts';
import type { Endpoints } from './stand-in.ts';
import { findPerson, type World, type WorldPerson } from './world.ts';

export function trackstoryEndpoints(world: World): Endpoints {
  return {
    'POST /v1/positions/last': bulkEndpoint(profileItem, (items) =>
      items.map((item) => ({ ...item, position: positionOf(findPerson(world, item.park_id, item.driver_id)) })),
    ),
  };
}

function positionOf(person: WorldPerson | null): unknown {
  const seen = person?.position ?? null;
  return seen === null ? null : { lat: seen.lat, lon: seen.lon, timestamp: seen.at ?? new Date().toISOString() };
}
