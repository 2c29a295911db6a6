// The trace of the request, task or job being served, carried to upstream calls and spans without passing through every function.
import { AsyncLocalStorage } from 'node:async_hooks';
import { asServiceError } from './errors.ts';

/** All that a span may tell, so that nobody's data can slip in. Names follow OpenTelemetry's conventions where it has one. */
export const spanAttributes = [
  'http.request.method', 'http.route', 'http.response.status_code', 'error.type', 'db.system.name', 'db.operation.name',
  'mentorship.upstream', 'mentorship.upstream.method', 'mentorship.queue', 'mentorship.attempt', 'mentorship.matching_id', 'mentorship.job',
  'mentorship.dry_run', 'mentorship.outcome', 'mentorship.rows',
] as const;
export type SpanAttributes = Readonly<Partial<Record<(typeof spanAttributes)[number], string | number | boolean>>>;

export interface SpanOptions {
  /** Of few values: templates and names from the code, never what a caller sent. */
  readonly name: string;
  readonly kind: 'server' | 'client' | 'consumer' | 'internal';
  readonly attributes: SpanAttributes;
}

export interface Span {
  readonly scope: TraceScope;
  set(attributes: SpanAttributes): void;
  /** `errorCode` marks the span as failed. Called once. */
  end(errorCode?: string): void;
}

/** What a piece of work knows of its trace. */
export interface TraceScope {
  /** What upstreams are given; null outside any trace. */
  readonly traceparent: string | null;
  /** Begins a span under this one; null where nobody records. */
  readonly begin: ((options: SpanOptions) => Span) | null;
}

/** Records spans. Adapters: trace/*. There is none unless the environment configures one. */
export interface Tracing {
  /** Continues the trace of `parent`, or begins one. */
  begin(options: SpanOptions, parent: string | null): Span;
  /** Sends what was recorded. */
  close(): Promise<void>;
}

const current = new AsyncLocalStorage<TraceScope>();

// https://www.w3.org/TR/trace-context/#traceparent-header-field-values: version ff and all-zero ids are invalid.
const traceparentForm = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/** The header's value when it is well formed, else null: a caller must not be able to forward anything else through us. */
export function parseTraceparent(value: unknown): string | null {
  return typeof value === 'string' && traceparentForm.test(value) ? value : null;
}

/** Runs `work`, and everything it awaits, under the given `traceparent`; null runs it under none. */
export function runWithTrace<Result>(traceparent: string | null, work: () => Result): Result {
  return current.run({ traceparent, begin: null }, work);
}

export function runInScope<Result>(scope: TraceScope, work: () => Result): Result {
  return current.run(scope, work);
}

export function currentTraceparent(): string | null {
  return current.getStore()?.traceparent ?? null;
}

export function currentTraceId(): string | null {
  return currentTraceparent()?.split('-')[1] ?? null;
}

/** The trace that tasks caused here are to continue. Empty where nobody records, so that nothing is stored for it. */
export function recordedTrace(): { readonly traceparent?: string } {
  const scope = current.getStore();
  const traceparent = scope?.traceparent ?? null;
  return scope === undefined || scope.begin === null || traceparent === null || !isSampled(traceparent) ? {} : { traceparent };
}

function isSampled(traceparent: string): boolean {
  return (Number.parseInt(traceparent.slice(-2), 16) & 1) === 1;
}

const unrecorded: Pick<Span, 'set'> = { set: () => {} };

/** Runs `work` inside a span under the present one, or as it is where nobody records. A throw marks the span with the error's code. */
export async function inSpan<Result>(options: SpanOptions, work: (span: Pick<Span, 'set'>) => Promise<Result>): Promise<Result> {
  const begin = current.getStore()?.begin ?? null;
  return begin === null ? work(unrecorded) : within(begin(options), work);
}

/** A span of its own that continues `parent`, whatever is being served here. Without a recorder the work runs under `parent`. */
export async function inRootSpan<Result>(
  tracing: Tracing | undefined,
  parent: string | null,
  options: SpanOptions,
  work: (span: Pick<Span, 'set'>) => Promise<Result>,
): Promise<Result> {
  if (tracing === undefined) return runWithTrace(parent, () => work(unrecorded));
  return within(tracing.begin(options, parent), work);
}

async function within<Result>(span: Span, work: (span: Pick<Span, 'set'>) => Promise<Result>): Promise<Result> {
  try {
    const result = await current.run(span.scope, () => work(span));
    span.end();
    return result;
  } catch (error) {
    span.end(asServiceError(error).code);
    throw error;
  }
}
