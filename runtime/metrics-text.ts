// The metrics as they are scraped: the registry's own, with what ended threads had observed added to its histograms.
import { AggregatorRegistry, Histogram, type Registry } from 'prom-client';
import type { HistogramSample, Metrics } from './metrics.ts';

export async function metricsText({ registry, carried }: Metrics): Promise<string> {
  const texts = registry.getMetricsAsArray().map(async ({ name }) => {
    const metric = registry.getSingleMetric(name);
    const more = carried.get(name);
    if (more === undefined || !(metric instanceof Histogram)) return registry.getSingleMetricAsString(name);
    return sumOf(await metric.get(), more).getSingleMetricAsString(name);
  });
  return `${(await Promise.all(texts)).join('\n\n')}\n`;
}

/** Our own histograms that have observed anything, for the thread that is scraped. */
export async function histogramSamples({ registry }: Metrics): Promise<HistogramSample[]> {
  const ours = registry.getMetricsAsArray().flatMap(({ name }) => {
    const metric = registry.getSingleMetric(name);
    return metric instanceof Histogram && !name.startsWith('nodejs_') ? [metric.get()] : [];
  });
  return (await Promise.all(ours)).filter(({ values }) => values.length > 0);
}

export function addHistograms({ carried }: Metrics, samples: readonly HistogramSample[]): void {
  for (const sample of samples) {
    const { name, help, type, aggregator } = sample;
    const earlier = carried.get(name) ?? { name, help, type, aggregator, values: [] } as unknown as HistogramSample;
    // What an aggregating registry holds is the metric's data itself.
    carried.set(name, sumOf(earlier, sample).getSingleMetric(name) as unknown as HistogramSample);
  }
}

function sumOf(one: HistogramSample, other: HistogramSample): Registry {
  return AggregatorRegistry.aggregate([[one], [other]]);
}
