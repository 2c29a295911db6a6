// Times the reads of an adapter. Transactions are measured by the adapters themselves, which know of reruns.
import { asServiceError } from '../errors.ts';
import type { Metrics } from '../metrics.ts';
import type { Store } from '../store.ts';
import { inSpan, type SpanOptions } from '../trace.ts';

type Read = (...args: unknown[]) => Promise<unknown>;

/** `now` costs next to nothing, and the others are no reads. */
const unobserved: ReadonlySet<string> = new Set(['now', 'transact', 'migrate', 'ping', 'close'] satisfies (keyof Store)[]);

export function observeReads(store: Store, metrics: Metrics): Store {
  const reads = Object.entries(store).filter(([name]) => !unobserved.has(name));
  return { ...store, ...Object.fromEntries(reads.map(([name, read]) => [name, observed(name, read as Read, metrics)])) };
}

function observed(operation: string, read: Read, metrics: Metrics): Read {
  const duration = metrics.storeReadDuration.labels({ operation });
  const span: SpanOptions = { name: `store ${operation}`, kind: 'client', attributes: { 'db.operation.name': operation } };
  return async (...args) => {
    const startedMs = performance.now();
    try {
      return await inSpan(span, () => read(...args));
    } catch (error) {
      metrics.storeReadFailures.inc({ operation, code: asServiceError(error).code });
      throw error;
    } finally {
      duration.observe((performance.now() - startedMs) / 1_000);
    }
  };
}
