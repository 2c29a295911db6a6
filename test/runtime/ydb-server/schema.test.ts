// Tables, indexes, TTL, and the limits of both.
import { expect, test } from 'vitest';
import { Status } from '../../ydb-server/errors.ts';
import { oneShot, serializable } from './client.ts';
import { cells, running, startMs } from './running.ts';

test('creates a table with its keys, indexes and settings, once', async () => {
  const { server, client, session } = await running();
  const id = await session();
  const text = `CREATE TABLE IF NOT EXISTS tasks (bucket Uint32 NOT NULL, id Utf8 NOT NULL, state Utf8, due Timestamp,
    INDEX by_due GLOBAL SYNC ON (bucket, due) COVER (state), PRIMARY KEY (bucket, id)
  ) WITH (PARTITION_AT_KEYS = (1, 2), AUTO_PARTITIONING_BY_LOAD = ENABLED,
    AUTO_PARTITIONING_MIN_PARTITIONS_COUNT = 3, TTL = Interval("PT0S") ON due);`;
  expect(await client.execute(id, text)).toMatchObject({ status: Status.SUCCESS, parts: [] });
  expect(await client.execute(id, text)).toMatchObject({ status: Status.SUCCESS });
  expect(await client.execute(id, text.replace('IF NOT EXISTS ', ''))).toMatchObject({ status: Status.SCHEME_ERROR });
  await client.execute(id, 'ALTER TABLE tasks ALTER INDEX by_due SET (AUTO_PARTITIONING_BY_LOAD = ENABLED)');
  expect(server.tables.describe('/local/tasks')).toEqual({
    columns: { bucket: 'Uint32', id: 'Utf8', state: 'Optional<Utf8>', due: 'Optional<Timestamp>' },
    primaryKey: ['bucket', 'id'],
    settings: { PARTITION_AT_KEYS: '(1, 2)', AUTO_PARTITIONING_BY_LOAD: 'ENABLED', AUTO_PARTITIONING_MIN_PARTITIONS_COUNT: '3' },
    indexes: { by_due: { columns: ['bucket', 'due'], settings: { AUTO_PARTITIONING_BY_LOAD: 'ENABLED' } } },
  });
});

test.each([
  ['CREATE TABLE t (id Uint64)', 'No primary key specified'],
  ['CREATE TABLE t (id Uint64, PRIMARY KEY (no))', 'Undefined column: no'],
  ['CREATE TABLE t (id Json, PRIMARY KEY (id))', 'cannot be in a key'],
  ['CREATE TABLE t (id Uint64, PRIMARY KEY (id)) WITH (FOO = 1)', 'unknown setting FOO'],
  ['CREATE TABLE t (id Uint64, PRIMARY KEY (id)) WITH (TTL = Interval("PT0S") ON id)', 'a unit is for numeric TTL columns'],
  ['CREATE TABLE t (id Uint64, INDEX u GLOBAL UNIQUE ON (id), PRIMARY KEY (id))', 'needs the word SYNC'],
  ['CREATE TABLE t (id Uint64, other Uint64 REFERENCES x, PRIMARY KEY (id))', "mismatched input 'REFERENCES'"],
  ['ALTER TABLE old ADD COLUMN id Utf8', 'Column: "id" already exists'],
  ['ALTER TABLE old ADD COLUMN must Utf8 NOT NULL', 'without a default'],
  ['ALTER TABLE old ADD INDEX u GLOBAL UNIQUE SYNC ON (id)', 'with its table only'],
  ['ALTER TABLE none ADD COLUMN a Utf8', 'Cannot find table'],
  ['DROP TABLE none', 'Cannot find table'],
])('refuses %s', async (text, message) => {
  const { server, client, session } = await running();
  server.execute('CREATE TABLE old (id Uint64 NOT NULL, PRIMARY KEY (id))');
  expect((await client.execute(await session(), text)).issues[0]?.message).toContain(message);
  expect(server.tables.names()).toEqual(['old']);
});

