// Limits on waiting, where something can be done without what is waited for.
import { ServiceError } from '../errors.ts';

/**
 * Throws `store_unavailable` when the time is up: `work` is then told to stop, but may still have come, or come, to its end.
 * `outer` ends the work too, and what the work makes of that is thrown.
 */
export function withinTime<Result>(limitMs: number, work: (signal: AbortSignal) => Promise<Result>, outer?: AbortSignal): Promise<Result> {
  const late = Promise.withResolvers<never>();
  const giveUp = (): void => late.reject(new ServiceError('store_unavailable', 'the store did not answer in time'));
  return stoppedAfter(limitMs, (signal) => Promise.race([late.promise, work(signal)]), { outer, giveUp });
}

export interface StopOptions {
  readonly outer?: AbortSignal | undefined;
  /** Called when the time is up, before `work` is told. */
  readonly giveUp?: () => void;
}

/** Tells `work` to stop when the time is up or `outer` aborts, and gives what it makes of that. */
export async function stoppedAfter<Result>(
  limitMs: number,
  work: (signal: AbortSignal) => Promise<Result>,
  { outer, giveUp }: StopOptions = {},
): Promise<Result> {
  const limit = new AbortController();
  const timer = setTimeout(() => {
    giveUp?.();
    limit.abort();
  }, limitMs);
  // `AbortSignal.any` costs several times as much, and the collector has to end it.
  const follow = (): void => limit.abort(outer?.reason);
  outer?.addEventListener('abort', follow, { once: true });
  if (outer?.aborted === true) follow();
  try {
    return await work(limit.signal);
  } finally {
    clearTimeout(timer);
    outer?.removeEventListener('abort', follow);
  }
}
