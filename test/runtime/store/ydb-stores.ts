// A YDB store for one test, on the local server: its clock stands still, and everything it was asked is on record.
import { Metadata } from '@grpc/grpc-js';
import { pino } from 'pino';
import { realTime } from '../../../runtime/clock.ts';
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
