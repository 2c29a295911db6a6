// Writing rows: all or none, once however often the cluster stumbles.
import { expect, test } from 'vitest';
import { collect, errorOf, numbered, startCluster } from './cluster.ts';

const path = '//home/t';
const keyed = [{ name: 'k', type: 'string', sort_order: 'ascending' }, { name: 'a', type: 'int64' }, { name: 'b', type: 'string' }];

test('replaces rows, or adds to them', async () => {
  const { yt, proxy } = await startCluster();
  proxy.tree.createTable(path);
  await yt.writeTable(path, numbered(3));
  await yt.writeTable(path, numbered(2));
  await yt.writeTable(path, [{ n: 9 }], { append: true });
  expect(await proxy.tree.readRows(path)).toEqual([{ n: 0 }, { n: 1 }, { n: 9 }]);
});

test('empties a table that is replaced by no rows', async () => {
  const { yt, proxy } = await startCluster();
  await proxy.tree.writeRows(path, numbered(3));
  await yt.writeTable(path, []);
  expect(await proxy.tree.readRows(path)).toEqual([]);
});

test('writes many blocks of a stream of rows as one change', async () => {
  const { yt, proxy } = await startCluster();
  proxy.tree.createTable(path);
  const text = 'x'.repeat(1 << 20);
  const rows = async function* () {
    for (const row of numbered(20)) yield { ...row, text };
  };
  await yt.writeTable(path, rows());
  expect(proxy.calls.filter((call) => call.command === 'write_table').length).toBeGreaterThan(1);
  expect((await proxy.tree.readRows(path)).map((row) => row['n'])).toEqual(numbered(20).map(({ n }) => n));
});

test('writes nothing when the source of the rows fails', async () => {
  const { yt, proxy } = await startCluster();
  await proxy.tree.writeRows(path, [{ n: 7 }]);
  const rows = async function* () {
    yield { n: 1 };
    throw new Error('the source broke');
  };
  expect(await errorOf(yt.writeTable(path, rows()))).toMatchObject({ message: 'the source broke' });
  expect(await proxy.tree.readRows(path)).toEqual([{ n: 7 }]);
  expect(await yt.get(`${path}/@lock_count`)).toBe(0);
});

test('adds each row once when the reply of an upload is lost', async () => {
  const { yt, proxy } = await startCluster();
  proxy.tree.createTable(path);
  proxy.faults.inject({ command: 'write_table', effect: { kind: 'drop_reply' } });
  await yt.writeTable(path, numbered(3), { append: true });
  expect(await proxy.tree.readRows(path)).toEqual(numbered(3));
});

test('adds each row once when the reply of a commit is lost', async () => {
  const { yt, proxy } = await startCluster();
  proxy.tree.createTable(path);
  proxy.faults.inject({ command: 'commit_transaction', times: 2, effect: { kind: 'drop_reply' } });
  await yt.writeTable(path, numbered(3), { append: true });
  expect(await proxy.tree.readRows(path)).toEqual(numbered(3));
});

test('repeats a commit under the mutation id of the first attempt', async () => {
  const { yt, proxy } = await startCluster();
  proxy.faults.inject({ command: 'commit_transaction', effect: { kind: 'drop_reply' } });
  await yt.inTransaction({}, (transaction) => yt.create('map_node', '//home/once', { recursive: true, transactionId: transaction.id }));
  const commits = proxy.calls.filter((call) => call.command === 'commit_transaction').map(({ parameters }) => parameters);
  expect(commits.map((parameters) => parameters['retry'])).toEqual([false, true]);
  expect(commits[0]?.['mutation_id']).toMatch(/^[0-9a-f]+(-[0-9a-f]+){3}$/);
  expect(commits[1]?.['mutation_id']).toBe(commits[0]?.['mutation_id']);
  expect(await yt.exists('//home/once')).toBe(true);
});

