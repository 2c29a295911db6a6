// Stand-in of driver-profiles.
import { bulkEndpoint, profileItem } from './input.ts';
import type { Endpoints } from './stand-in.ts';
import { findPerson, type World } from './world.ts';

const hiredAt = '2024-02-01T09:00:00Z';
const lastActiveAt = '2024-03-01T09:00:00Z';

export function driverProfilesEndpoints(world: World): Endpoints {
  return {
    'POST /v1/profiles/linked': bulkEndpoint(profileItem, (items) =>
      items.flatMap((item) => {
        const person = findPerson(world, item.park_id, item.driver_id);
        if (person === null) return [];
        const profiles = person.profiles.map((profile) => ({
          park_id: profile.parkId,
          driver_id: profile.driverId,
          last_active_at: lastActiveAt,
        }));
        return [{ ...item, udid: person.udid, profiles }];
      }),
    ),
    'POST /v1/profiles/retrieve': bulkEndpoint(profileItem, (items) =>
      items.flatMap((item) => {
        const person = findPerson(world, item.park_id, item.driver_id);
        if (person === null) return [];
        const { last, first, middle } = person.fullName;
        const name = { last_name: last, first_name: first, middle_name: middle };
        return [{ ...item, full_name: name, phone_pd_id: person.phonePdId, locale: person.locale, hired_at: hiredAt }];
      }),
    ),
  };
}
