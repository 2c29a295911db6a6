// The trace of one request: joins the caller's or begins one, and names this service's own span in it.
import { parseTraceparent, type Span, type SpanOptions, type TraceScope, type Tracing } from '../runtime/trace.ts';

export interface Trace {
  readonly traceId: string;
  /** This service's span: what upstreams are given and the reply tells. */
  readonly traceparent: string;
  readonly scope: TraceScope;
  /** Null where nobody records. */
  readonly span: Span | null;
}

export interface TraceSource {
  /** Gives UUIDs. */
  readonly newId: () => string;
  readonly tracing?: Tracing | undefined;
}

/** A malformed `traceparent` is as good as none, says the standard. */
export function traceOf(header: string | undefined, { newId, tracing }: TraceSource, options: () => SpanOptions): Trace {
  const parent = parseTraceparent(header);
  if (tracing !== undefined) return recordedTrace(tracing.begin(options(), parent));
  const [, incomingId, , flags = '01'] = parent?.split('-') ?? [];
  const traceId = incomingId ?? hex(newId());
  const spanId = hex(newId()).slice(16);
  const traceparent = `00-${traceId}-${spanId}-${flags}`;
  return { traceId, traceparent, scope: { traceparent, begin: null }, span: null };
}

function recordedTrace(span: Span): Trace {
  const traceparent = span.scope.traceparent ?? '';
  return { traceId: traceparent.split('-')[1] ?? '', traceparent, scope: span.scope, span };
}

function hex(id: string): string {
  return id.slice(0, 8) + id.slice(9, 13) + id.slice(14, 18) + id.slice(19, 23) + id.slice(24);
}
