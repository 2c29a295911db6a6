// GET /metrics: Prometheus text.
import { textReply } from '../reply.ts';
import { defineRoute, type Route } from '../routes.ts';
import type { AdminContext } from '../use-cases.ts';

export const metrics: Route<AdminContext> = defineRoute({
  method: 'GET',
  path: '/metrics',
  access: 'monitor',
  summary: 'Metrics in Prometheus text format',
  replies: { 200: { description: 'The metrics.', schema: null } },
  handle: async (ctx: AdminContext) => {
    const { registry } = ctx.metrics;
    return textReply(200, registry.contentType, await registry.metrics());
  },
});
