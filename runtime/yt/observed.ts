// Every operation of the port passes here: counted, timed, the cluster's failure turned into the service's own.
import { asServiceError } from '../errors.ts';
import type { Metrics } from '../metrics.ts';
import { inSpan, type SpanOptions } from '../trace.ts';
import { asYtFailure } from './failure.ts';

export interface Operation {
  /** Label of the metrics. */
  readonly method: string;
  /** What errors name: the operation and its table. */
  readonly place: string;
}

export async function observed<Result>(metrics: Metrics, operation: Operation, work: () => Promise<Result>, signal?: AbortSignal): Promise<Result> {
  const labels = { upstream: 'yt', method: operation.method };
  const stopTimer = metrics.upstreamDuration.startTimer(labels);
  let outcome = 'ok';
  try {
    return await inSpan(spanOf(operation), async () => {
      try {
        return await work();
      } catch (error) {
        throw asYtFailure(operation.place, error, signal);
      }
    });
  } catch (error) {
    outcome = asServiceError(error).code;
    throw error;
  } finally {
    stopTimer();
    metrics.upstreamRequests.inc({ ...labels, outcome });
  }
}

/** Without the table: its path may be anything. */
function spanOf({ method }: Operation): SpanOptions {
  return { name: `yt ${method}`, kind: 'client', attributes: { 'mentorship.upstream': 'yt', 'mentorship.upstream.method': method } };
}
