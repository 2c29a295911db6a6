// Counts and times the transactions of an adapter, reruns included.
import { ServiceError } from '../errors.ts';
import type { Metrics } from '../metrics.ts';
import { inSpan, type SpanOptions } from '../trace.ts';

const span: SpanOptions = { name: 'store transaction', kind: 'client', attributes: { 'db.operation.name': 'transaction' } };

/** `transaction` settles after the commit; what it throws passes unchanged. */
export async function measured<Result>(metrics: Metrics | undefined, transaction: () => Promise<Result>): Promise<Result> {
  const startedMs = performance.now();
  let outcome = 'rolled_back';
  try {
    const result = await inSpan(span, transaction);
    outcome = 'committed';
    return result;
  } catch (error) {
    if (error instanceof ServiceError && error.code.startsWith('store_')) outcome = error.code;
    throw error;
  } finally {
    metrics?.storeTransactions.inc({ outcome });
    metrics?.storeDuration.observe((performance.now() - startedMs) / 1_000);
  }
}
