// POST tasks/{id}/retry: a dead or waiting task is due now.
import { z } from 'zod';
import { HttpProblem } from '../problem.ts';
import { jsonReply } from '../reply.ts';
import { defineRoute, type Route } from '../routes.ts';
import type { AdminContext } from '../use-cases.ts';
import { taskToWire, taskWire } from './wire.ts';

export const retryTask: Route<AdminContext> = defineRoute({
  method: 'POST',
  path: '/admin/v1/tasks/{id}/retry',
  access: 'operator',
  summary: 'Run a dead or waiting task now, its attempts counted from zero',
  params: z.strictObject({ id: z.string() }),
  replies: {
    200: { description: 'The task, due now.', schema: z.object({ task: taskWire }) },
    409: { description: 'The task runs or is done.', schema: null },
  },
  handle: async (ctx: AdminContext, { params }) => {
    const revived = await ctx.tasks.revive(params.id);
    const task = await ctx.tasks.find(params.id);
    if (task === null) throw new HttpProblem('not_found', 'There is no such task.');
    if (!revived) throw new HttpProblem('conflict', `The task is ${task.state}: nothing to retry.`);
    return jsonReply(200, { task: taskToWire(task) });
  },
});
