// GET contacts/{matching_id}/messages: one dialog.
import { z } from 'zod';
import { parseMatchingId } from '../../machines/ids.ts';
import { languageHeaders } from '../fields.ts';
import { noSuchMatching } from '../problem.ts';
import { jsonReply } from '../reply.ts';
import { defineRoute, type Route } from '../routes.ts';
import type { DriverContext } from '../use-cases.ts';
import { localizedHeaders } from './localized.ts';
import { messagesWire, messageToWire } from './wire.ts';

export const messages: Route<DriverContext> = defineRoute({
  method: 'GET',
  path: '/driver/v1/mentorship/contacts/{matching_id}/messages',
  access: 'driver',
  summary: 'The messages of one dialog',
  params: z.strictObject({ matching_id: z.string() }),
  headers: languageHeaders,
  replies: { 200: { description: 'The dialog, oldest message first.', schema: messagesWire } },
  handle: async (ctx: DriverContext, { caller, params, headers }, signal) => {
    const matchingId = parseMatchingId(params.matching_id);
    const locale = headers['accept-language'];
    const dialog = matchingId === null ? null : await ctx.useCases.messages({ caller, matchingId, locale }, signal);
    if (dialog === null) throw noSuchMatching();
    const body = { messages: dialog.messages.map(messageToWire), unread: dialog.unread };
    return jsonReply(200, body, localizedHeaders(locale));
  },
});
