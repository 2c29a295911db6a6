// Reads that pages repeat every few seconds: while nothing has changed the answer is 304, without a body.
import { conditionalReply, strongETag } from './reply.ts';
import type { Route } from './routes.ts';

const unchanged = { description: 'The client holds the same answer.', schema: null };

/** The route with an entity tag over its answer; the answer itself must say nothing of the moment it was made. */
export function conditional<Ctx>(route: Route<Ctx>): Route<Ctx> {
  return {
    ...route,
    replies: { ...route.replies, 304: unchanged },
    answer: async (ctx, call, signal) => {
      const reply = await route.answer(ctx, call, signal);
      if (reply.status !== 200 || typeof reply.body !== 'string') return reply;
      return conditionalReply(reply, strongETag([reply.body]), call.head.headers.get('if-none-match'));
    },
  };
}
