// GET funnel: how far the matchings got.
import { z } from 'zod';
import { statuses } from '../../machines/status.ts';
import { stageTimes } from '../../runtime/stage-times.ts';
import { jsonReply } from '../reply.ts';
import { defineRoute, type Route } from '../routes.ts';
import type { AdminContext } from '../use-cases.ts';
import { timeOrNull } from './wire.ts';

const stageWire = z.object({
  reached: z.int().describe('Ever reached the status.'),
  present: z.int().describe('In it now.'),
  stayed: z
    .object({ count: z.int(), median_ms: z.int(), p90_ms: z.int() })
    .nullable()
    .describe('How long those stayed that left it since this instance started, estimated; null where nobody did.'),
  oldest_since: z.iso.datetime().nullable().describe('When the one longest in it entered.'),
});

export const funnelWire = z.record(z.enum(statuses), stageWire);

export const funnel: Route<AdminContext> = defineRoute({
  method: 'GET',
  path: '/admin/v1/funnel',
  access: 'operator',
  summary: 'Matchings by status: ever and now',
  replies: { 200: { description: 'The funnel, by status.', schema: funnelWire } },
  handle: async (ctx: AdminContext) => {
    const [stages, timeOf] = await Promise.all([ctx.store.funnel(), stageTimes(ctx.metrics)]);
    const entries = statuses.map((status) => {
      const { reached, present, oldestSince } = stages[status];
      const time = timeOf(status);
      const stayed = time === null ? null : { count: time.count, median_ms: time.medianMs, p90_ms: time.p90Ms };
      return [status, { reached, present, stayed, oldest_since: timeOrNull(oldestSince) }] as const;
    });
    return jsonReply(200, Object.fromEntries(entries));
  },
});
