// What a store adapter hands to the shared suites, opened anew for each test.
import { afterEach, beforeEach } from 'vitest';
import type { MatchingRecord } from '../../machines/matching-record.ts';
import type { LeaseTable } from '../../runtime/lock.ts';
import type { Page, PageRequest, Store } from '../../runtime/store.ts';
import type { Retention } from '../../runtime/retention.ts';
import type { TaskQueue } from '../../runtime/tasks.ts';

export interface StoreUnderTest {
  readonly store: Store;
  readonly tasks: TaskQueue;
  readonly leases: LeaseTable;
  /** Moves the database's clock, which stands still otherwise; it starts at `suiteStartMs`. Programme time is database time. */
  readonly passTime: (ms: number) => void;
  close(): Promise<void>;
}

export type OpenStore = () => Promise<StoreUnderTest>;

/** A store whose adapter has its retention too. */
export interface RetainingStore extends StoreUnderTest {
  readonly retention: Retention;
}

/** Answers the store of the running test. */
export function storeOfEachTest<Opened extends StoreUnderTest>(open: () => Promise<Opened>): () => Opened {
  let opened: Opened | null = null;
  beforeEach(async () => {
    opened = await open();
  });
  afterEach(async () => {
    await opened?.close();
    opened = null;
  });
  return () => {
    if (opened === null) throw new TypeError('no store is open');
    return opened;
  };
}

export async function insertMatchings(store: Store, ...records: readonly MatchingRecord[]): Promise<void> {
  await store.transact(async (tx) => {
    for (const record of records) await tx.insertMatching(record);
  });
}

/** All pages of a list, each of `limit`. */
export async function allPages<Item>(limit: number, list: (page: PageRequest) => Promise<Page<Item>>): Promise<Item[][]> {
  const pages: Item[][] = [];
  for (let cursor: string | null = null; ; ) {
    const page: Page<Item> = await list({ limit, cursor });
    pages.push([...page.items]);
    cursor = page.nextCursor;
    if (cursor === null) return pages;
  }
}
