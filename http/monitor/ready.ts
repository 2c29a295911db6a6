// GET /ready: what the service depends on. An outage is a degradation to tell of, not a reason to be taken out of rotation: the
// service works on without its store. Only a draining instance asks for no more requests.
import { z } from 'zod';
import { asServiceError } from '../../runtime/errors.ts';
import type { BreakerState } from '../../runtime/operations.ts';
import { jsonReply } from '../reply.ts';
import { defineRoute, type Route } from '../routes.ts';
import type { AdminContext, Probe } from '../use-cases.ts';

const probeLimitMs = 1_000;
const well = 'ok';

export const readyWire = z.object({
  status: z.enum(['ok', 'degraded', 'draining']),
  checks: z.record(z.string(), z.string()).describe('`ok`, or the code of what is wrong, by name.'),
});

export const ready: Route<AdminContext> = defineRoute({
  method: 'GET',
  path: '/ready',
  access: 'monitor',
  summary: 'Whether requests are welcome, and what is out of order',
  replies: {
    200: { description: 'Requests are welcome; `degraded` when a check is not `ok`.', schema: readyWire },
    503: { description: 'The instance is draining.', schema: readyWire },
  },
  handle: async (ctx: AdminContext) => {
    const state = await readiness(ctx);
    return jsonReply(state.status === 'draining' ? 503 : 200, state);
  },
});

export async function readiness(ctx: Pick<AdminContext, 'operations' | 'probes'>): Promise<z.output<typeof readyWire>> {
  const { breakers, draining } = ctx.operations.getSnapshot().context;
  const probes = Object.entries(ctx.probes).map(async ([name, probe]) => [name, await verdict(probe)] as const);
  const checks = { ...Object.fromEntries(await Promise.all(probes)), ...breakerChecks(breakers) };
  if (draining) return { status: 'draining', checks };
  const degraded = Object.values(checks).some((check) => check !== well);
  return { status: degraded ? 'degraded' : 'ok', checks };
}

/** A probe that hangs must not make the answer hang, whether or not it heeds its signal. */
async function verdict(probe: Probe): Promise<string> {
  const limit = new AbortController();
  const timeout = new Promise<string>((resolve) => {
    limit.signal.addEventListener('abort', () => resolve('timeout'));
  });
  const timer = setTimeout(() => limit.abort(), probeLimitMs);
  try {
    return await Promise.race([timeout, outcomeOf(probe, limit.signal)]);
  } finally {
    clearTimeout(timer);
  }
}

async function outcomeOf(probe: Probe, signal: AbortSignal): Promise<string> {
  try {
    await probe(signal);
    return well;
  } catch (error) {
    return asServiceError(error).code;
  }
}

function breakerChecks(breakers: Readonly<Record<string, BreakerState>>): Record<string, string> {
  const checks = Object.entries(breakers).map(([upstream, state]) => [`breaker:${upstream}`, state === 'closed' ? well : state] as const);
  return Object.fromEntries(checks);
}
