// GET contacts: the people the caller is matched with, polled by the app.
import { z } from 'zod';
import { cursorField, languageHeaders, limitField } from '../fields.ts';
import { conditionalReply, jsonType } from '../reply.ts';
import { defineRoute, type Route } from '../routes.ts';
import type { DriverContext } from '../use-cases.ts';
import { localizedHeaders } from './localized.ts';
import { contactListWire } from './wire.ts';
import { writeContactList } from './written-list.ts';

const query = z.strictObject({
  role: z.enum(['newbie', 'mentor'], 'must be newbie or mentor').optional().describe('Only contacts of this role.'),
  limit: limitField(100, 50),
  cursor: cursorField,
});

const headers = languageHeaders.extend({
  'if-none-match': z.string().optional().describe('The ETag of the list the client holds.'),
});

export const contacts: Route<DriverContext> = defineRoute({
  method: 'GET',
  path: '/driver/v1/mentorship/contacts',
  access: 'driver',
  summary: 'The matched drivers, with phones, links and messages',
  query,
  headers,
  replies: {
    200: { description: 'The contacts, newest match first.', schema: contactListWire },
    304: { description: 'The client holds the same list.', schema: null },
  },
  handle: async (ctx: DriverContext, input, signal) => {
    const { caller } = input;
    const { role = null, limit, cursor = null } = input.query;
    const locale = input.headers['accept-language'];
    const list = await ctx.useCases.contacts({ caller, role, limit, cursor, locale }, signal);
    const { body, etag } = writeContactList(list, { caller, locale });
    const replyHeaders = { 'Content-Type': jsonType, 'Cache-Control': 'private, no-cache', ...localizedHeaders(locale) };
    return conditionalReply({ status: 200, headers: replyHeaders, body }, etag, input.headers['if-none-match']);
  },
});
