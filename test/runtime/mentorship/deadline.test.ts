// Waiting for the store no longer than allowed.
import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { withinTime } from '../../../runtime/mentorship/deadline.ts';

const ample = 60_000;

/** Ends when it is told to, with the reason it was given. */
function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const end = (): void => reject(signal.reason as Error);
    if (signal.aborted) end();
    else signal.addEventListener('abort', end);
  });
}

test('answers what the work answers, and leaves nothing behind on the signal of the caller', async () => {
  const outer = new AbortController();
  expect(await withinTime(ample, async () => getEventListeners(outer.signal, 'abort').length, outer.signal)).toBe(1);
  expect(getEventListeners(outer.signal, 'abort')).toEqual([]);
  await expect(withinTime(ample, () => Promise.reject(new TypeError('broken')), outer.signal)).rejects.toThrow('broken');
  expect(getEventListeners(outer.signal, 'abort')).toEqual([]);
});

test('work that takes too long is told to stop and is not waited for', async () => {
  let told: AbortSignal | null = null;
  const waiting = withinTime(1, (signal) => {
    told = signal;
    return new Promise(() => {});
  });
  await expect(waiting).rejects.toMatchObject({ code: 'store_unavailable' });
  expect(told).toMatchObject({ aborted: true });
});

test.each(['before', 'during'] as const)('the caller leaves %s the work: the work ends for his reason', async (when) => {
  const outer = new AbortController();
  const reason = new RangeError('the client left');
  if (when === 'before') outer.abort(reason);
  const waiting = withinTime(ample, untilAborted, outer.signal);
  outer.abort(reason);
  await expect(waiting).rejects.toBe(reason);
});
