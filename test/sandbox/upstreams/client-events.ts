// Stand-in of client-events: remembers the events it accepted, and calls a repeated one a duplicate.
import { z } from 'zod';
import type { Fault } from './faults.ts';
import { bulkEndpoint } from './input.ts';
import type { Endpoints } from './stand-in.ts';
import { findPerson, type World, type WorldProfile } from './world.ts';

const eventItem = z.strictObject({
  event_id: z.string().min(1),
  channel: z.string().regex(/^contractor:[0-9A-Za-z-]{1,64}_[0-9A-Za-z-]{1,64}$/),
  event: z.literal('mentorship_update'),
  ttl_s: z.number().int().positive(),
  payload: z.strictObject({ matching_id: z.string(), kind: z.string(), unread: z.number().int().nonnegative() }),
});
type EventItem = z.output<typeof eventItem>;

export interface AcceptedEvent {
  readonly recipient: WorldProfile;
  readonly ttlSeconds: number;
  readonly payload: { readonly matchingId: string; readonly kind: string; readonly unread: number };
  readonly acceptedAtMs: number;
  /** Pushes of the same `event_id` after the first. */
  duplicates: number;
}

/** `accepted` is the memory, by `event_id`; the caller owns it. */
export function clientEventsEndpoints(world: World, accepted: Map<string, AcceptedEvent>): Endpoints {
  return {
    'POST /v1/events/bulk-push': bulkEndpoint(eventItem, (items, { fault }) =>
      items.map((item) => ({ event_id: item.event_id, ...push(world, accepted, item, fault) })),
    ),
  };
}

interface Outcome {
  readonly status: 'accepted' | 'duplicate' | 'rejected';
  readonly reason: string | null;
}

function push(world: World, accepted: Map<string, AcceptedEvent>, item: EventItem, fault: Fault | null): Outcome {
  const recipient = recipientOf(item);
  const rejection = rejectionOf(world, recipient, fault);
  if (rejection !== null) return { status: 'rejected', reason: rejection };
  const first = accepted.get(item.event_id);
  if (first !== undefined) {
    first.duplicates += 1;
    return { status: 'duplicate', reason: null };
  }
  const { matching_id: matchingId, kind, unread } = item.payload;
  const payload = { matchingId, kind, unread };
  accepted.set(item.event_id, { recipient, ttlSeconds: item.ttl_s, payload, acceptedAtMs: Date.now(), duplicates: 0 });
  return { status: 'accepted', reason: null };
}

function recipientOf(item: EventItem): WorldProfile {
  const [parkId = '', driverId = ''] = item.channel.replace('contractor:', '').split('_');
  return { parkId, driverId };
}

function rejectionOf(world: World, recipient: WorldProfile, fault: Fault | null): string | null {
  const refused = fault?.kind === 'reject' ? fault.recipients : [];
  if (refused.some((one) => one.parkId === recipient.parkId && one.driverId === recipient.driverId)) {
    return (fault?.kind === 'reject' ? fault.reason : undefined) ?? 'channel_disabled';
  }
  return findPerson(world, recipient.parkId, recipient.driverId) === null ? 'unknown_channel' : null;
}