test('adds columns and indexes to a table with rows', async () => {
  const { server, client, session } = await running();
  server.execute('CREATE TABLE t (id Uint64 NOT NULL, a Utf8, PRIMARY KEY (id))');
  server.execute('UPSERT INTO t (id, a) VALUES (1, "b"), (2, "a")');
  server.execute('ALTER TABLE t ADD COLUMN n Int32, ADD COLUMN kind Utf8 NOT NULL DEFAULT "plain"u, ADD INDEX by_a GLOBAL SYNC ON (a)');
  expect(server.tables.rows('t')[0]).toEqual({ id: 1n, a: 'b', n: null, kind: 'plain' });
  const { sets } = await client.execute(await session(), 'SELECT id FROM t VIEW by_a ORDER BY a');
  expect(cells(sets[0]!.rows)).toEqual([[2], [1]]);
  server.execute('ALTER TABLE t DROP INDEX by_a');
  expect(await client.execute(await session(), 'SELECT id FROM t VIEW by_a')).toMatchObject({ status: Status.GENERIC_ERROR });
});

test('deletes expired rows at the sweep and not before, by the clock of the server', async () => {
  const { server } = await running();
  server.execute(
    `CREATE TABLE t (id Uint64 NOT NULL, due Timestamp, INDEX by_due GLOBAL SYNC ON (due), PRIMARY KEY (id))
      WITH (TTL = Interval("PT1H") ON due)`,
  );
  server.execute('UPSERT INTO t (id, due) VALUES (1, CurrentUtcTimestamp()), (2, NULL)');
  server.advance(3_599_999);
  expect(server.sweep()).toBe(0);
  server.advance(1);
  expect(server.tables.rows('t')).toHaveLength(2);
  expect(server.sweep()).toBe(1);
  expect(server.tables.rows('t')).toEqual([{ id: 2n, due: null }]);
  expect(server.tables.indexRows('t', 'by_due')).toHaveLength(1);
  expect(server.nowMs()).toBe(startMs + 3_600_000);
});

test('keeps a unique index unique, NULL aside', async () => {
  const { server, client, session } = await running();
  server.execute('CREATE TABLE t (id Uint64 NOT NULL, mail Utf8, INDEX u GLOBAL UNIQUE SYNC ON (mail), PRIMARY KEY (id))');
  server.execute('UPSERT INTO t (id, mail) VALUES (1, "a"), (2, NULL), (3, NULL)');
  const id = await session();
  expect(
    await client.execute(id, 'UPSERT INTO t (id, mail) VALUES (4, "a")', { tx: oneShot }),
  ).toMatchObject({ status: Status.PRECONDITION_FAILED });
  expect(
    await client.execute(id, 'UPDATE t SET mail = "a" WHERE id = 2', { tx: oneShot }),
  ).toMatchObject({ status: Status.PRECONDITION_FAILED });
  expect(await client.execute(id, 'UPSERT INTO t (id, mail) VALUES (1, "a")', { tx: oneShot })).toMatchObject({ status: Status.SUCCESS });
});

test('lets an asynchronous index lag, and reads it in stale transactions only', async () => {
  const { server, client, session } = await running({ asyncIndexDelayMs: 1_000 });
  const id = await session();
  server.execute('CREATE TABLE t (id Uint64 NOT NULL, a Utf8, INDEX by_a GLOBAL ASYNC ON (a), PRIMARY KEY (id))');
  server.execute('UPSERT INTO t (id, a) VALUES (1, "x")');
  const text = 'SELECT id FROM t VIEW by_a WHERE a = "x"';
  const stale = { tx: { beginTx: { staleReadOnly: {} }, commitTx: true } };
  expect(await client.execute(id, text, { tx: serializable })).toMatchObject({ status: Status.PRECONDITION_FAILED });
  expect(cells((await client.execute(id, text, stale)).sets[0]!.rows)).toEqual([]);
  server.advance(1_001);
  expect(cells((await client.execute(id, text, stale)).sets[0]!.rows)).toEqual([[1]]);
});
