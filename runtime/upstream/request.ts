// A JSON call of an upstream: deadlines, retries within a budget, the circuit breaker, and the decoded reply.
import { setTimeout as sleep } from 'node:timers/promises';
import { isBrokenCircuitError, type CircuitBreakerPolicy } from 'cockatiel';
import { Pool } from 'undici';
import type { z } from 'zod';
import { asServiceError, ServiceError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { BreakerState, Operations } from '../operations.ts';
import { inSpan, type SpanOptions } from '../trace.ts';
import { attempt, type Attempt, type Exchange, type Limits } from './attempt.ts';
import { createBreaker } from './breaker.ts';
import { orAborted, startDeadline, type Deadline } from './deadline.ts';
import type { CallPolicy } from './policy.ts';
import { backoffMs, RetryBudget } from './retry.ts';
import { decodeReply } from './wire.ts';

export type UpstreamName = 'driver-profiles' | 'personal' | 'trackstory' | 'geobase' | 'fleet-rent' | 'client-events';

export interface UpstreamDeps {
  readonly log: Log;
  readonly metrics: Metrics;
  readonly operations: Operations;
  readonly random: () => number;
}

/** An upstream with the state that its calls share. */
export interface Upstream {
  readonly name: UpstreamName;
  readonly policy: CallPolicy;
  readonly deps: UpstreamDeps;
  readonly pool: Pool;
  readonly basePath: string;
  readonly breaker: CircuitBreakerPolicy;
  readonly budget: RetryBudget;
}

/** A call that is safe to repeat: a read, or a write with its own idempotency key. */
export interface JsonCall<Reply> {
  /** The metrics' label and the place named in errors. */
  readonly method: string;
  readonly path: string;
  /** Makes the call a POST. */
  readonly body?: unknown;
  readonly query?: Readonly<Record<string, string>>;
  readonly schema: z.ZodType<Reply>;
  /** What a 404 means, where the contract gives it a meaning. */
  readonly notFound?: { readonly reply: Reply };
}

const maxConnections = 32;

/** `baseUrl` may carry a path. The caller closes `pool`. */
export function openUpstream(name: UpstreamName, baseUrl: string, policy: CallPolicy, deps: UpstreamDeps): Upstream {
  const url = new URL(baseUrl);
  const timeouts = { connectTimeout: policy.attemptMs, headersTimeout: policy.attemptMs, bodyTimeout: policy.attemptMs };
  const report = (state: BreakerState): void => deps.operations.trigger.breakerChanged({ upstream: name, state });
  report('closed');
  const onChange = (state: BreakerState): void => {
    deps.log.warn({ upstream: name, state }, 'circuit breaker changed');
    report(state);
  };
  return {
    name,
    policy,
    deps,
    pool: new Pool(url.origin, { connections: maxConnections, ...timeouts }),
    basePath: url.pathname.replace(/\/$/, ''),
    breaker: createBreaker(policy, (result) => (result as Attempt).kind === 'outage', onChange),
    budget: new RetryBudget(policy),
  };
}

/**
 * Throws `upstream_unavailable`, `upstream_reply_malformed`, `upstream_refused` (the request itself is at fault), or `cancelled`
 * when `signal` aborted.
 */
export async function request<Reply>(upstream: Upstream, call: JsonCall<Reply>, signal?: AbortSignal): Promise<Reply> {
  const { upstreamRequests, upstreamDuration } = upstream.deps.metrics;
  const labels = { upstream: upstream.name, method: call.method };
  const stopTimer = upstreamDuration.startTimer(labels);
  let outcome = 'ok';
  try {
    return await inSpan(spanOf(upstream, call), async (span) => {
      const result = await attempts(upstream, call, signal);
      span.set({ 'mentorship.outcome': result.kind });
      return conclude(upstream, call, result);
    });
  } catch (error) {
    outcome = asServiceError(error).code;
    throw error;
  } finally {
    stopTimer();
    upstreamRequests.inc({ ...labels, outcome });
  }
}

function spanOf<Reply>({ name }: Upstream, { method, body }: JsonCall<Reply>): SpanOptions {
  return {
    name: `${name} ${method}`,
    kind: 'client',
    attributes: { 'http.request.method': body === undefined ? 'GET' : 'POST', 'mentorship.upstream': name, 'mentorship.upstream.method': method },
  };
}

async function attempts<Reply>(upstream: Upstream, call: JsonCall<Reply>, caller?: AbortSignal): Promise<Attempt> {
  const deadline = startDeadline(upstream.policy.totalMs, caller);
  const exchange = exchangeOf(upstream, call);
  upstream.budget.earn();
  try {
    for (let count = 1; ; count += 1) {
      const result = await throughBreaker(upstream, exchange, { total: deadline.signal, caller });
      upstream.deps.metrics.upstreamAttempts.inc({ upstream: upstream.name, result: result.kind });
      if (result.kind !== 'outage' || count >= upstream.policy.maxAttempts) return result;
      const pauseMs = result.retryAfterMs + backoffMs(upstream.policy, count, upstream.deps.random);
      if (!mayRetry(upstream, deadline, pauseMs)) return result;
      await pause(upstream, pauseMs, caller);
    }
  } finally {
    deadline.end();
  }
}

function exchangeOf<Reply>(upstream: Upstream, call: JsonCall<Reply>): Exchange {
  const query = call.query === undefined ? '' : `?${new URLSearchParams(call.query).toString()}`;
  return {
    pool: upstream.pool,
    path: `${upstream.basePath}${call.path}${query}`,
    body: call.body === undefined ? null : JSON.stringify(call.body),
    attemptMs: upstream.policy.attemptMs,
  };
}

/** A pause that outlasts the deadline is not begun: the caller learns of the outage now. */
function mayRetry(upstream: Upstream, deadline: Deadline, pauseMs: number): boolean {
  return pauseMs < deadline.remainingMs() && upstream.budget.spend();
}

async function pause(upstream: Upstream, ms: number, caller?: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, caller === undefined ? {} : { signal: caller });
  } catch (cause) {
    throw new ServiceError('cancelled', `${upstream.name}: the caller went away`, { cause });
  }
}

