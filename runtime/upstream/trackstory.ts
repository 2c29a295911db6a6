// trackstory: where a person was seen last.
import { z } from 'zod';
import type { Profile } from '../../machines/ids.ts';
import type { Position, Trackstory } from '../upstream.ts';
import { requestInBatches } from './batches.ts';
import { distinctProfiles } from './distinct.ts';
import type { JsonCall, Upstream } from './request.ts';
import { toWire, wireProfile } from './wire.ts';

const wirePosition = z.object({
  lat: z.number().min(-90).max(90),
  lon: z.number().min(-180).max(180),
  timestamp: z.union([z.string(), z.number()]).nullish().transform(momentOf),
});
const positionsReply = z.object({ items: z.array(wireProfile.and(z.object({ position: wirePosition.nullish() }))) });

const secondsBelow = 1e11;

/** Only the newest of several positions is chosen by it: one that does not say when it was, in a text or a number of seconds, is the oldest. */
function momentOf(timestamp: string | number | null | undefined): number {
  if (typeof timestamp === 'number') return timestamp < secondsBelow ? timestamp * 1_000 : timestamp;
  const parsed = Date.parse(timestamp ?? '');
  return Number.isNaN(parsed) ? 0 : parsed;
}

export function createTrackstory(upstream: Upstream): Trackstory {
  return {
    lastPosition: async (profiles, signal) => {
      const items = await requestInBatches(upstream, distinctProfiles(profiles), positionsCall, signal);
      return newest(items.flatMap((item) => item.position ?? []));
    },
  };
}

function positionsCall(batch: readonly Profile[]): JsonCall<z.output<typeof positionsReply>> {
  return { method: 'positions', path: '/v1/positions/last', body: { items: batch.map(toWire) }, schema: positionsReply };
}

function newest(positions: readonly z.output<typeof wirePosition>[]): Position | null {
  const last = positions.toSorted((a, b) => b.timestamp - a.timestamp)[0];
  return last === undefined ? null : { lat: last.lat, lon: last.lon };
}
