// The texts that YDB is sent, the schema they need, and the values on the wire.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { realTime } from '../../../runtime/clock.ts';
import { parseAddress } from '../../../runtime/store/ydb/driver.ts';
import { schemaStatements, statements } from '../../../runtime/store/ydb/statements.ts';
import { openYdbStore } from '../../../runtime/store/ydb/store.ts';
import { rowDecoder, rowsPlan, scalarPlan } from '../../../runtime/store/ydb/values.ts';
import { matchingRecord, newTask, transitionRecord } from '../../suites/records.ts';
import { startYdbServer } from '../../ydb-server/server.ts';
import { anonymous, openOnLocalServer, silentLog, type YdbUnderTest } from './ydb-stores.ts';

let ydb: YdbUnderTest;
beforeEach(async () => {
  ydb = await openOnLocalServer();
});
afterEach(() => ydb.close());

test.each(Object.entries(statements))('keeps the text of %s within ten kilobytes', (_name, text) => {
  expect(Buffer.byteLength(text)).toBeLessThan(10_240);
});

test('sends no text that the registry does not know', async () => {
  await ydb.store.transact(async (tx) => {
    const record = matchingRecord();
    await tx.insertMatching(record);
    await tx.insertTransition(transitionRecord(record.id));
    await tx.enqueue(newTask());
  });
  await ydb.tasks.claim({ owner: 'me', limit: 1, leaseMs: 1 });
  await ydb.store.funnel();
  const known = [...Object.values(statements), ...schemaStatements];
  const lines = new Set(known.flatMap((text) => text.split('\n')));
  const sent = ydb.server.calls.filter(({ text }) => text !== '').flatMap(({ text }) => text.split('\n'));
  expect(sent.filter((line) => !lines.has(line))).toEqual([]);
  expect(sent.length).toBeGreaterThan(20);
});

test('lets two hosts bring a new database up to date at once', async () => {
  const server = await startYdbServer();
  const hosts = [1, 2].map(() => openYdbStore({
    connectionString: server.connectionString, timescale: realTime, log: silentLog, credentials: anonymous,
  }));
  const applied = await Promise.all(hosts.map(({ store }) => store.migrate()));
  expect(applied.flat().sort((a, b) => a - b)).toEqual([1, 2, 3]);
  // Whoever is late finds the column instead of asking for it until its patience ends.
  expect(server.calls.filter(({ text }) => text.includes('ADD COLUMN')).length).toBeLessThanOrEqual(hosts.length);
  await Promise.all(hosts.map(({ store }) => store.transact((tx) => tx.insertMatching(matchingRecord()))));
  await Promise.all(hosts.map(({ store }) => store.close()));
  await server.close();
});

test('goes on where a host died between an added column and the record of its version', async () => {
  ydb.server.execute('DELETE FROM schema_versions WHERE version = 3u;');
  expect(await ydb.store.migrate()).toEqual([3]);
  expect(await ydb.store.migrate()).toEqual([]);
  expect(ydb.server.calls.filter(({ text }) => text.includes('ADD COLUMN'))).toHaveLength(1);
});

test('is not there before its schema is: a column on its way is no defect', async () => {
  ydb.server.execute('ALTER TABLE tasks DROP COLUMN refusals; ');
  ydb.server.execute('DELETE FROM schema_versions WHERE version = 3u;');
  const { store } = openYdbStore({ connectionString: ydb.server.connectionString, timescale: realTime, log: silentLog, credentials: anonymous });
  const early = { code: 'store_unavailable', message: 'the schema is not up to date yet' };
  await expect(store.ping()).rejects.toMatchObject(early);
  await expect(store.transact((tx) => tx.enqueue(newTask()))).rejects.toMatchObject(early);
  expect(await store.migrate()).toEqual([3]);
  await store.ping();
  expect(await store.transact((tx) => tx.enqueue(newTask()))).toBe(true);
  await store.close();
});

