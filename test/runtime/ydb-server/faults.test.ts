// Faults fire where and as often as asked, and outages keep the data.
import { expect, test } from 'vitest';
import { chaosSchedule, playChaos, playScenario, scenarios } from '../../ydb-server/chaos.ts';
import { Status } from '../../ydb-server/errors.ts';
import { seededRandom } from '../../ydb-server/faults.ts';
import { oneShot, RawClient, serializable } from './client.ts';
import { running, until } from './running.ts';

const table = 'CREATE TABLE t (id Uint64 NOT NULL, PRIMARY KEY (id))';
const write = 'UPSERT INTO t (id) VALUES (1)';

test('answers a status instead of the reply, as often as asked', async () => {
  const { server, client, session } = await running();
  const id = await session();
  server.faults.add({ rpc: 'Query.ExecuteQuery', fault: { kind: 'status', status: Status.OVERLOADED }, times: 2 });
  const statuses = [
    await client.execute(id, 'SELECT 1'),
    await client.execute(id, 'SELECT 1'),
    await client.execute(id, 'SELECT 1'),
  ].map(({ status }) => status);
  expect(statuses).toEqual([Status.OVERLOADED, Status.OVERLOADED, Status.SUCCESS]);
  expect(server.faults.fired).toHaveLength(2);
});

test.each([1, 4, 8, 13, 14, 16])('ends a call with the gRPC code %i', async (code) => {
  const { server, client, session } = await running();
  const id = await session();
  server.faults.add({ rpc: 'Query.ExecuteQuery', fault: { kind: 'grpc', code } });
  await expect(client.execute(id, 'SELECT 1')).rejects.toMatchObject({ code });
  server.faults.add({ rpc: 'Query.CreateSession', fault: { kind: 'grpc', code } });
  await expect(client.session()).rejects.toMatchObject({ code });
});

test.each([
  ['lost', { kind: 'grpc', code: 14 }],
  ['undetermined', { kind: 'status', status: Status.UNDETERMINED }],
] as const)('commits although the reply is %s', async (_, fault) => {
  const { server, client, session } = await running();
  server.execute(table);
  const sessionId = await session();
  const { txId } = await client.execute(sessionId, write, { tx: serializable });
  server.faults.add({ rpc: 'Query.CommitTransaction', at: 'after', fault });
  const reply = await client.unary('CommitTransaction', { sessionId, txId }).catch((error: unknown) => error);
  expect(reply).toMatchObject(fault.kind === 'grpc' ? { code: 14 } : { status: Status.UNDETERMINED });
  expect(server.tables.rows('t')).toEqual([{ id: 1n }]);
});

test('ends a stream without parts, and nothing is written', async () => {
  const { server, client, session } = await running();
  server.execute(table);
  server.faults.add({ rpc: 'Query.ExecuteQuery', fault: { kind: 'end' }, matches: ({ text }) => text === write });
  expect((await client.execute(await session(), write, { tx: oneShot })).parts).toEqual([]);
  expect(server.tables.rows('t')).toEqual([]);
});

test('puts an error between the parts', async () => {
  const { server, client, session } = await running();
  server.faults.add({ rpc: 'Query.ExecuteQuery', at: 'between', fault: { kind: 'status', status: Status.UNAVAILABLE } });
  const { parts } = await client.execute(await session(), 'SELECT 1; SELECT 2');
  expect(parts.map(({ status }) => status)).toEqual([Status.SUCCESS, Status.UNAVAILABLE]);
});

test('sends a part larger than clients take by default', async () => {
  const { server, client, session } = await running();
  server.faults.add({ rpc: 'Query.ExecuteQuery', at: 'between', fault: { kind: 'large-part', bytes: 5_000_000 } });
  const { parts } = await client.execute(await session(), 'SELECT 1');
  expect(parts[1]?.issues?.[0]?.message).toHaveLength(5_000_000);
});

test('loses a session together with its transactions', async () => {
  const { server, client, session } = await running();
  const id = await session();
  const { txId } = await client.execute(id, 'SELECT 1', { tx: serializable });
  server.faults.add({ rpc: 'Query.CommitTransaction', fault: { kind: 'lose-session' } });
  expect(await client.unary('CommitTransaction', { sessionId: id, txId })).toMatchObject({ status: Status.BAD_SESSION });
  expect(server.openTransactions).toBe(0);
});

test('ends the attach stream of a session', async () => {
  const { server, client, session } = await running();
  const id = await session();
  const attached = client.stream('AttachSession', { sessionId: id });
  await new Promise((resolve) => attached.once('data', resolve));
  const ended = new Promise((resolve) => attached.once('end', resolve));
  server.faults.add({ rpc: 'Query.ExecuteQuery', at: 'after', fault: { kind: 'end-attach' } });
  await client.execute(id, 'SELECT 1');
  await ended;
  expect(server.sessions).toBe(0);
});

