// fleet-rent: whether a person drives a rented car.
import { z } from 'zod';
import type { Profile } from '../../machines/ids.ts';
import type { FleetRent } from '../upstream.ts';
import { requestInBatches } from './batches.ts';
import { distinctProfiles } from './distinct.ts';
import type { JsonCall, Upstream } from './request.ts';
import { toWire, wireProfile } from './wire.ts';

const rentsReply = z.object({ items: z.array(wireProfile.and(z.object({ is_rented: z.boolean() }))) });

export function createFleetRent(upstream: Upstream): FleetRent {
  return {
    isRented: async (profiles, signal) => {
      const items = await requestInBatches(upstream, distinctProfiles(profiles), rentsCall, signal);
      return items.some((item) => item.is_rented);
    },
  };
}

function rentsCall(batch: readonly Profile[]): JsonCall<z.output<typeof rentsReply>> {
  return { method: 'rents', path: '/v1/rents/active', body: { items: batch.map(toWire) }, schema: rentsReply };
}
