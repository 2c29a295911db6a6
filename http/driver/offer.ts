// GET offer: whether to offer the programme to the caller, and in which words.
import { languageHeaders } from '../fields.ts';
import { jsonReply } from '../reply.ts';
import { defineRoute, type Route } from '../routes.ts';
import type { DriverContext } from '../use-cases.ts';
import { localizedHeaders } from './localized.ts';
import { offerWire } from './wire.ts';

export const offer: Route<DriverContext> = defineRoute({
  method: 'GET',
  path: '/driver/v1/mentorship/offer',
  access: 'driver',
  summary: 'Whether to show the offer, and its text',
  headers: languageHeaders,
  replies: { 200: { description: 'The offer.', schema: offerWire } },
  handle: async (ctx: DriverContext, { caller, headers }, signal) => {
    const locale = headers['accept-language'];
    const { show, title, text, button } = await ctx.useCases.offer({ caller, locale }, signal);
    return jsonReply(200, { show, title, text, button }, localizedHeaders(locale));
  },
});
