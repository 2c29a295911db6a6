// GET matchings: the list an operator searches in.
import { z } from 'zod';
import { parseDriverId, parseProfileKey, type DriverId, type Profile } from '../../machines/ids.ts';
import { finalStatuses, statuses, type Status } from '../../machines/status.ts';
import { parseDurationMs } from '../../runtime/config/env.ts';
import type { MatchingFilter } from '../../runtime/store.ts';
import { cursorField, flagField, limitField, parsedField, statusField } from '../fields.ts';
import { jsonReply } from '../reply.ts';
import { defineRoute, type Route } from '../routes.ts';
import type { AdminContext } from '../use-cases.ts';
import { matchingToWire, matchingWire, nextCursor } from './wire.ts';

const roles = ['newbie', 'mentor'] as const;

const query = z.strictObject({
  status: statusField.optional(),
  driver: parsedField(parseDriver, 'must be <park_id>_<driver_id> or <driver_id>')
    .optional()
    .describe('`<park_id>_<driver_id>`, or a driver id alone.'),
  person: flagField('`true`: all profiles of the person behind `driver`.'),
  role: z.enum(roles, `must be one of ${roles.join(', ')}`).optional().describe('The side that `driver` is on; either by default.'),
  stuck: parsedField(parseDurationMs, 'must be a duration such as 12h or 3d')
    .optional()
    .describe('Only those in their status for longer, such as `3d`; final statuses only when asked for by `status`.'),
  limit: limitField(200, 50),
  cursor: cursorField,
});

export const matchingsWire = z.object({
  matchings: z.array(matchingWire),
  next_cursor: nextCursor,
  degraded: z.array(z.string()).describe('The upstream that could not tell all profiles of the person.'),
});

export const matchings: Route<AdminContext> = defineRoute({
  method: 'GET',
  path: '/admin/v1/matchings',
  access: 'operator',
  summary: 'Matchings by status, driver or time in the status',
  query,
  replies: { 200: { description: 'One page.', schema: matchingsWire } },
  handle: async (ctx: AdminContext, input, signal) => {
    const { limit, cursor = null } = input.query;
    const { filter, degraded } = await filterOf(ctx, input.query, signal);
    const page = await ctx.store.listMatchings(filter, { limit, cursor });
    return jsonReply(200, { matchings: page.items.map(matchingToWire), next_cursor: page.nextCursor, degraded });
  },
});

/** How long a matching is stuck is measured on the store's clock, like every deadline. */
async function filterOf(ctx: AdminContext, asked: z.output<typeof query>, signal: AbortSignal): Promise<{ filter: MatchingFilter; degraded: string[] }> {
  const { status, driver, role, stuck } = asked;
  const wanted = statusesOf(status, stuck !== undefined);
  const { profiles, degraded } = driver === undefined ? nobody : await profilesOf(ctx, driver, { wholePerson: asked.person, signal });
  const filter = {
    ...(wanted === null ? {} : { statuses: wanted }),
    ...(driver === undefined ? {} : { profiles }),
    ...(role === undefined ? {} : { role }),
    ...(stuck === undefined ? {} : { inStatusSinceBefore: (await ctx.store.now()) - stuck }),
  };
  return { filter, degraded: [...degraded] };
}

const nobody = { profiles: [], degraded: [] } as const;

/** Nobody waits for a matching in a final status to move on. */
function statusesOf(status: Status | undefined, isStuck: boolean): readonly Status[] | null {
  if (status !== undefined) return [status];
  return isStuck ? statuses.filter((one) => !finalStatuses.includes(one)) : null;
}

interface Looking {
  readonly wholePerson: boolean;
  readonly signal: AbortSignal;
}

async function profilesOf(ctx: AdminContext, driver: Profile | DriverId, { wholePerson, signal }: Looking): Promise<{ profiles: readonly Profile[]; degraded: readonly string[] }> {
  const named = typeof driver === 'string' ? await ctx.store.profilesOfDriver(driver) : [driver];
  if (!wholePerson) return { profiles: named, degraded: [] };
  const people = await Promise.all(named.map((profile) => ctx.useCases.personOf(profile, signal)));
  return { profiles: people.flatMap(({ profiles }) => profiles), degraded: [...new Set(people.flatMap(({ degraded }) => degraded))] };
}

function parseDriver(text: string): Profile | DriverId | null {
  return parseProfileKey(text) ?? parseDriverId(text);
}
