// GET matchings/{id}/preview: the app of one of the two, as an operator may see it.
import { z } from 'zod';
import { noSuchMatching } from '../problem.ts';
import { jsonReply } from '../reply.ts';
import { defineRoute, type Route } from '../routes.ts';
import type { AdminContext } from '../use-cases.ts';
import { contactListToWire, contactListWire, offerWire } from '../driver/wire.ts';
import { existingMatching } from './matching.ts';
import { operatorHeaders } from './operator-field.ts';

const sides = ['newbie', 'mentor'] as const;
const locales = ['ru', 'en'] as const;

const query = z.strictObject({
  side: z.enum(sides, `must be one of ${sides.join(', ')}`).describe('Whose phone.'),
  locale: z.enum(locales, `must be one of ${locales.join(', ')}`).default('ru'),
});

export const previewWire = z.object({
  offer: offerWire,
  contacts: contactListWire.describe('What the driver API would answer, the phones masked.'),
});

export const preview: Route<AdminContext> = defineRoute({
  method: 'GET',
  path: '/admin/v1/matchings/{id}/preview',
  access: 'operator',
  summary: 'The app as the newbie or the mentor has it, with the phones masked; the look is recorded',
  params: z.strictObject({ id: z.string() }),
  query,
  headers: operatorHeaders,
  replies: { 200: { description: 'The offer and the contacts.', schema: previewWire } },
  handle: async (ctx: AdminContext, input, signal) => {
    const matching = await existingMatching(ctx, input.params.id);
    const { side, locale } = input.query;
    const operator = { actor: input.headers['x-operator'], reason: null };
    const seen = await ctx.useCases.preview({ matching, side, locale, operator }, signal);
    if (seen === null) throw noSuchMatching();
    return jsonReply(200, { offer: seen.offer, contacts: contactListToWire(seen.list) });
  },
});
