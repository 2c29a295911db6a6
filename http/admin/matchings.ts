// GET matchings: the list an operator searches in.
import { z } from 'zod';
import { parseProfileKey } from '../../machines/ids.ts';
import { parseDurationMs } from '../../runtime/config/env.ts';
import type { MatchingFilter } from '../../runtime/store.ts';
import { cursorField, limitField, parsedField, statusField } from '../fields.ts';
import { jsonReply } from '../reply.ts';
import { defineRoute, type Route } from '../routes.ts';
import type { AdminContext, AdminReads } from '../use-cases.ts';
import { matchingToWire, matchingWire, nextCursor } from './wire.ts';

const query = z.strictObject({
  status: statusField.optional(),
  driver: parsedField(parseProfileKey, 'must be <park_id>_<driver_id>').optional().describe('`<park_id>_<driver_id>`, either side.'),
  stuck: parsedField(parseDurationMs, 'must be a duration such as 12h or 3d')
    .optional()
    .describe('Only those in their status for longer, such as `3d`.'),
  limit: limitField(200, 50),
  cursor: cursorField,
});

export const matchings: Route<AdminContext> = defineRoute({
  method: 'GET',
  path: '/admin/v1/matchings',
  access: 'operator',
  summary: 'Matchings by status, driver or time in the status',
  query,
  replies: { 200: { description: 'One page.', schema: z.object({ matchings: z.array(matchingWire), next_cursor: nextCursor }) } },
  handle: async (ctx: AdminContext, input) => {
    const { limit, cursor = null } = input.query;
    const page = await ctx.store.listMatchings(await filterOf(ctx.store, input.query), { limit, cursor });
    return jsonReply(200, { matchings: page.items.map(matchingToWire), next_cursor: page.nextCursor });
  },
});

/** How long a matching is stuck is measured on the store's clock, like every deadline. */
async function filterOf(store: AdminReads, asked: z.output<typeof query>): Promise<MatchingFilter> {
  const { status, driver, stuck } = asked;
  return {
    ...(status === undefined ? {} : { status }),
    ...(driver === undefined ? {} : { profile: driver }),
    ...(stuck === undefined ? {} : { inStatusSinceBefore: (await store.now()) - stuck }),
  };
}
