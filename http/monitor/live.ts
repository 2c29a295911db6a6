// GET /live: answers while the event loop turns.
import { setImmediate } from 'node:timers/promises';
import { z } from 'zod';
import { jsonReply } from '../reply.ts';
import { defineRoute, type Route } from '../routes.ts';
import type { AdminContext } from '../use-cases.ts';

export const live: Route<AdminContext> = defineRoute({
  method: 'GET',
  path: '/live',
  access: 'monitor',
  summary: 'Whether the process works at all',
  replies: { 200: { description: 'It does.', schema: z.object({ status: z.literal('ok') }) } },
  handle: async (_ctx: AdminContext) => {
    await setImmediate();
    return jsonReply(200, { status: 'ok' });
  },
});
