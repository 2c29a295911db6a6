// POST participation: the caller asks to take part.
import { z } from 'zod';
import type { EnrolResult } from '../../runtime/mentorship/participant.ts';
import { jsonReply } from '../reply.ts';
import { defineRoute, type Route } from '../routes.ts';
import type { DriverContext } from '../use-cases.ts';
import { enrolledWire, participationToWire, spooledWire } from './wire.ts';

const statusOf = { created: 201, existing: 200, spooled: 202 } as const satisfies Record<EnrolResult['outcome'], number>;

const headers = z.object({
  'idempotency-key': z
    .string()
    .regex(/^[\x20-\x7e]{1,200}$/, 'must be 1 to 200 printable ASCII characters')
    .optional()
    .describe('The same key gives the same participation.'),
});

export const enrol: Route<DriverContext> = defineRoute({
  method: 'POST',
  path: '/driver/v1/mentorship/participation',
  access: 'driver',
  summary: 'Ask to take part',
  headers,
  replies: {
    200: { description: 'The caller already takes part.', schema: enrolledWire },
    201: { description: 'The caller takes part from now on.', schema: enrolledWire },
    202: { description: 'The same, kept on this instance until the database can be reached.', schema: spooledWire },
  },
  handle: async (ctx: DriverContext, input, signal) => {
    const idempotencyKey = input.headers['idempotency-key'] ?? null;
    const result = await ctx.useCases.enrol({ caller: input.caller, idempotencyKey }, signal);
    const degraded = result.outcome === 'spooled' ? { degraded: ['store'] } : {};
    return jsonReply(statusOf[result.outcome], { participation: participationToWire(result.participation), ...degraded });
  },
});
