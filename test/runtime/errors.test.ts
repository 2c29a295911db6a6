// Errors answer which status and whether to try again, and tell no outsider's words.
import { expect, test } from 'vitest';
import { asServiceError, describeError, ServiceError } from '../../runtime/errors.ts';
import { judgeFailure } from '../../runtime/tasks/backoff.ts';

const outage = new ServiceError('upstream_unavailable', 'driver-profiles: no reply');

test('a foreign error is internal and its words stay out of the description', () => {
  expect(describeError(new Error('phone +79990001122 is odd'))).toBe('internal: unexpected failure');
  expect(asServiceError(outage)).toBe(outage);
});

test('an abort is a cancellation', () => {
  expect(asServiceError(AbortSignal.abort().reason)).toMatchObject({ code: 'cancelled', retryable: true });
});

test('an outage is retried however often it failed, within five minutes', () => {
  for (const attempt of [1, 2, 8, 30, 1000]) {
    const verdict = judgeFailure(outage, { attempt, refusals: 7 }, () => 0.999_999);
    expect(verdict.verdict).toBe('retry');
    if (verdict.verdict === 'retry') expect(verdict.delayMs).toBeLessThanOrEqual(300_000);
  }
});

test('jitter is full: from nothing to the cap of the attempt', () => {
  expect(judgeFailure(outage, { attempt: 3, refusals: 0 }, () => 0)).toEqual({ verdict: 'retry', delayMs: 0, refused: false });
  expect(judgeFailure(outage, { attempt: 3, refusals: 0 }, () => 0.5)).toEqual({ verdict: 'retry', delayMs: 1000, refused: false });
});

test('another failure ends as a dead letter when it came eight times, a broken payload at once', () => {
  expect(judgeFailure(new Error('bug'), { attempt: 7, refusals: 6 }, () => 0.5)).toMatchObject({ verdict: 'retry', refused: true });
  expect(judgeFailure(new Error('bug'), { attempt: 8, refusals: 7 }, () => 0.5).verdict).toBe('bury');
  expect(judgeFailure(new ServiceError('payload_malformed', 'task payload'), { attempt: 1, refusals: 0 }, () => 0.5).verdict).toBe('bury');
});

test('a refusal after a long outage is the first of eight, not the last', () => {
  expect(judgeFailure(new Error('bug'), { attempt: 900, refusals: 0 }, () => 0.5)).toMatchObject({ verdict: 'retry', refused: true });
});
