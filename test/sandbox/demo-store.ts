// The demo's store: a file of its own, a real YDB where the environment names one, or the local YDB server of the tests.
import type { StoreConfig } from '../../runtime/config/config.ts';
import { startYdbServer } from '../ydb-server/server.ts';
import type { DemoOptions } from './demo-options.ts';

export interface DemoStore {
  /** Null for what the service would choose by itself: SQLite in the demo's directory. */
  readonly config: StoreConfig | null;
  readonly remark: string | null;
  close(): Promise<void>;
}

/** The local server keeps nothing once it is closed, so its story cannot be continued. */
export function isForgetful({ store }: DemoOptions): boolean {
  return store === 'ydb' && process.env['YDB_CONNECTION_STRING'] === undefined;
}

export async function openDemoStore(options: DemoOptions): Promise<DemoStore> {
  if (options.store === 'sqlite') return { config: null, remark: null, close: async () => {} };
  const real = process.env['YDB_CONNECTION_STRING'];
  if (real !== undefined) return { config: { kind: 'ydb', connectionString: real }, remark: null, close: async () => {} };
  const server = await startYdbServer();
  // Read by the client of this process and of its job threads; the local server asks for no credentials.
  process.env['YDB_ANONYMOUS_CREDENTIALS'] = '1';
  return {
    config: { kind: 'ydb', connectionString: server.connectionString },
    remark: `A local YDB server runs at ${server.connectionString}; it keeps its rows in memory.`,
    close: () => server.close(),
  };
}
