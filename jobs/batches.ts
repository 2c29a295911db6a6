// Cutting long work into transactions of bounded size, with a place to stop between them.

/** Matchings or rows per transaction: enough to amortise the commit, few enough that a conflict or a stop costs little. */
export const batchSize = 500;

export function* batchesOf<Item>(items: Iterable<Item>, size: number = batchSize): Generator<Item[]> {
  let batch: Item[] = [];
  for (const item of items) {
    batch.push(item);
    if (batch.length === size) {
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) yield batch;
}

/** Handles batches one after another; throws the signal's reason between two of them. */
export async function forEachBatch<Item>(
  items: Iterable<Item>,
  handle: (batch: readonly Item[]) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  for (const batch of batchesOf(items)) {
    signal.throwIfAborted();
    await handle(batch);
  }
}
