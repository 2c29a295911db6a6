// What the stand-ins accept: the request side of docs/contracts, checked as strictly as a real service would.
import { z } from 'zod';
import { statusOf, type Answer, type Ask } from './stand-in.ts';

const id = z.string().regex(/^[0-9A-Za-z-]{1,64}$/);
export const profileItem = z.strictObject({ park_id: id, driver_id: id });

/** An endpoint that takes `{items}` of at most 200; anything else is answered 400. */
export function bulkEndpoint<Item>(item: z.ZodType<Item>, answer: (items: Item[], ask: Ask) => unknown[]): (ask: Ask) => Answer {
  const schema = z.strictObject({ items: z.array(item).min(1).max(200) });
  return (ask) => {
    const parsed = schema.safeParse(ask.body);
    return parsed.success ? { status: 200, body: { items: answer(parsed.data.items, ask) } } : statusOf(400);
  };
}
