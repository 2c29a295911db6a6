// Time in a stage out of a histogram.
import { expect, test } from 'vitest';
import { addHistograms, histogramSamples } from '../../runtime/metrics-text.ts';
import { createMetrics } from '../../runtime/metrics.ts';
import { stageTimes } from '../../runtime/stage-times.ts';

const hour = 3_600;

test('knows nothing of a status that nobody has left', async () => {
  const timeOf = await stageTimes(createMetrics());
  expect(timeOf('created')).toBeNull();
});

test('places the median and the ninth of ten inside their buckets', async () => {
  const metrics = createMetrics();
  for (let minute = 0; minute < 10; minute += 1) metrics.stageDuration.observe({ status: 'created' }, 30);
  metrics.stageDuration.observe({ status: 'matched' }, 2 * hour);
  const timeOf = await stageTimes(metrics);
  expect(timeOf('created')).toEqual({ count: 10, medianMs: 30_000, p90Ms: 54_000 });
  const matched = timeOf('matched');
  expect(matched?.count).toBe(1);
  expect(matched?.medianMs).toBeGreaterThan(hour * 1_000);
  expect(matched?.medianMs).toBeLessThanOrEqual(6 * hour * 1_000);
});

test('counts what jobs observed in threads that have ended, and names the last bound for what lies beyond it', async () => {
  const [metrics, thread] = [createMetrics(), createMetrics()];
  thread.stageDuration.observe({ status: 'finished' }, 400 * 24 * hour);
  addHistograms(metrics, await histogramSamples(thread));
  metrics.stageDuration.observe({ status: 'finished' }, 400 * 24 * hour);
  expect((await stageTimes(metrics))('finished')).toEqual({ count: 2, medianMs: 30 * 24 * hour * 1_000, p90Ms: 30 * 24 * hour * 1_000 });
});
