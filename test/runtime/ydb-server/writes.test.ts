// UPSERT, INSERT, REPLACE, UPDATE, DELETE: what each keeps, refuses and returns.
import { expect, test } from 'vitest';
import { Status } from '../../ydb-server/errors.ts';
import { primitive, type YdbType } from '../../ydb-server/types.ts';
import { oneShot } from './client.ts';
import { cells, type Running, running } from './running.ts';

async function prepared(): Promise<Running & { run: (text: string) => ReturnType<Running['client']['execute']> }> {
  const world = await running();
  const id = await world.session();
  world.server.execute(
    `CREATE TABLE t (id Uint64 NOT NULL, a Utf8, b Int32 DEFAULT 7, at Timestamp,
      INDEX by_a GLOBAL SYNC ON (a) COVER (b), PRIMARY KEY (id))`,
  );
  world.server.execute('CREATE TABLE strict (id Uint64 NOT NULL, must Utf8 NOT NULL, PRIMARY KEY (id))');
  world.server.execute('UPSERT INTO t (id, a) VALUES (1, "x"), (2, "y")');
  return { ...world, run: (text) => world.client.execute(id, text, { tx: oneShot }) };
}

test('upserts the named columns, keeps the others, and fills defaults of a new row', async () => {
  const { server, run } = await prepared();
  await run('UPSERT INTO t (id, b) VALUES (1, 5), (3, NULL)');
  expect(server.tables.rows('t').map(({ id, a, b }) => [id, a, b])).toEqual([[1n, 'x', 5], [2n, 'y', 7], [3n, null, null]]);
});

test('replaces a whole row, unnamed columns becoming their defaults', async () => {
  const { server, run } = await prepared();
  await run('UPSERT INTO t (id, b) VALUES (1, 5); REPLACE INTO t (id) VALUES (1)');
  expect(server.tables.rows('t')[0]).toEqual({ id: 1n, a: null, b: 7, at: null });
});

test('refuses to insert a key that is there, and inserts none of the others', async () => {
  const { server, run } = await prepared();
  expect(await run('INSERT INTO t (id) VALUES (5), (1)')).toMatchObject({
    status: Status.PRECONDITION_FAILED,
    issues: [{ issueCode: 2012, message: 'Constraint violated. Table: `/local/t`.', issues: [{ message: 'Conflict with existing key.' }] }],
  });
  expect(await run('INSERT INTO t (id) VALUES (6), (6)')).toMatchObject({ status: Status.PRECONDITION_FAILED });
  expect(server.tables.rows('t')).toHaveLength(2);
});

test('succeeds without effect on rows that are not there', async () => {
  const { server, run } = await prepared();
  const writes = [
    'UPDATE t SET a = "z" WHERE id = 9', 'DELETE FROM t WHERE id = 9',
    'UPDATE t ON SELECT 9ul AS id, "z"u AS a', 'DELETE FROM t ON SELECT 9ul AS id',
  ];
  for (const text of writes) {
    expect(await run(text)).toMatchObject({ status: Status.SUCCESS });
  }
  expect(server.tables.rows('t')).toHaveLength(2);
});

test.each<[string, string[], unknown[][]]>([
  ['UPDATE t SET b = b + 1, a = a || "!"u WHERE id = 1 RETURNING id, a, b', ['id', 'a', 'b'], [[1, 'x!', 8]]],
  ['UPSERT INTO t (id, a) VALUES (1, "n"), (1, "m") RETURNING *', ['a', 'at', 'b', 'id'], [['m', null, 7, 1]]],
  ['DELETE FROM t WHERE a = "y" RETURNING id, a', ['id', 'a'], [[2, 'y']]],
  ['DELETE FROM t ON SELECT 1ul AS id RETURNING a', ['a'], [['x']]],
  ['UPDATE t ON SELECT id, "z"u AS a FROM t RETURNING a', ['a'], [['z'], ['z']]],
  ['INSERT INTO t (id, a) SELECT id + 10ul AS id, a FROM t WHERE id = 2 RETURNING id, a, b', ['id', 'a', 'b'], [[12, 'y', 7]]],
])('returns from %s', async (text, columns, rows) => {
  const { run } = await prepared();
  const { sets } = await run(text);
  expect(sets[0]?.columns).toEqual(columns);
  expect(cells(sets[0]!.rows)).toEqual(rows);
});

