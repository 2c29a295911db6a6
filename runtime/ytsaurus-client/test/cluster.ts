// A client and a local cluster for one test; both end with it.
import { onTestFinished } from 'vitest';
import { startYtProxy, type YtProxy } from '../../../test/sandbox/yt-proxy/proxy.ts';
import { YtClient, type YtClientOptions } from '../src/client.ts';

export interface TestCluster {
  readonly yt: YtClient;
  readonly proxy: YtProxy;
}

/** Pauses are short, so that what is repeated at all is repeated at once. */
export const quickRetry = { budgetMs: 2_000, baseMs: 5, capMs: 20 };

export async function startCluster(options: Partial<YtClientOptions> = {}, directory: string | null = null): Promise<TestCluster> {
  const proxy = await startYtProxy({ directory });
  const yt = new YtClient({ proxy: proxy.url, retry: quickRetry, ...options });
  onTestFinished(async () => {
    await yt.close();
    await proxy.close();
  });
  return { yt, proxy };
}

export async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const collected: Item[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}

export function numbered(count: number): { n: number }[] {
  return Array.from({ length: count }, (_, n) => ({ n }));
}

/** The error that `work` ends with; it must end with one. */
export async function errorOf(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
  } catch (error) {
    return error;
  }
  throw new Error('the work was expected to fail');
}
