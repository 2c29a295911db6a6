// GET /metrics: Prometheus text.
import { metricsText } from '../../runtime/metrics-text.ts';
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
    return textReply(200, ctx.metrics.registry.contentType, await metricsText(ctx.metrics));
  },
});
