// POST matchings/{id}/events: an operator's event, through the same dispatch as everything else.
import { z } from 'zod';
import { EventType, type LifecycleEvent } from '../../machines/events.ts';
import { parseMatchingId, parseProfile, type Profile } from '../../machines/ids.ts';
import type { MatchingRecord } from '../../machines/matching-record.ts';
import { statuses } from '../../machines/status.ts';
import { timeField } from '../fields.ts';
import { noSuchMatching } from '../problem.ts';
import { jsonReply } from '../reply.ts';
import { defineRoute, type Route } from '../routes.ts';
import type { AdminContext } from '../use-cases.ts';
import { operatorHeaders, reasonField } from './operator-field.ts';

const announced = [
  EventType.MATCH_ANNOUNCED, EventType.PROGRESS_ANNOUNCED, EventType.RESULT_ANNOUNCED, EventType.PROMOCODE_ANNOUNCED,
] as const;
const plain = [EventType.ENROLLED, EventType.APPLICATION_WRITTEN, EventType.DEADLINE_PASSED] as const;

const id = z.string().regex(/^[0-9A-Za-z-]{1,64}$/, 'must be an id of up to 64 of 0-9, A-Z, a-z and -');

const matchedBody = z.strictObject({
  type: z.literal(EventType.MATCHED),
  mentor_park_id: id,
  mentor_driver_id: id,
  connected_dttm: timeField,
  reason: reasonField,
});
const announcedBody = z.strictObject({
  type: z.enum(announced),
  epoch: z
    .int('must be a whole number')
    .min(0, 'must not be negative')
    .optional()
    .describe('Which match was announced; the present one by default.'),
  reason: reasonField,
});
const plainBody = z.strictObject({ type: z.enum(plain), reason: reasonField });

const body = z.discriminatedUnion('type', [matchedBody, announcedBody, plainBody], {
  error: (issue) => (issue.code === 'invalid_union' ? `must be one of ${Object.values(EventType).join(', ')}` : undefined),
});

const status = z.enum(statuses);
const sentWire = z.object({ outcome: z.enum(['moved', 'ignored']), from: status, to: status });

export const sendEvent: Route<AdminContext> = defineRoute({
  method: 'POST',
  path: '/admin/v1/matchings/{id}/events',
  access: 'operator',
  summary: 'Send an event to a matching',
  params: z.strictObject({ id: z.string() }),
  headers: operatorHeaders,
  body,
  replies: { 200: { description: 'What the event did.', schema: sentWire } },
  handle: async (ctx: AdminContext, input, signal) => {
    const matchingId = parseMatchingId(input.params.id);
    if (matchingId === null) throw noSuchMatching();
    const eventOf = (present: MatchingRecord): LifecycleEvent => lifecycleEvent(present, input.body);
    const operator = { actor: input.headers['x-operator'], reason: input.body.reason };
    const mentor = input.body.type === EventType.MATCHED ? mentorOf(input.body) : undefined;
    const sent = await ctx.useCases.sendEvent({ matchingId, mentor, eventOf, operator }, signal);
    if (sent === null) throw noSuchMatching();
    return jsonReply(200, { outcome: sent.outcome, from: sent.from, to: sent.to });
  },
});

function lifecycleEvent(row: MatchingRecord, asked: z.output<typeof body>): LifecycleEvent {
  if (asked.type === EventType.MATCHED) return matchedEvent(asked);
  if ('epoch' in asked && asked.epoch !== undefined) return { type: asked.type, epoch: asked.epoch };
  if (asked.type === EventType.ENROLLED) return { type: asked.type, matchingId: row.id, newbie: row.newbie, newbieUdid: row.newbieUdid };
  if (asked.type === EventType.APPLICATION_WRITTEN || asked.type === EventType.DEADLINE_PASSED) return { type: asked.type };
  return { type: asked.type, epoch: row.epoch };
}

function matchedEvent(asked: z.output<typeof matchedBody>): LifecycleEvent {
  return { type: EventType.MATCHED, mentor: mentorOf(asked), mentorUdid: null, connectedAt: Date.parse(asked.connected_dttm) };
}

function mentorOf(asked: z.output<typeof matchedBody>): Profile {
  const mentor = parseProfile(asked.mentor_park_id, asked.mentor_driver_id);
  if (mentor === null) throw new TypeError('the schema admits only ids');
  return mentor;
}
