// GET tasks: what waits, runs or has died.
import { z } from 'zod';
import { queues, TaskState } from '../../runtime/tasks.ts';
import { cursorField, limitField } from '../fields.ts';
import { jsonReply } from '../reply.ts';
import { defineRoute, type Route } from '../routes.ts';
import type { AdminContext } from '../use-cases.ts';
import { nextCursor, taskToWire, taskWire } from './wire.ts';

const shown = [TaskState.pending, TaskState.running, TaskState.dead] as const;

const query = z.strictObject({
  queue: z.enum(queues, `must be one of ${queues.join(', ')}`).optional(),
  state: z.enum(shown, `must be one of ${shown.join(', ')}`).optional(),
  limit: limitField(200, 50),
  cursor: cursorField,
});

export const tasks: Route<AdminContext> = defineRoute({
  method: 'GET',
  path: '/admin/v1/tasks',
  access: 'operator',
  summary: 'Tasks by queue and state',
  query,
  replies: { 200: { description: 'One page.', schema: z.object({ tasks: z.array(taskWire), next_cursor: nextCursor }) } },
  handle: async (ctx: AdminContext, input) => {
    const { queue, state, limit, cursor = null } = input.query;
    const filter = { ...(queue === undefined ? {} : { queue }), ...(state === undefined ? {} : { state }) };
    const page = await ctx.tasks.list(filter, { limit, cursor });
    return jsonReply(200, { tasks: page.items.map(taskToWire), next_cursor: page.nextCursor });
  },
});
