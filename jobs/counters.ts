// Counters of a job's thread, brought home to the registry that is scraped: each thread has metrics of its own.
import { Counter, type Registry } from 'prom-client';
import type { Metrics } from '../runtime/metrics.ts';

export interface CounterSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

/** Our own counters that have counted anything. */
export async function counterSamples({ registry }: Metrics): Promise<CounterSample[]> {
  const metrics = await registry.getMetricsAsJSON();
  const samples = metrics.flatMap(({ name, values }) => values.map(({ labels, value }) => ({ name, labels: definedOf(labels), value })));
  return samples.filter(({ name, value }) => value > 0 && isOurCounter(registry, name));
}

function definedOf(labels: Readonly<Partial<Record<string, string | number>>>): CounterSample['labels'] {
  return Object.fromEntries(Object.entries(labels).flatMap(([label, value]) => (value === undefined ? [] : [[label, value]])));
}

/** Those of the process, such as CPU time, are counted once for all its threads already. */
function isOurCounter(registry: Registry, name: string): boolean {
  return registry.getSingleMetric(name) instanceof Counter && !/^(process|nodejs)_/.test(name);
}

export function addCounters({ registry }: Metrics, samples: readonly CounterSample[]): void {
  for (const { name, labels, value } of samples) {
    const counter = registry.getSingleMetric(name);
    if (counter instanceof Counter) counter.inc({ ...labels }, value);
  }
}
