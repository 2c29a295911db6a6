// POST contacts/{matching_id}/read: the caller has read the dialog.
import { z } from 'zod';
import { parseMatchingId } from '../../machines/ids.ts';
import { timeField } from '../fields.ts';
import { noSuchMatching } from '../problem.ts';
import { emptyReply } from '../reply.ts';
import { defineRoute, type Route } from '../routes.ts';
import type { DriverContext } from '../use-cases.ts';

const body = z.strictObject({
  read_through: timeField.optional().describe('Messages up to this moment are read; without it, all there are.'),
});

export const markRead: Route<DriverContext> = defineRoute({
  method: 'POST',
  path: '/driver/v1/mentorship/contacts/{matching_id}/read',
  access: 'driver',
  summary: 'Mark a dialog as read; the mark never goes back',
  params: z.strictObject({ matching_id: z.string() }),
  body,
  replies: { 204: { description: 'Marked.', schema: null } },
  handle: async (ctx: DriverContext, input, signal) => {
    const matchingId = parseMatchingId(input.params.matching_id);
    const through = input.body.read_through;
    const readThrough = through === undefined ? null : Date.parse(through);
    const marked = matchingId !== null && (await ctx.useCases.markRead({ caller: input.caller, matchingId, readThrough }, signal));
    if (!marked) throw noSuchMatching();
    return emptyReply(204);
  },
});
