// One server and one raw client per test, closed with it.
import { onTestFinished } from 'vitest';
import { startYdbServer, type YdbServer, type YdbServerOptions } from '../../ydb-server/server.ts';
import { RawClient } from './client.ts';

export const startMs = Date.parse('2026-03-01T00:00:00Z');

export interface Running {
  readonly server: YdbServer;
  readonly client: RawClient;
  /** A session of its own for each caller. */
  readonly session: () => Promise<string>;
}

export async function running(options: YdbServerOptions = {}): Promise<Running> {
  const server = await startYdbServer({ nowMs: () => startMs, ...options });
  const client = new RawClient(server);
  onTestFinished(async () => {
    client.close();
    await server.close();
  });
  return { server, client, session: () => client.session() };
}

/** Rows of a result as plain values: 64-bit numbers and small ones alike as numbers, bytes as text. */
export function cells(rows: readonly (readonly object[])[]): unknown[][] {
  return rows.map((row) => row.map(cell));
}

function cell(value: object): unknown {
  const [field, held] = Object.entries(value).find(([name]) => name.endsWith('Value') || name === 'low_128') ?? [];
  if (field === 'nullFlagValue') return null;
  if (held instanceof Uint8Array) return Buffer.from(held).toString('utf8');
  return typeof held === 'object' && held !== null ? Number(String(held)) : held;
}

/** What is wanted to hold soon holds: asked again at each turn of the loop. */
export async function until(test: () => boolean): Promise<void> {
  while (!test()) await new Promise((resolve) => setImmediate(resolve));
}
