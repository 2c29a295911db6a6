// Walking a keyset-paged read to its end.
import type { Page, PageRequest } from '../runtime/store.ts';
import { batchSize } from './batches.ts';

/** The pages' items, page by page; the cursor keeps its place while rows leave the set behind it. */
export async function* pagesOf<Item>(
  read: (request: PageRequest) => Promise<Page<Item>>,
  signal: AbortSignal,
): AsyncGenerator<readonly Item[]> {
  let cursor: string | null = null;
  do {
    signal.throwIfAborted();
    const page: Page<Item> = await read({ limit: batchSize, cursor });
    if (page.items.length > 0) yield page.items;
    cursor = page.nextCursor;
  } while (cursor !== null);
}
