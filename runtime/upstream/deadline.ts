// Deadlines as abort signals, released by hand: a caller's signal may outlive thousands of calls and must not collect them all.

export interface Deadline {
  readonly signal: AbortSignal;
  remainingMs(): number;
  /** Frees the timer and the hold on the parent; call it once the work is over. */
  end(): void;
}

/** A signal that aborts after `ms`, or as soon as `parent` does. */
export function startDeadline(ms: number, parent?: AbortSignal): Deadline {
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  const endsAt = performance.now() + ms;
  const timer = setTimeout(abort, ms);
  if (parent?.aborted === true) abort();
  parent?.addEventListener('abort', abort, { once: true });
  return {
    signal: controller.signal,
    remainingMs: () => endsAt - performance.now(),
    end: () => {
      clearTimeout(timer);
      parent?.removeEventListener('abort', abort);
    },
  };
}

/** The result of `work`, or a rejection as soon as `signal` aborts: for work that cannot be interrupted by itself. */
export async function orAborted<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(signal.reason);
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
