// GET heat: how many matchings are in each status and for how long, and those that have been longest where they should not be.
import { z } from 'zod';
import type { EpochMs, MatchingRecord } from '../../machines/matching-record.ts';
import { finalStatuses, statuses, type Status } from '../../machines/status.ts';
import { rfc3339 } from '../../runtime/clock.ts';
import { limitField } from '../fields.ts';
import { expectedStayMs } from '../inspector/expected-stay.ts';
import { jsonReply } from '../reply.ts';
import { defineRoute, type Route } from '../routes.ts';
import type { AdminContext } from '../use-cases.ts';
import { matchingToWire, matchingWire, timeOrNull } from './wire.ts';

const time = z.iso.datetime();
export const heatWire = z.object({
  at: time.describe('Programme time.'),
  states: z.record(z.enum(statuses), z.object({
    present: z.int(),
    oldest_since: time.nullable(),
    median_since: time.nullable().describe('When the middle one entered; null for final statuses, where it says nothing.'),
    expected_s: z.number().nullable().describe('How long one may stay before it counts as stuck; null: for good.'),
  })),
  stuck: z.array(matchingWire.extend({ overdue_s: z.number() })).describe('Most overdue first.'),
});
export type Heat = z.output<typeof heatWire>;

export const heat: Route<AdminContext> = defineRoute({
  method: 'GET',
  path: '/admin/v1/heat',
  access: 'operator',
  summary: 'Matchings by status now: how many, for how long, which are stuck',
  query: z.strictObject({ limit: limitField(200, 50) }),
  replies: { 200: { description: 'The heat of each status.', schema: heatWire } },
  handle: async (ctx: AdminContext, input) => jsonReply(200, await measure(ctx, input.query.limit)),
});

async function measure(ctx: AdminContext, limit: number): Promise<Heat> {
  const { store } = ctx;
  const [now, funnel] = await Promise.all([store.now(), store.funnel()]);
  const passing = statuses.filter((status) => !finalStatuses.includes(status));
  const [medians, longest] = await Promise.all([
    Promise.all(passing.map((status) => medianSince(ctx, status, funnel[status].present))),
    Promise.all(passing.map((status) => store.longestInStatus(status, { skip: 0, limit }))),
  ]);
  const states = statuses.map((status) => {
    const { present, oldestSince } = funnel[status];
    const expected = expectedStayMs(status, ctx.config);
    const median = medians[passing.indexOf(status)] ?? null;
    return [status, {
      present, oldest_since: timeOrNull(oldestSince), median_since: timeOrNull(median), expected_s: expected === null ? null : expected / 1_000,
    }] as const;
  });
  return { at: rfc3339(now), states: Object.fromEntries(states) as Heat['states'], stuck: stuckOf(ctx, now, longest.flat()).slice(0, limit) };
}

async function medianSince({ store }: AdminContext, status: Status, present: number): Promise<EpochMs | null> {
  if (present <= 0) return null;
  const [middle] = await store.longestInStatus(status, { skip: Math.floor((present - 1) / 2), limit: 1 });
  return middle?.statusSince ?? null;
}

function stuckOf(ctx: AdminContext, now: EpochMs, rows: readonly MatchingRecord[]): Heat['stuck'] {
  const overdue = rows.map((row) => ({ row, overdueMs: now - row.statusSince - (expectedStayMs(row.status, ctx.config) ?? Infinity) }));
  return overdue
    .filter(({ overdueMs }) => overdueMs > 0)
    .sort((a, b) => b.overdueMs - a.overdueMs)
    .map(({ row, overdueMs }) => ({ ...matchingToWire(row), overdue_s: Math.round(overdueMs / 1_000) }));
}
