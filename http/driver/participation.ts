// GET participation: where the caller stands in the programme.
import { jsonReply } from '../reply.ts';
import { defineRoute, type Route } from '../routes.ts';
import type { DriverContext } from '../use-cases.ts';
import { participationStateWire, participationToWire } from './wire.ts';

export const participation: Route<DriverContext> = defineRoute({
  method: 'GET',
  path: '/driver/v1/mentorship/participation',
  access: 'driver',
  summary: "The caller's latest participation as a newbie, and the roles the caller has",
  replies: { 200: { description: 'The participation; null for who never enrolled.', schema: participationStateWire } },
  handle: async (ctx: DriverContext, { caller }, signal) => {
    const state = await ctx.useCases.participation({ caller }, signal);
    const current = state.participation === null ? null : participationToWire(state.participation);
    return jsonReply(200, { participation: current, roles: state.roles, ...(state.degraded === undefined ? {} : { degraded: state.degraded }) });
  },
});