test('refuses a database that a newer program has written', async () => {
  ydb.server.execute('UPSERT INTO schema_versions (version) VALUES (99u);');
  await expect(ydb.store.migrate()).rejects.toMatchObject({ code: 'bad_config' });
});

test('splits by load every table that grows with drivers, and lets what only expires expire', () => {
  const { tables } = ydb.server;
  for (const name of ['matchings', 'status_transitions', 'results', 'persons', 'announcements', 'tasks', 'tx_markers', 'import_rejects']) {
    expect(tables.describe(name).settings, name).toMatchObject({ AUTO_PARTITIONING_BY_LOAD: 'ENABLED' });
  }
  expect(tables.describe('tasks').primaryKey).toEqual(['bucket', 'id']);
});

test('forgets markers, keys and finished tasks when their time is over, and nothing else', async () => {
  await ydb.store.transact(async (tx) => {
    const record = matchingRecord();
    await tx.insertMatching(record);
    await tx.rememberIdempotencyKey('key', record.id);
    await tx.enqueue(newTask({ id: 'finished' }));
    await tx.enqueue(newTask({ id: 'waiting', delayMs: 1e9 }));
  });
  for (const task of await ydb.tasks.claim({ owner: 'me', limit: 1, leaseMs: 1_000 })) await ydb.tasks.complete(task);
  ydb.passTime(31 * 86_400_000);
  ydb.server.sweep();
  expect(ydb.server.tables.rows('tx_markers')).toEqual([]);
  expect(await ydb.store.matchingOfIdempotencyKey('key')).toBeNull();
  expect(await ydb.tasks.find('finished')).toBeNull();
  expect(await ydb.tasks.find('waiting')).not.toBeNull();
  expect(ydb.server.tables.rows('matchings')).toHaveLength(1);
});

test('keeps the funnel while its differences are folded, by two hosts at once', async () => {
  const many = Array.from({ length: 520 }, () => matchingRecord());
  const other = openYdbStore({ connectionString: ydb.server.connectionString, timescale: realTime, log: silentLog, credentials: anonymous });
  await Promise.all(many.map((record, index) => (index % 2 === 0 ? ydb : other).store.transact(async (tx) => {
    await tx.insertMatching(record);
    await tx.insertTransition(transitionRecord(record.id));
  })));
  for (let more = 0; more < 260; more += 1) await Promise.all([ydb, other].map(({ store }) => store.transact(async () => {})));
  await expect.poll(() => ydb.server.tables.rows('status_counts').length).toBeLessThan(520);
  expect(await ydb.store.funnel()).toMatchObject({ created: { reached: 520, present: 520 } });
  await other.store.close();
}, 60_000);

test.each([
  ['grpc://host:2136/local', 'grpc://host:2136/local'],
  ['grpcs://host:2135/?database=/ru-central1/b1/etn', 'grpcs://host:2135/ru-central1/b1/etn'],
  ['grpcs://host:2135?database=/x', 'grpcs://host:2135/x'],
  ['grpc://host/local/', 'grpc://host:2136/local'],
])('reads the address %s as %s', (given, read) => {
  expect(parseAddress(given).connectionString).toBe(read);
});

const malformed = ['', 'host:2136', 'http://host/local', 'grpc://host:2136', 'grpc:///local'];

test.each(malformed)('refuses the address %j by the name of its key', (given) => {
  expect(() => parseAddress(given)).toThrow(/^YDB_CONNECTION_STRING/);
});

const int64 = { typeId: 3 };
const wide = (low: number, high: number) => ({ items: [{ int64Value: { low, high, unsigned: false } }] }) as never;

