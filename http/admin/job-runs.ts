// GET jobs/runs: the history of runs on all hosts.
import { z } from 'zod';
import { cursorField, limitField } from '../fields.ts';
import { jsonReply } from '../reply.ts';
import { defineRoute, type Route } from '../routes.ts';
import type { AdminContext } from '../use-cases.ts';
import { jobRunToWire, jobRunWire, nextCursor } from './wire.ts';

const query = z.strictObject({
  job: z.string().max(64, 'must be at most 64 characters').optional(),
  limit: limitField(200, 50),
  cursor: cursorField,
});

export const jobRuns: Route<AdminContext> = defineRoute({
  method: 'GET',
  path: '/admin/v1/jobs/runs',
  access: 'operator',
  summary: 'Runs of the jobs, newest first',
  query,
  replies: { 200: { description: 'One page.', schema: z.object({ runs: z.array(jobRunWire), next_cursor: nextCursor }) } },
  handle: async (ctx: AdminContext, input) => {
    const { job, limit, cursor = null } = input.query;
    const page = await ctx.store.jobRuns(job === undefined ? {} : { job }, { limit, cursor });
    return jsonReply(200, { runs: page.items.map(jobRunToWire), next_cursor: page.nextCursor });
  },
});
