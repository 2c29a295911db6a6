// driver-profiles: who a profile's person is, and the person's name and phone reference.
import { z } from 'zod';
import { profileKey, type Profile, type ProfileKey } from '../../machines/ids.ts';
import type { DriverProfiles, Person, ProfileDetails } from '../upstream.ts';
import { requestInBatches } from './batches.ts';
import { distinctProfiles } from './distinct.ts';
import type { JsonCall, Upstream } from './request.ts';
import { toWire, wireProfile, wireUdid } from './wire.ts';

const linkedItem = wireProfile.and(z.object({ udid: wireUdid.nullable(), profiles: z.array(wireProfile) }));
const linkedReply = z.object({ items: z.array(linkedItem) });

// What a reply leaves out is not known. Names and phones of others are not to be missed for it.
const text = z.string().nullish().transform((found) => found || null);
const fullName = z.object({ last_name: text, first_name: text, middle_name: text }).nullish();
const detailsItem = wireProfile.and(z.object({ full_name: fullName, phone_pd_id: text }));
const detailsReply = z.object({ items: z.array(detailsItem) });

export function createDriverProfiles(upstream: Upstream): DriverProfiles {
  return {
    linked: async (profiles, signal) => {
      const items = await requestInBatches(upstream, distinctProfiles(profiles), linkedCall, signal);
      return new Map(items.map((item): [ProfileKey, Person] => [profileKey(item), personOf(item)]));
    },
    retrieve: async (profiles, signal) => {
      const items = await requestInBatches(upstream, distinctProfiles(profiles), detailsCall, signal);
      return new Map(items.map((item): [ProfileKey, ProfileDetails] => [profileKey(item), detailsOf(item)]));
    },
  };
}

function linkedCall(batch: readonly Profile[]): JsonCall<z.output<typeof linkedReply>> {
  return { method: 'linked', path: '/v1/profiles/linked', body: { items: batch.map(toWire) }, schema: linkedReply };
}

function detailsCall(batch: readonly Profile[]): JsonCall<z.output<typeof detailsReply>> {
  return { method: 'retrieve', path: '/v1/profiles/retrieve', body: { items: batch.map(toWire) }, schema: detailsReply };
}

/** The asked profile belongs to its own person even where the upstream leaves it out of the list. */
function personOf(item: z.output<typeof linkedItem>): Person {
  const asked: Profile = { parkId: item.parkId, driverId: item.driverId };
  return { udid: item.udid, profiles: distinctProfiles([asked, ...item.profiles]) };
}

function detailsOf(item: z.output<typeof detailsItem>): ProfileDetails {
  const name = item.full_name ?? null;
  return {
    fullName: name === null ? null : { lastName: name.last_name, firstName: name.first_name, middleName: name.middle_name },
    phonePdId: item.phone_pd_id,
  };
}
