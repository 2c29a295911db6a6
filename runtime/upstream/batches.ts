// Large asks cut into the batches that upstreams accept, a few at a time.
import { request, type JsonCall, type Upstream } from './request.ts';

const batchSize = 200;
const lanes = 4;

/** Every item that the upstream returned for `items`, in the order of the batches. */
export async function requestInBatches<Item, Found>(
  upstream: Upstream,
  items: readonly Item[],
  callOf: (batch: readonly Item[]) => JsonCall<{ items: Found[] }>,
  signal?: AbortSignal,
): Promise<Found[]> {
  const replies = await inBatches(items, (batch, stop) => request(upstream, callOf(batch), stop), signal);
  return replies.flatMap((reply) => reply.items);
}

/** Results in the order of the batches. The first failure stops the batches still under way and is thrown. */
export async function inBatches<Item, Result>(
  items: readonly Item[],
  ask: (batch: readonly Item[], signal: AbortSignal) => Promise<Result>,
  signal?: AbortSignal,
): Promise<Result[]> {
  const stop = new AbortController();
  const abort = (): void => stop.abort();
  if (signal?.aborted === true) abort();
  signal?.addEventListener('abort', abort, { once: true });
  const results: Result[] = [];
  // One iterator shared by all lanes: each takes the next batch when it is done with its last.
  const queue = cut(items).entries();
  const lane = async (): Promise<void> => {
    for (const [index, batch] of queue) results[index] = await ask(batch, stop.signal);
  };
  try {
    await Promise.all(Array.from({ length: lanes }, lane));
    return results;
  } finally {
    abort();
    signal?.removeEventListener('abort', abort);
  }
}

function cut<Item>(items: readonly Item[]): Item[][] {
  const count = Math.ceil(items.length / batchSize);
  return Array.from({ length: count }, (_, index) => items.slice(index * batchSize, (index + 1) * batchSize));
}
