// GET operator-actions: what operators did, to one matching or to anything.
import { z } from 'zod';
import { parseMatchingId } from '../../machines/ids.ts';
import { cursorField, limitField, parsedField } from '../fields.ts';
import { jsonReply } from '../reply.ts';
import { defineRoute, type Route } from '../routes.ts';
import type { AdminContext } from '../use-cases.ts';
import { nextCursor, operatorActionToWire, operatorActionWire } from './wire.ts';

const query = z.strictObject({
  matching: parsedField(parseMatchingId, 'must be the id of a matching').optional().describe('Only what was done to one matching.'),
  limit: limitField(200, 50),
  cursor: cursorField,
});

export const operatorActions: Route<AdminContext> = defineRoute({
  method: 'GET',
  path: '/admin/v1/operator-actions',
  access: 'operator',
  summary: 'What operators did, newest first',
  query,
  replies: { 200: { description: 'One page.', schema: z.object({ operator_actions: z.array(operatorActionWire), next_cursor: nextCursor }) } },
  handle: async (ctx: AdminContext, input) => {
    const { matching, limit, cursor = null } = input.query;
    const page = await ctx.store.operatorActions(matching === undefined ? {} : { matchingId: matching }, { limit, cursor });
    return jsonReply(200, { operator_actions: page.items.map(operatorActionToWire), next_cursor: page.nextCursor });
  },
});
