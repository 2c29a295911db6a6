// GET rejects: rows of imports that could not be used, and why.
import { z } from 'zod';
import { cursorField, limitField } from '../fields.ts';
import { jsonReply } from '../reply.ts';
import { defineRoute, type Route } from '../routes.ts';
import type { AdminContext } from '../use-cases.ts';
import { nextCursor, rejectToWire, rejectWire } from './wire.ts';

const filteredPage = 1_000;

const query = z.strictObject({
  source: z.string().max(64, 'must be at most 64 characters').optional(),
  reason: z.string().max(64, 'must be at most 64 characters').optional().describe('A page may be short, or empty, and still have a next one.'),
  limit: limitField(200, 50),
  cursor: cursorField,
});

export const rejects: Route<AdminContext> = defineRoute({
  method: 'GET',
  path: '/admin/v1/rejects',
  access: 'operator',
  summary: 'Rejected rows of the imports',
  query,
  replies: { 200: { description: 'One page.', schema: z.object({ rejects: z.array(rejectWire), next_cursor: nextCursor }) } },
  handle: async (ctx: AdminContext, input) => {
    const { source, reason, limit, cursor = null } = input.query;
    // No index by reason: there are few reasons, and a page of rejects costs the same whatever of it is shown.
    const size = reason === undefined ? limit : filteredPage;
    const page = await ctx.store.rejects(source === undefined ? {} : { source }, { limit: size, cursor });
    const shown = reason === undefined ? page.items : page.items.filter((row) => row.reason === reason);
    return jsonReply(200, { rejects: shown.map(rejectToWire), next_cursor: page.nextCursor });
  },
});
