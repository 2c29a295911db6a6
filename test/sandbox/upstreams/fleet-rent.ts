// Stand-in of fleet-rent: drivers of their own cars are absent from its replies.
import { bulkEndpoint, profileItem } from './input.ts';
import type { Endpoints } from './stand-in.ts';
import { findPerson, type World } from './world.ts';

export function fleetRentEndpoints(world: World): Endpoints {
  return {
    'POST /v1/rents/active': bulkEndpoint(profileItem, (items) =>
      items.flatMap((item) => (findPerson(world, item.park_id, item.driver_id)?.rented === true ? [{ ...item, is_rented: true }] : [])),
    ),
  };
}
