// GET health: what an operator looks at when something is slow: this instance, what it depends on, the tasks in the store.
import { z } from 'zod';
import { queues, TaskState } from '../../runtime/tasks.ts';
import { serviceVersion } from '../../runtime/version.ts';
import { readiness, readyWire } from '../monitor/ready.ts';
import { jsonReply } from '../reply.ts';
import { defineRoute, type Route } from '../routes.ts';
import type { AdminContext } from '../use-cases.ts';

const taskCountWire = z.object({
  queue: z.enum(queues),
  state: z.enum(Object.values(TaskState)),
  count: z.int(),
  oldest_age_ms: z.int(),
});

export const healthWire = readyWire.extend({
  breakers: z.record(z.string(), z.enum(['closed', 'half_open', 'open'])).describe('By upstream; those never called are left out.'),
  tasks: z.array(taskCountWire).nullable().describe('By queue and state, without done ones; null while the store cannot tell.'),
  store_kind: z.enum(['sqlite', 'ydb']),
  version: z.string(),
  node: z.string(),
  uptime_ms: z.int(),
});

export const health: Route<AdminContext> = defineRoute({
  method: 'GET',
  path: '/admin/v1/health',
  access: 'operator',
  summary: 'This instance, what it depends on, and the tasks in the store',
  replies: { 200: { description: 'As it stands.', schema: healthWire } },
  handle: async (ctx: AdminContext) => {
    const [ready, tasks] = await Promise.all([readiness(ctx), taskCounts(ctx)]);
    return jsonReply(200, {
      ...ready,
      breakers: { ...ctx.operations.getSnapshot().context.breakers },
      tasks,
      store_kind: ctx.config.store.kind,
      version: serviceVersion,
      node: process.version,
      uptime_ms: Math.round(process.uptime() * 1_000),
    });
  },
});

/** A store that is away is one of the checks already: the rest is told all the same. */
async function taskCounts(ctx: AdminContext): Promise<z.output<typeof taskCountWire>[] | null> {
  const stats = await ctx.tasks.stats().catch(() => null);
  return stats?.map(({ queue, state, count, oldestAgeMs }) => ({ queue, state, count, oldest_age_ms: Math.round(oldestAgeMs) })) ?? null;
}