test.each([
  ['UPSERT INTO strict (id) VALUES (1)', Status.BAD_REQUEST, 2032],
  ['UPSERT INTO strict (id, must) VALUES (1, NULL)', Status.BAD_REQUEST, 2031],
  ['UPSERT INTO strict (id, must) SELECT id, a FROM t', Status.BAD_REQUEST, 2031],
  ['UPDATE strict SET must = Nothing(Utf8?)', Status.BAD_REQUEST, 2031],
  ['UPSERT INTO t (a) VALUES ("x")', Status.GENERIC_ERROR, 1030],
  ['UPSERT INTO t (id, b) VALUES (1, "text")', Status.GENERIC_ERROR, 1030],
  ['UPSERT INTO t (id, b) VALUES (1, 3000000000)', Status.GENERIC_ERROR, 1030],
  ['UPSERT INTO t (id, b) SELECT id, id AS b FROM t', Status.GENERIC_ERROR, 1030],
  ['UPSERT INTO t (id, nope) VALUES (1, 2)', Status.GENERIC_ERROR, 1030],
  ['UPSERT INTO t (id, a) VALUES (1)', Status.GENERIC_ERROR, 1030],
  ['UPDATE t SET id = 3 WHERE id = 1', Status.GENERIC_ERROR, 1030],
])('refuses %s', async (text, status, issueCode) => {
  const { server, run } = await prepared();
  const before = server.tables.rows('t');
  expect(await run(text)).toMatchObject({ status, issues: [{ issueCode }] });
  expect(server.tables.rows('t')).toEqual(before);
});

test('runs nothing of a text whose last statement is wrong', async () => {
  const { server, run } = await prepared();
  await run('DELETE FROM t; SELECT nope FROM t;');
  expect(server.tables.rows('t')).toHaveLength(2);
});

test('keeps an index in step with its table', async () => {
  const { server, run } = await prepared();
  await run('UPDATE t SET a = "z" WHERE id = 1; DELETE FROM t WHERE id = 2; UPSERT INTO t (id, a, b) VALUES (0, "z", 1);');
  expect(server.tables.indexRows('t', 'by_a')).toEqual([{ a: 'z', id: 0n, b: 1 }, { a: 'z', id: 1n, b: 7 }]);
});

test('writes and reads back five hundred rows of a list at once, fast', async () => {
  const { client, session, server } = await prepared();
  const type: YdbType = {
    kind: 'list',
    item: { kind: 'struct', members: [{ name: 'id', type: primitive('Uint64') }, { name: 'a', type: primitive('Utf8') }] },
  };
  const text = 'DECLARE $rows AS List<Struct<id:Uint64,a:Utf8>>; UPSERT INTO t (id, a) SELECT id, a FROM AS_TABLE($rows);';
  const id = await session();
  const startedMs = performance.now();
  for (let batch = 0; batch < 20; batch += 1) {
    const rows = Array.from({ length: 500 }, (_, index) => [BigInt(100 + batch * 500 + index), `name-${index}`]);
    expect(await client.execute(id, text, { tx: oneShot, parameters: { rows: [type, rows] } })).toMatchObject({ status: Status.SUCCESS });
  }
  const perBatchMs = (performance.now() - startedMs) / 20;
  expect(server.tables.rows('t')).toHaveLength(10_002);
  expect(server.fullScans).toEqual([]);
  // Wide enough for a busy machine; scanning the table at each batch would take far longer.
  expect(perBatchMs).toBeLessThan(250);
});
