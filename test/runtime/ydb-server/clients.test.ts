// Both public clients work with the server, as they do with a real one.
import { createRequire } from 'node:module';
import { Driver } from '@ydbjs/core';
import { query } from '@ydbjs/query';
import { Uint64, Utf8 } from '@ydbjs/value/primitive';
import type * as Library from 'ydb-sdk';
import { expect, onTestFinished, test } from 'vitest';
import { Status } from '../../ydb-server/errors.ts';
import { type Running, running, startMs, until } from './running.ts';

// Its default export depends on the loader; `require` gives every loader the same.
const ydb = createRequire(import.meta.url)('ydb-sdk') as typeof Library;
type QuerySession = Library.QuerySession;

const table = 'CREATE TABLE IF NOT EXISTS notes (id Uint64 NOT NULL, text Utf8, at Timestamp, PRIMARY KEY (id));';
const rawRows = 1;

async function sdkClient(connectionString: string) {
  const silent = { fatal() {}, error() {}, warn() {}, info() {}, debug() {}, trace() {} };
  const driver = new ydb.Driver({ connectionString, authService: new ydb.AnonymousAuthService(), logger: silent });
  onTestFinished(() => driver.destroy());
  expect(await driver.ready(5_000)).toBe(true);
  return driver;
}

async function drain(session: QuerySession, request: Parameters<QuerySession['execute']>[0]): Promise<Library.Ydb.IValue[]> {
  const { resultSets, opFinished } = await session.execute({ ...request, rowMode: rawRows });
  opFinished.catch(() => {});
  const rows: Library.Ydb.IValue[] = [];
  for await (const set of resultSets) for await (const row of set.rows) rows.push(row);
  await opFinished;
  return rows;
}

test('ydb-sdk writes in a transaction, commits, and reads many parts back', async () => {
  const { server } = await running({ rowsPerPart: 10 });
  const driver = await sdkClient(server.connectionString);
  const { TypedValues, Types } = ydb;
  await driver.queryClient.do({ fn: (session) => drain(session, { text: table }) });
  const rows = TypedValues.list(
    Types.struct({ id: Types.UINT64, text: Types.UTF8 }),
    Array.from({ length: 45 }, (_, id) => ({ id, text: `n${id}` })),
  );
  await driver.queryClient.do({
    fn: async (session) => {
      const text = `DECLARE $rows AS List<Struct<id:Uint64,text:Utf8>>;
        UPSERT INTO notes SELECT id, text, CurrentUtcTimestamp() AS at FROM AS_TABLE($rows);`;
      await drain(session, { text, parameters: { $rows: rows }, txControl: { beginTx: { serializableReadWrite: {} } } });
      expect(session.txId).toBeTypeOf('string');
      await session.commitTransaction();
    },
  });
  const read = await driver.queryClient.do(
    {
      fn: (session) => drain(
        session,
        { text: 'SELECT id, at FROM notes', txControl: { beginTx: { snapshotReadOnly: {} }, commitTx: true } },
      ),
    },
  );
  expect(read).toHaveLength(45);
  expect(String(read[44]?.items?.[1]?.uint64Value)).toBe(`${startMs}000`);
});

test('ydb-sdk gets a new session when the server has lost its own', async () => {
  const { server } = await running();
  const driver = await sdkClient(server.connectionString);
  const one = () => driver.queryClient.do({ fn: (session) => drain(session, { text: 'SELECT 1 AS one' }) });
  await one();
  server.faults.add({ rpc: 'Query.ExecuteQuery', fault: { kind: 'lose-session' } });
  expect(await one()).toHaveLength(1);
  expect(server.calls.filter(({ rpc }) => rpc === 'Query.CreateSession')).toHaveLength(2);
});

test('ydb-sdk keeps using its table service: sessions, prepared queries, descriptions, truncation', async () => {
  const { server } = await running();
  server.execute(table);
  server.execute(`UPSERT INTO notes (id) VALUES ${Array.from({ length: 1_001 }, (_, id) => `(${id})`).join(', ')}`.slice(0, 60_000));
  const driver = await sdkClient(server.connectionString);
  await driver.tableClient.withSession(async (session) => {
    const prepared = await session.prepareQuery('DECLARE $id AS Uint64; SELECT id FROM notes WHERE id < $id');
    const { resultSets } = await session.executeQuery(prepared, { $id: ydb.TypedValues.uint64(5_000) });
    expect(resultSets[0]?.rows).toHaveLength(1_000);
    expect(resultSets[0]?.truncated).toBe(true);
    expect((await session.describeTable('notes')).primaryKey).toEqual(['id']);
    const rows = ydb.TypedValues.list(ydb.Types.struct({ id: ydb.Types.UINT64 }), [{ id: 7_000 }]);
    await session.bulkUpsert('notes', rows as Parameters<typeof session.bulkUpsert>[1]);
  });
  expect(server.tables.rows('notes')).toHaveLength(1_002);
});

/** The client deletes its sessions without waiting for it, so the test does. */
async function ydbjsDriver({ server, session }: Running): Promise<Driver> {
  const driver = new Driver(server.connectionString);
  const count = (name: string): number => server.calls.filter(({ rpc }) => rpc === name).length;
  onTestFinished(async () => {
    await until(() => count('Query.DeleteSession') === count('Query.CreateSession'));
    // A round trip later its answer has come too.
    await session();
    driver.close();
  });
  await driver.ready(AbortSignal.timeout(5_000));
  return driver;
}

test('@ydbjs/query writes, rolls back on a thrown error, and reads', async () => {
  const world = await running();
  const { server } = world;
  server.execute(table);
  const driver = await ydbjsDriver(world);
  const sql = query(driver);
  await sql.begin({ idempotent: true }, async (tx) => {
    await tx`UPSERT INTO notes (id, text) VALUES (${new Uint64(1n)}, ${new Utf8('kept')})`;
  });
  await expect(sql.begin(async (tx) => {
    await tx`UPSERT INTO notes (id, text) VALUES (${new Uint64(2n)}, ${new Utf8('gone')})`;
    throw new Error('changed my mind');
  })).rejects.toThrow();
  expect(await sql`SELECT id, text FROM notes`).toEqual([[{ id: 1n, text: 'kept' }]]);
  expect(server.openTransactions).toBe(0);
});

test('@ydbjs/query shows the status of a refusal', async () => {
  const driver = await ydbjsDriver(await running());
  await expect(query(driver)`SELECT * FROM nowhere`).rejects.toMatchObject({ code: Status.SCHEME_ERROR });
});
