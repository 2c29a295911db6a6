// POST tasks/retry: all dead tasks, or those of one queue, are due now.
import { z } from 'zod';
import { queues } from '../../runtime/tasks.ts';
import { limitField } from '../fields.ts';
import { jsonReply } from '../reply.ts';
import { defineRoute, type Route } from '../routes.ts';
import type { AdminContext } from '../use-cases.ts';
import { operatorHeaders, operatorOf, reasonBody, reasonQuery } from './operator-field.ts';

const query = reasonQuery.extend({
  queue: z.enum(queues, `must be one of ${queues.join(', ')}`).optional(),
  limit: limitField(500, 200),
});

const retriedWire = z.object({
  retried: z.int(),
  more: z.boolean().describe('Whether dead tasks are left: ask again.'),
});

export const retryTasks: Route<AdminContext> = defineRoute({
  method: 'POST',
  path: '/admin/v1/tasks/retry',
  access: 'operator',
  summary: 'Run dead tasks now, their attempts counted from zero',
  query,
  headers: operatorHeaders,
  body: reasonBody,
  replies: { 200: { description: 'How many are due now.', schema: retriedWire } },
  handle: async (ctx: AdminContext, input, signal) => {
    const { queue, limit } = input.query;
    const filter = { state: 'dead' as const, ...(queue === undefined ? {} : { queue }) };
    const { items, nextCursor } = await ctx.tasks.list(filter, { limit, cursor: null });
    let retried = 0;
    for (const task of items) {
      if (signal.aborted) break;
      // Each is an act of its own in the record; one that somebody else retried meanwhile is left alone.
      if (await ctx.useCases.retryTask(task, operatorOf(input))) retried += 1;
    }
    return jsonReply(200, { retried, more: nextCursor !== null });
  },
});
