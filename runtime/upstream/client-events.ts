// client-events: pushes announcements to drivers' apps in bulk. Its event ids make a repeated push harmless.
import { z } from 'zod';
import { profileKey } from '../../machines/ids.ts';
import { ServiceError } from '../errors.ts';
import type { ClientEvent, ClientEventOutcome, ClientEvents } from '../upstream.ts';
import { inBatches } from './batches.ts';
import { request, type JsonCall, type Upstream } from './request.ts';

// A word that this version does not know becomes `other`: outcomes are stored, and free text could say anything.
const reason = z.enum(['unknown_channel', 'channel_disabled', 'payload_rejected', 'other']).catch('other');
const outcome = z.discriminatedUnion('status', [
  z.object({ event_id: z.string(), status: z.literal('accepted') }),
  z.object({ event_id: z.string(), status: z.literal('duplicate') }),
  z.object({ event_id: z.string(), status: z.literal('rejected'), reason }),
]);
const pushReply = z.object({ items: z.array(outcome) });

export function createClientEvents(upstream: Upstream): ClientEvents {
  return {
    push: async (events, signal) => {
      const ask = async (batch: readonly ClientEvent[], stop: AbortSignal) =>
        outcomesOf(batch, (await request(upstream, pushCall(batch), stop)).items);
      return (await inBatches(events, ask, signal)).flat();
    },
  };
}

function pushCall(events: readonly ClientEvent[]): JsonCall<z.output<typeof pushReply>> {
  return { method: 'push', path: '/v1/events/bulk-push', body: { items: events.map(eventToWire) }, schema: pushReply };
}

function eventToWire(event: ClientEvent): Record<string, unknown> {
  const { matchingId, kind, unread } = event.payload;
  return {
    event_id: event.eventId,
    channel: `contractor:${profileKey(event.recipient)}`,
    event: 'mentorship_update',
    ttl_s: event.ttlSeconds,
    payload: { matching_id: matchingId, kind, unread },
  };
}

function outcomesOf(events: readonly ClientEvent[], items: readonly z.output<typeof outcome>[]): ClientEventOutcome[] {
  const byId = new Map(items.map((item) => [item.event_id, item]));
  return events.map(({ eventId }) => {
    const item = byId.get(eventId);
    if (item === undefined) throw new ServiceError('upstream_reply_malformed', 'client-events push: items leaves out a pushed event');
    return { eventId, status: item.status, reason: item.status === 'rejected' ? item.reason : null };
  });
}
