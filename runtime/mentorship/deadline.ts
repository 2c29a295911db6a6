// A limit on waiting for the store where something can be done without it.
import { ServiceError } from '../errors.ts';

/**
 * Throws `store_unavailable` when the time is up: `work` is then told to stop, but may still have come, or come, to its end.
 * `outer` ends the work too, and what the work makes of that is thrown.
 */
export async function withinTime<Result>(limitMs: number, work: (signal: AbortSignal) => Promise<Result>, outer?: AbortSignal): Promise<Result> {
  const limit = new AbortController();
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    late.reject(new ServiceError('store_unavailable', 'the store did not answer in time'));
    limit.abort();
  }, limitMs);
  // `AbortSignal.any` costs several times as much, and the collector has to end it.
  const follow = (): void => limit.abort(outer?.reason);
  outer?.addEventListener('abort', follow, { once: true });
  if (outer?.aborted === true) follow();
  try {
    return await Promise.race([late.promise, work(limit.signal)]);
  } finally {
    clearTimeout(timer);
    outer?.removeEventListener('abort', follow);
  }
}