async function throughBreaker(upstream: Upstream, exchange: Exchange, limits: Limits): Promise<Attempt> {
  try {
    // While a probe is under way the breaker makes other calls wait for its verdict, deaf to their signals.
    return await orAborted(upstream.breaker.execute(() => attempt(exchange, limits), limits.total), limits.total);
  } catch (cause) {
    if (limits.caller?.aborted === true) throw new ServiceError('cancelled', `${upstream.name}: the caller went away`, { cause });
    if (isBrokenCircuitError(cause)) throw unavailable(upstream, 'is left alone after repeated failures', cause);
    if (limits.total.aborted) throw unavailable(upstream, 'did not answer in time', cause);
    throw cause;
  }
}

function unavailable(upstream: Upstream, what: string, cause?: unknown): ServiceError {
  return new ServiceError('upstream_unavailable', `${upstream.name} ${what}`, { cause });
}

function conclude<Reply>(upstream: Upstream, call: JsonCall<Reply>, result: Attempt): Reply {
  const place = `${upstream.name} ${call.method}`;
  switch (result.kind) {
    case 'replied':
      return decodeReply(result.text, call.schema, place);
    case 'oversized':
      throw new ServiceError('upstream_reply_malformed', `${place}: the reply is over 1 MiB`);
    case 'absent':
      if (call.notFound !== undefined) return call.notFound.reply;
      throw unavailable(upstream, `has no ${call.path}`);
    case 'refused':
      throw new ServiceError('upstream_refused', `${place}: the request was refused with ${result.status}`);
    case 'unexpected':
      throw unavailable(upstream, `answered ${result.status}`);
    case 'outage':
      throw unavailable(upstream, result.reason, result.cause);
    default:
      return result satisfies never;
  }
}
