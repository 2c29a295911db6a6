// POST tasks/{id}/retry: a dead or waiting task is due now.
import { z } from 'zod';
import type { TaskView } from '../../runtime/tasks.ts';
import { HttpProblem } from '../problem.ts';
import { jsonReply } from '../reply.ts';
import { defineRoute, type Route } from '../routes.ts';
import type { AdminContext } from '../use-cases.ts';
import { operatorHeaders, operatorOf, reasonBody, reasonQuery } from './operator-field.ts';
import { taskToWire, taskWire } from './wire.ts';

export const retryTask: Route<AdminContext> = defineRoute({
  method: 'POST',
  path: '/admin/v1/tasks/{id}/retry',
  access: 'operator',
  summary: 'Run a dead or waiting task now, its attempts counted from zero',
  params: z.strictObject({ id: z.string() }),
  query: reasonQuery,
  headers: operatorHeaders,
  body: reasonBody,
  replies: {
    200: { description: 'The task, due now.', schema: z.object({ task: taskWire }) },
    409: { description: 'The task runs or is done.', schema: null },
  },
  handle: async (ctx: AdminContext, input) => {
    const revived = await ctx.useCases.retryTask(await existingTask(ctx, input.params.id), operatorOf(input));
    const task = await existingTask(ctx, input.params.id);
    if (!revived) throw new HttpProblem('conflict', `The task is ${task.state}: nothing to retry.`);
    return jsonReply(200, { task: taskToWire(task) });
  },
});

async function existingTask(ctx: AdminContext, id: string): Promise<TaskView> {
  const task = await ctx.tasks.find(id);
  if (task === null) throw new HttpProblem('not_found', 'There is no such task.');
  return task;
}