test('hints in the trailer that a session should be closed', async () => {
  const { server, client, session } = await running();
  const id = await session();
  server.faults.add({ rpc: 'Query.ExecuteQuery', fault: { kind: 'close-hint' } });
  const stream = client.stream('ExecuteQuery', { sessionId: id, execMode: 50, queryContent: { text: 'SELECT 1' } });
  const status = await new Promise<{ metadata: { get(name: string): unknown[] } }>((resolve) => stream.on('status', resolve).resume());
  expect(status.metadata.get('x-ydb-server-hints')).toEqual(['session-close']);
});

test('delays a reply', async () => {
  const { server, client, session } = await running();
  const id = await session();
  server.faults.add({ rpc: 'Query.ExecuteQuery', fault: { kind: 'delay', ms: 40 } });
  const startedMs = performance.now();
  await client.execute(id, 'SELECT 1');
  expect(performance.now() - startedMs).toBeGreaterThanOrEqual(39);
});

test('draws the same faults from the same seed', async () => {
  const outcomes = async (seed: number): Promise<number[]> => {
    const { server, client, session } = await running({ seed });
    const id = await session();
    server.faults.add({ rpc: 'Query.ExecuteQuery', fault: { kind: 'status', status: Status.ABORTED }, probability: 0.5, times: Infinity });
    const statuses: number[] = [];
    for (let index = 0; index < 20; index += 1) statuses.push((await client.execute(id, 'SELECT 1')).status);
    return statuses;
  };
  const [first, again, other] = [await outcomes(7), await outcomes(7), await outcomes(8)];
  expect(first).toEqual(again);
  expect(first).not.toEqual(other);
  expect(new Set(first)).toEqual(new Set([Status.SUCCESS, Status.ABORTED]));
});

test('takes a fault back', async () => {
  const { server, client, session } = await running();
  server.faults.add({ rpc: '*', fault: { kind: 'grpc', code: 14 } })();
  expect(await client.execute(await session(), 'SELECT 1')).toMatchObject({ status: Status.SUCCESS });
});

test('keeps the data through an outage and comes back on its port without the sessions', async () => {
  const { server, client, session } = await running();
  server.execute(table);
  server.execute(write);
  const { port } = server;
  const id = await session();
  await server.stopListening();
  await expect(client.session()).rejects.toMatchObject({ code: 14 });
  await server.listenAgain();
  expect(server.port).toBe(port);
  const fresh = new RawClient(server);
  expect(await fresh.execute(id, 'SELECT 1')).toMatchObject({ status: Status.BAD_SESSION });
  expect(server.tables.rows('t')).toEqual([{ id: 1n }]);
  fresh.close();
});

test('holds calls while paused, and drops those of a black hole', async () => {
  const { server, client, session } = await running();
  const id = await session();
  server.pause();
  const arrived = server.calls.length;
  let early = false;
  const held = client.execute(id, 'SELECT 1').finally(() => { early = true; });
  await until(() => server.calls.length > arrived);
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  expect(early).toBe(false);
  server.resume();
  expect(await held).toMatchObject({ status: Status.SUCCESS });
  server.blackHole();
  let answered = false;
  const calls = server.calls.length;
  client.session().finally(() => { answered = true; }).catch(() => {});
  await until(() => server.calls.length > calls);
  server.resume();
  await client.session();
  expect(answered).toBe(false);
});

test.each(scenarios)('answers again after %s', async (scenario) => {
  const { server } = await running();
  server.execute(table);
  server.execute(write);
  await playScenario(server, { scenario, lastsMs: 30 }, () => Promise.resolve());
  const client = new RawClient(server);
  const reply = await client.execute(await client.session(), 'SELECT * FROM t');
  expect(reply.sets[0]?.rows).toHaveLength(1);
  client.close();
});

test('plays every scenario once a round, in an order of the seed', async () => {
  const bounds = { calmMs: [10, 20], outageMs: [1, 5] } as const;
  const steps = chaosSchedule(3, 2, bounds);
  expect(steps.slice(0, 6).map(({ scenario }) => scenario).sort()).toEqual([...scenarios].sort());
  expect(chaosSchedule(3, 2, bounds)).toEqual(steps);
  expect(chaosSchedule(4, 2, bounds)).not.toEqual(steps);
  const { server } = await running();
  const waited: number[] = [];
  await playChaos(server, steps, async (ms) => waited.push(ms));
  expect(waited).toEqual(expect.arrayContaining(steps.map(({ afterMs }) => afterMs)));
});

test('spreads its random numbers evenly', () => {
  const random = seededRandom(1);
  const numbers = Array.from({ length: 10_000 }, random);
  expect(numbers.reduce((sum, one) => sum + one, 0) / numbers.length).toBeCloseTo(0.5, 1);
  expect(numbers.every((one) => one >= 0 && one < 1)).toBe(true);
});