test('shows rows written under a transaction only once it is committed', async () => {
  const { yt, proxy } = await startCluster();
  await proxy.tree.writeRows(path, [{ n: 7 }]);
  const transaction = await yt.startTransaction();
  await yt.writeTable(path, numbered(2), { transactionId: transaction.id });
  expect(await proxy.tree.readRows(path)).toEqual([{ n: 7 }]);
  expect(await collect(yt.readTable(path, { transactionId: transaction.id }))).toEqual(numbered(2));
  await transaction.commit();
  expect(await proxy.tree.readRows(path)).toEqual(numbered(2));
});

test('leaves nothing behind of an aborted transaction', async () => {
  const { yt, proxy } = await startCluster();
  await proxy.tree.writeRows(path, [{ n: 7 }]);
  const failed = yt.inTransaction({}, async (transaction) => {
    await yt.writeTable(path, numbered(2), { transactionId: transaction.id });
    await yt.create('table', '//home/new', { transactionId: transaction.id });
    throw new Error('changed our mind');
  });
  expect(await errorOf(failed)).toMatchObject({ message: 'changed our mind' });
  expect(await proxy.tree.readRows(path)).toEqual([{ n: 7 }]);
  expect(proxy.tree.exists('//home/new')).toBe(false);
});

test('writes a whole number into a column of doubles', async () => {
  const { yt, proxy } = await startCluster();
  proxy.tree.createTable(path, [{ name: 'x', type: 'double' }]);
  await yt.writeTable(path, [{ x: 1 }, { x: 1.5 }]);
  expect(await proxy.tree.readRows(path)).toEqual([{ x: 1 }, { x: 1.5 }]);
});

test('does not repeat rows that break the schema', async () => {
  const { yt, proxy } = await startCluster();
  proxy.tree.createTable(path, [{ name: 'x', type: 'string' }]);
  expect(await errorOf(yt.writeTable(path, [{ x: 1 }]))).toMatchObject({ class: 'fatal', codes: [307] });
  expect(proxy.calls.filter((call) => call.command === 'write_table')).toHaveLength(1);
});

test('upserts rows of a dynamic table by key, and looks them up', async () => {
  const { yt, proxy } = await startCluster();
  proxy.tree.ensureDynamicTable(path, keyed);
  await yt.insertRows(path, [{ k: 'я', a: 1, b: 'x' }, { k: 'b', a: 2, b: 'y' }]);
  await yt.insertRows(path, [{ k: 'b', a: 3 }]);
  expect(await yt.lookupRows(path, [{ k: 'b' }, { k: 'none' }, { k: 'я' }])).toEqual([{ k: 'b', a: 3, b: null }, { k: 'я', a: 1, b: 'x' }]);
  expect(await yt.lookupRows(path, [{ k: 'я' }], { columns: ['b'] })).toEqual([{ b: 'x' }]);
});

test('keeps the other columns of an upsert that only updates', async () => {
  const { yt, proxy } = await startCluster();
  proxy.tree.ensureDynamicTable(path, keyed);
  await yt.insertRows(path, [{ k: 'b', a: 2, b: 'y' }]);
  await yt.insertRows(path, [{ k: 'b', a: 3 }], { update: true });
  expect(await yt.lookupRows(path, [{ k: 'b' }])).toEqual([{ k: 'b', a: 3, b: 'y' }]);
});

test('reads a dynamic table in the order of its keys', async () => {
  const { yt, proxy } = await startCluster();
  proxy.tree.ensureDynamicTable(path, keyed);
  await yt.insertRows(path, ['b', 'a', 'я', 'B'].map((k, a) => ({ k, a, b: null })));
  const rows = await collect(yt.readTable(path, { columns: ['k'] }));
  expect(rows).toEqual([{ k: 'B' }, { k: 'a' }, { k: 'b' }, { k: 'я' }]);
});

test('comes again when another writer of the same key is faster', async () => {
  const { yt, proxy } = await startCluster();
  proxy.tree.ensureDynamicTable(path, keyed);
  proxy.faults.inject({ command: 'insert_rows', effect: { kind: 'error', error: { code: 1700, message: 'Row lock conflict' } } });
  await yt.insertRows(path, [{ k: 'b', a: 2, b: 'y' }]);
  expect(await proxy.tree.readRows(path)).toEqual([{ k: 'b', a: 2, b: 'y' }]);
});
