// Sessions, attach streams and transactions as the wire shows them.
import { expect, test } from 'vitest';
import { Status } from '../../ydb-server/errors.ts';
import { oneShot, serializable, snapshot } from './client.ts';
import { cells, running, until } from './running.ts';

test('refuses a session that it does not know', async () => {
  const { client } = await running();
  expect(await client.execute('nobody', 'SELECT 1')).toMatchObject(
    { status: Status.BAD_SESSION, issues: [{ message: 'Session not found: nobody' }] },
  );
});

test('refuses a second query while the first one runs on the same session', async () => {
  const { server, client, session } = await running();
  const id = await session();
  server.faults.add({ rpc: 'Query.ExecuteQuery', at: 'between', fault: { kind: 'hang' } });
  client.stream('ExecuteQuery', { sessionId: id, execMode: 50, queryContent: { text: 'SELECT 1 AS one' } }).on('error', () => {});
  await until(() => server.faults.fired.length === 1);
  expect(await client.execute(id, 'SELECT 2')).toMatchObject({ status: Status.SESSION_BUSY });
});

test('ends the session and its transactions when the attach stream is cancelled', async () => {
  const { server, client, session } = await running();
  const id = await session();
  const attached = client.stream('AttachSession', { sessionId: id }).on('error', () => {});
  await new Promise((resolve) => attached.once('data', resolve));
  await client.execute(id, 'SELECT 1', { tx: serializable });
  expect(server.openTransactions).toBe(1);
  attached.cancel();
  await until(() => server.sessions === 0);
  expect(server.openTransactions).toBe(0);
  expect(await client.execute(id, 'SELECT 1')).toMatchObject({ status: Status.BAD_SESSION });
});

test('deletes any session with success, known or not', async () => {
  const { client } = await running();
  expect(await client.unary('DeleteSession', { sessionId: 'nobody' })).toMatchObject({ status: Status.SUCCESS });
});

test('holds no more than a thousand sessions', async () => {
  const { client, session } = await running();
  await Promise.all(Array.from({ length: 1_000 }, session));
  expect(await client.unary('CreateSession', {})).toMatchObject({ status: Status.OVERLOADED });
});

test('names an open transaction in the reply, and none after the commit flag', async () => {
  const { client, session } = await running();
  const id = await session();
  const first = await client.execute(id, 'SELECT 1', { tx: serializable });
  expect(first.txId).not.toBe('');
  const last = await client.execute(id, 'SELECT 1', { tx: { txId: first.txId, commitTx: true } });
  expect(last).toMatchObject({ status: Status.SUCCESS, txId: '' });
  expect(
    await client.execute(id, 'SELECT 1', { tx: { txId: first.txId } }),
  ).toMatchObject({ status: Status.NOT_FOUND, issues: [{ issueCode: 2015 }] });
});

test('forgets a transaction after an error in it', async () => {
  const { server, client, session } = await running();
  const id = await session();
  const { txId } = await client.execute(id, 'SELECT 1', { tx: serializable });
  expect(await client.execute(id, 'SELECT nothing', { tx: { txId } })).toMatchObject({ status: Status.GENERIC_ERROR });
  expect(server.openTransactions).toBe(0);
  expect(await client.unary('CommitTransaction', { sessionId: id, txId })).toMatchObject({ status: Status.NOT_FOUND });
});

test('closes a session that opens more than ten transactions', async () => {
  const { client, session } = await running();
  const id = await session();
  for (let index = 0; index < 10; index += 1) await client.execute(id, 'SELECT 1', { tx: serializable });
  expect(await client.execute(id, 'SELECT 1', { tx: serializable })).toMatchObject(
    { status: Status.BAD_SESSION, issues: [{ issueCode: 2014 }] },
  );
});

test.each([
  ['an empty tx_control', { tx: {} }, 'Invalid tx_control settings'],
  ['an empty begin_tx', { tx: { beginTx: {} } }, 'Empty tx_settings.'],
])('refuses %s', async (_, options, message) => {
  const { client, session } = await running();
  expect(await client.execute(await session(), 'SELECT 1', options)).toMatchObject({ status: Status.BAD_REQUEST, issues: [{ message }] });
});

test('begins no open transaction of stale or online reads', async () => {
  const { client, session } = await running();
  const request = { sessionId: await session(), txSettings: { staleReadOnly: {} } };
  expect(await client.unary('BeginTransaction', request)).toMatchObject({ status: Status.BAD_REQUEST });
});

test('splits a long result into parts of one index, and sends columns even without rows', async () => {
  const { client, session } = await running({ rowsPerPart: 2 });
  const text = `SELECT * FROM AS_TABLE(AsList(AsStruct(1 AS a), AsStruct(2 AS a), AsStruct(3 AS a)));
    SELECT 1 AS b FROM AS_TABLE(AsList(AsStruct(1 AS a))) WHERE a > 1;`;
  const reply = await client.execute(await session(), text, { tx: snapshot });
  expect(reply.parts.map(({ resultSetIndex }) => Number(resultSetIndex))).toEqual([0, 0, 1]);
  expect(cells(reply.sets[0]!.rows)).toEqual([[1], [2], [3]]);
  expect(reply.sets[1]).toMatchObject({ columns: ['b'], rows: [] });
});

test('sends no part at all for a plain write with the commit flag', async () => {
  const { server, client, session } = await running();
  server.execute('CREATE TABLE t (id Uint64 NOT NULL, PRIMARY KEY (id))');
  const reply = await client.execute(await session(), 'UPSERT INTO t (id) VALUES (1)', { tx: oneShot });
  expect(reply.parts).toEqual([]);
  expect(server.tables.rows('t')).toEqual([{ id: 1n }]);
});

test('refuses long texts, missing and mistyped parameters', async () => {
  const { client, session } = await running();
  const id = await session();
  expect(await client.execute(id, `SELECT 1 -- ${'x'.repeat(10_240)}`)).toMatchObject({ status: Status.BAD_REQUEST });
  expect(await client.execute(id, 'DECLARE $a AS Utf8; SELECT $a')).toMatchObject(
    { status: Status.BAD_REQUEST, issues: [{ message: 'Missing value for parameter: $a' }] },
  );
  const mistyped = await client.execute(
    id,
    'DECLARE $a AS Utf8; SELECT $a',
    { parameters: { a: [{ kind: 'primitive', name: 'Int32' }, 1] } },
  );
  expect(mistyped.issues[0]?.message).toBe('Parameter $a type mismatch, expected: Utf8, actual: Int32');
  expect(await client.execute(id, 'SELECT $a')).toMatchObject(
    { status: Status.GENERIC_ERROR, issues: [{ message: '1:8: Unknown name: $a' }] },
  );
});