test('reads 64-bit numbers as they are, between two and four billion too', () => {
  const decode = rowDecoder([{ name: 'n', type: int64 }]);
  expect(decode(wide(-1_294_967_296, 0))).toEqual({ n: 3_000_000_000n });
  expect(decode(wide(-1, -1))).toEqual({ n: -1n });
  expect(decode(wide(-1, -2))).toEqual({ n: -4_294_967_297n });
  expect(decode(wide(1, 0x20_0000))).toEqual({ n: 2n ** 53n + 1n });
});

test('writes numbers that it was given, and none that it would have to round', () => {
  expect(scalarPlan('Int64')(-2)).toMatchObject({ value: { int64Value: { low: -2, high: -1 } } });
  expect(scalarPlan('Int64')(-4_294_967_297)).toMatchObject({ value: { int64Value: { low: -1, high: -2 } } });
  expect(scalarPlan('Timestamp')(1)).toMatchObject({ value: { uint64Value: { low: 1_000, high: 0 } } });
  expect(scalarPlan('Timestamp')(2 ** 53 - 1)).toMatchObject({ value: { uint64Value: { low: -1_000, high: 0x7cff_ffff } } });
  expect(() => scalarPlan('Int64')(2 ** 53)).toThrow('safe integer');
  expect(() => scalarPlan('Utf8')(null)).toThrow('null');
  expect(() => rowsPlan({ a: 'Utf8', b: 'Utf8?' })([{ a: 'x' }])).toThrow('lacks b');
});

test('refuses a column of a type that it does not know, by name', () => {
  expect(() => rowDecoder([{ name: 'odd', type: { typeId: 0x0042 as never } }])).toThrow('odd');
  expect(() => rowDecoder([{ name: 'n', type: int64 }])({ items: [{ textValue: '1' }] })).toThrow('column n');
});

const containment = join(import.meta.dirname, '../../../runtime/store/ydb/containment.ts');

/** Exit code of a process in which nobody awaits a rejection. */
function exitCode(rejection: string): number | null {
  const program = `
    import { containRejections } from ${JSON.stringify(containment)};
    containRejections({ warn() {} });
    const error = new Error('nobody awaits this');
    ${rejection}
    void Promise.reject(error);
    setTimeout(() => {}, 50);`;
  return spawnSync(process.execPath, ['--input-type=module', '-e', program], { cwd: import.meta.dirname, stdio: 'ignore' }).status;
}

test('keeps the process alive over a call that the client library dropped, and over nothing else', () => {
  const library = join(import.meta.dirname, '../../../node_modules/ydb-sdk/build/x.js');
  expect(exitCode(`error.stack += ${JSON.stringify(` at session.delete (${library})`)};`)).toBe(0);
  expect(exitCode('')).toBe(1);
});

test('two hosts that add a column at once both come up', async () => {
  ydb.server.execute('ALTER TABLE tasks DROP COLUMN refusals; ');
  ydb.server.execute('DELETE FROM schema_versions WHERE version = 3u;');
  const { connectionString } = ydb.server;
  const hosts = [1, 2].map(() => openYdbStore({ connectionString, timescale: realTime, log: silentLog, credentials: anonymous }));
  const applied = await Promise.all(hosts.map(({ store }) => store.migrate()));
  expect(applied.flat()).toEqual([3]);
  await Promise.all(hosts.map(({ store }) => store.ping()));
  await Promise.all(hosts.map(({ store }) => store.close()));
});

test('a look at the column that fails in passing does not end the migration', async () => {
  ydb.server.execute('DELETE FROM schema_versions WHERE version = 3u;');
  ydb.server.faults.add({ rpc: 'Query.ExecuteQuery', fault: { kind: 'grpc', code: 14 }, matches: ({ text }) => text.includes('SELECT refusals') });
  expect(await ydb.store.migrate()).toEqual([3]);
});

test('half of a surrogate pair is sent as text all the same', () => {
  const [item] = rowsPlan({ reason: 'Utf8' })([{ reason: 'a\ud800' }]).value?.items ?? [];
  expect(JSON.stringify(item)).toContain('a\ufffd');
});
