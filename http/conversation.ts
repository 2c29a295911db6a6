// What the server says in one exchange: trace, route, reply or problem, then one log line and the metrics.
import { asServiceError } from '../runtime/errors.ts';
import type { Log } from '../runtime/log.ts';
import type { Metrics } from '../runtime/metrics.ts';
import { runInScope, type SpanOptions, type Tracing } from '../runtime/trace.ts';
import type { Guards } from './access.ts';
import type { Conversation } from './exchange.ts';
import { failureFields } from './failure-log.ts';
import { problemReply, refusalError } from './problem.ts';
import type { Reply } from './reply.ts';
import type { RequestHead } from './request-head.ts';
import type { FindRoute, Found } from './router.ts';
import { traceOf, type Trace } from './trace.ts';

export interface Speaker<Ctx> {
  readonly ctx: Ctx;
  readonly findRoute: FindRoute<Ctx>;
  readonly guards: Guards;
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'httpRequests' | 'httpDuration'>;
  readonly tracing?: Tracing | undefined;
  /** Milliseconds of a clock that never goes back. */
  readonly elapsedMs: () => number;
}

/** Label values come from the table, never from the request. */
interface Labels {
  readonly route: string;
  readonly method: string;
}

type Lookup<Ctx> = { readonly found: Found<Ctx> } | { readonly error: unknown };

export function converse<Ctx>(speaker: Speaker<Ctx>, head: RequestHead): Conversation {
  const startedMs = speaker.elapsedMs();
  const lookup = lookUp(speaker.findRoute, head);
  const labels = labelsOf(lookup, head);
  const trace = traceOf(head.headers.get('traceparent'), recorderOf(speaker, lookup), () => spanOf(labels));
  let failure: unknown = null;
  let told: Reply['headers'] = {};
  const finished = (reply: Reply): Reply => withTrace(reply, told, trace);
  const fail = (error: unknown): Reply => {
    failure = error;
    return finished(problemReply(error, trace.traceId));
  };
  return {
    answer: async (body, signal) => {
      if ('error' in lookup) return fail(lookup.error);
      const call = { head, params: lookup.found.params, body, guards: speaker.guards, tell: (headers: Reply['headers']) => { told = headers; } };
      const work = (): Promise<Reply> => lookup.found.route.answer(speaker.ctx, call, signal);
      return runInScope(trace.scope, work).then(finished, fail);
    },
    refuse: (refusal, cause) => fail(refusalError(refusal, cause)),
    ended: (reply) => {
      const status = reply === null ? 'aborted' : String(reply.status);
      record(speaker, { labels, status, failure, trace, durationMs: speaker.elapsedMs() - startedMs });
    },
  };
}

function lookUp<Ctx>(findRoute: FindRoute<Ctx>, head: RequestHead): Lookup<Ctx> {
  try {
    return { found: findRoute(head) };
  } catch (error) {
    return { error };
  }
}

function labelsOf<Ctx>(lookup: Lookup<Ctx>, head: RequestHead): Labels {
  if ('error' in lookup) return { route: 'unmatched', method: 'other' };
  const { path, method } = lookup.found.route;
  return { route: path, method: head.method === 'HEAD' ? 'HEAD' : method };
}

/** Probes and scrapes come every few seconds and tell no story. */
function recorderOf<Ctx>({ tracing }: Speaker<Ctx>, lookup: Lookup<Ctx>): Tracing | undefined {
  return 'found' in lookup && lookup.found.route.access !== 'monitor' ? tracing : undefined;
}

function spanOf({ route, method }: Labels): SpanOptions {
  return { name: `${method} ${route}`, kind: 'server', attributes: { 'http.request.method': method, 'http.route': route } };
}

function withTrace(reply: Reply, told: Reply['headers'], trace: Trace): Reply {
  const headers = { ...told, ...reply.headers, traceparent: trace.traceparent, 'X-Content-Type-Options': 'nosniff' };
  return { ...reply, headers };
}

interface EndedExchange {
  readonly labels: Labels;
  readonly status: string;
  readonly failure: unknown;
  readonly trace: Trace;
  readonly durationMs: number;
}

function record<Ctx>(speaker: Speaker<Ctx>, ended: EndedExchange): void {
  const { labels, status, failure, trace, durationMs } = ended;
  // What the client did wrong is no error of this span: https://opentelemetry.io/docs/specs/semconv/http/http-spans/#status
  trace.span?.set({ 'http.response.status_code': Number(status) || 499 });
  trace.span?.end(status.startsWith('5') ? asServiceError(failure).code : undefined);
  speaker.metrics.httpRequests.inc({ ...labels, status });
  speaker.metrics.httpDuration.observe({ ...labels }, durationMs / 1000);
  const line = { ...labels, status, duration_ms: Math.round(durationMs), trace_id: trace.traceId };
  if (status.startsWith('5')) speaker.log.error({ ...line, ...failureFields(failure) }, 'request failed');
  else speaker.log.debug(line, 'request');
}
