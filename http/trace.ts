// The trace of one request: joins the caller's or begins one, and names this service's own span in it.
import { randomFillSync } from 'node:crypto';
import { parseTraceparent, type Span, type SpanOptions, type TraceScope, type Tracing } from '../runtime/trace.ts';

export interface Trace {
  readonly traceId: string;
  /** This service's span: what upstreams are given and the reply tells. */
  readonly traceparent: string;
  readonly scope: TraceScope;
  /** Null where nobody records. */
  readonly span: Span | null;
}

/** A malformed `traceparent` is as good as none, says the standard. */
export function traceOf(header: string | undefined, tracing: Tracing | undefined, options: () => SpanOptions): Trace {
  const parent = parseTraceparent(header);
  if (tracing !== undefined) return recordedTrace(tracing.begin(options(), parent));
  const [, incomingId, , flags = '01'] = parent?.split('-') ?? [];
  const traceId = incomingId ?? newTraceId();
  const traceparent = `00-${traceId}-${randomHex(8)}-${flags}`;
  return { traceId, traceparent, scope: { traceparent, begin: null }, span: null };
}

function recordedTrace(span: Span): Trace {
  const traceparent = span.scope.traceparent ?? '';
  return { traceId: traceparent.split('-')[1] ?? '', traceparent, scope: span.scope, span };
}

/** 32 hexadecimal digits, random in every bit. */
export function newTraceId(): string {
  return randomHex(16);
}

// Drawn for many at once: to ask for each would cost more than all else here.
const drawn = Buffer.alloc(4_096);
let used = drawn.length;

function randomHex(bytes: number): string {
  if (used + bytes > drawn.length) {
    randomFillSync(drawn);
    used = 0;
  }
  const from = used;
  used += bytes;
  return drawn.toString('hex', from, used);
}
