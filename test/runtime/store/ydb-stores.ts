// A YDB store for one test, on the local server: its clock stands still, and everything it was asked is on record.
import { Metadata } from '@grpc/grpc-js';
import { pino } from 'pino';
import { vi } from 'vitest';
import { realTime } from '../../../runtime/clock.ts';
import { YdbClient } from '../../../runtime/store/ydb/client.ts';
import { Connection } from '../../../runtime/store/ydb/connection.ts';
import { parseAddress } from '../../../runtime/store/ydb/driver.ts';
import { ydb } from '../../../runtime/store/ydb/sdk.ts';
import { schemaStatements } from '../../../runtime/store/ydb/statements.ts';
import { openYdbStore, type YdbStore, type YdbStoreOptions } from '../../../runtime/store/ydb/store.ts';
import { suiteStartMs } from '../../suites/records.ts';
import { startYdbServer, type YdbServer, type YdbServerOptions } from '../../ydb-server/server.ts';

export const silentLog = pino({ level: 'silent' });
export const anonymous = { getAuthMetadata: async () => new Metadata() };

export interface YdbUnderTest extends YdbStore {
  readonly server: YdbServer;
  readonly passTime: (ms: number) => void;
  close(): Promise<void>;
}

export async function openOnLocalServer(
  serverOptions: Partial<YdbServerOptions> = {},
  storeOptions: Partial<YdbStoreOptions> = {},
): Promise<YdbUnderTest> {
  let databaseMs = suiteStartMs;
  const server = await startYdbServer({ nowMs: () => databaseMs, ...serverOptions });
  const { connectionString } = server;
  const opened = openYdbStore({ connectionString, timescale: realTime, log: silentLog, credentials: anonymous, ...storeOptions });
  await opened.store.migrate();
  return {
    ...opened,
    server,
    passTime: (ms) => {
      databaseMs += ms;
    },
    close: async () => {
      await opened.store.close();
      await server.close();
    },
  };
}

/** Where the environment names a server of its own, the suites run there too. */
export const realConnectionString = process.env['YDB_CONNECTION_STRING'];

/**
 * A store on a server that is not ours: emptied before each test, and told the time, because its clock can be neither stopped nor
 * moved. Credentials as the environment gives them.
 */
export async function openOnRealServer(connectionString: string): Promise<YdbStore & Pick<YdbUnderTest, 'passTime' | 'close'>> {
  let databaseMs = suiteStartMs;
  const opened = openYdbStore({ connectionString, timescale: realTime, log: silentLog, databaseNowMs: () => databaseMs, retryBudgetMs: 30_000 });
  await vi.waitFor(() => opened.store.migrate(), { timeout: 30_000, interval: 100 });
  await assertOurs(opened);
  await emptyTables(connectionString);
  await opened.store.transact((tx) => tx.putJobState(ownMark, 'yes'));
  return {
    ...opened,
    passTime: (ms) => void (databaseMs += ms),
    close: () => opened.store.close(),
  };
}

const ownMark = 'emptied-by-tests';

/** The same variable names the database of a running service: one that holds matchings no test has made is left alone. */
async function assertOurs({ store }: YdbStore): Promise<void> {
  if ((await store.jobState(ownMark)) !== null) return;
  const { items } = await store.listMatchings({}, { limit: 1, cursor: null });
  if (items.length > 0) throw new Error('YDB_CONNECTION_STRING names a database that is in use: the tests would empty it');
}

const tableNames = schemaStatements.flatMap((statement) => /^CREATE TABLE IF NOT EXISTS (\w+)/.exec(statement)?.[1] ?? []);

async function emptyTables(connectionString: string): Promise<void> {
  const credentials = ydb().getCredentialsFromEnv();
  const connection = new Connection(parseAddress(connectionString), { log: silentLog, poolSize: 1, credentials });
  const client = new YdbClient({ connection, attemptTimeoutMs: 30_000, log: silentLog, databaseNowMs: null });
  for (const name of tableNames.filter((table) => table !== 'schema_versions')) await client.scheme(`DELETE FROM ${name};`);
  await connection.close();
}
