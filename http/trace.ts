// The trace of one request: joins the caller's or begins one, and names this service's own span in it.
import { parseTraceparent } from '../runtime/trace.ts';

export interface Trace {
  readonly traceId: string;
  /** This service's span: what upstreams are given and the reply tells. */
  readonly traceparent: string;
}

/** `newId` gives UUIDs. A malformed `traceparent` is as good as none, says the standard. */
export function traceOf(header: string | undefined, newId: () => string): Trace {
  const [, incomingId, , flags = '01'] = parseTraceparent(header)?.split('-') ?? [];
  const traceId = incomingId ?? hex(newId());
  const spanId = hex(newId()).slice(-16);
  return { traceId, traceparent: `00-${traceId}-${spanId}-${flags}` };
}

function hex(id: string): string {
  return id.replaceAll('-', '');
}
