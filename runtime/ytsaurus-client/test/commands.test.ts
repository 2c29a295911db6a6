// The rest of the commands: copies, locks, batches, tablets, queries.
import { expect, test } from 'vitest';
import { collect, errorOf, numbered, startCluster } from './cluster.ts';

const schema = {
  $value: [{ name: 'ключ', type: 'string', sort_order: 'ascending' }, { name: 'n', type: 'int64' }, { name: 'x', type: 'double' }],
  $attributes: { strict: true, unique_keys: true },
};

test('replaces a table by one made aside, for everybody at once', async () => {
  const { yt, proxy } = await startCluster();
  await proxy.tree.writeRows('//home/t', numbered(1));
  await yt.inTransaction({}, async (transaction) => {
    const inside = { transactionId: transaction.id };
    await yt.create('table', '//home/temp', { ...inside, attributes: { schema: [{ name: 'n', type: 'int64', sort_order: 'ascending' }] } });
    await yt.writeTable('//home/temp', numbered(3), inside);
    await yt.move('//home/temp', '//home/t', { ...inside, force: true });
    expect(await collect(yt.readTable('//home/t'))).toEqual(numbered(1));
  });
  expect(await collect(yt.readTable('//home/t'))).toEqual(numbered(3));
  expect([await yt.exists('//home/temp'), await yt.get('//home/t/@sorted')]).toEqual([false, true]);
});

test('leaves the old table when the one made aside cannot be finished', async () => {
  const { yt, proxy } = await startCluster();
  await proxy.tree.writeRows('//home/t', numbered(1));
  const work = yt.inTransaction({}, async (transaction) => {
    await yt.create('table', '//home/temp', { transactionId: transaction.id });
    await yt.move('//home/temp', '//home/t', { transactionId: transaction.id, force: true });
    throw new Error('changed our mind');
  });
  expect(await errorOf(work)).toMatchObject({ message: 'changed our mind' });
  expect([await collect(yt.readTable('//home/t')), await yt.exists('//home/temp')]).toEqual([numbered(1), false]);
});

test('copies a table', async () => {
  const { yt, proxy } = await startCluster();
  await proxy.tree.writeRows('//a', numbered(2));
  const id = await yt.copy('//a', '//dir/b', { recursive: true });
  expect([await yt.get('//dir/b/@id'), await collect(yt.readTable('//dir/b'))]).toEqual([id, numbered(2)]);
  expect(await errorOf(yt.copy('//a', '//dir/b'))).toMatchObject({ class: 'conflict' });
});

test('waits for a lock, but no longer than told', async () => {
  const { yt, proxy } = await startCluster();
  proxy.tree.createTable('//t');
  const [holder, rival] = [await yt.startTransaction(), await yt.startTransaction()];
  await yt.lock('//t', { mode: 'exclusive', transactionId: holder.id });
  expect(await errorOf(yt.lock('//t', { mode: 'exclusive', transactionId: rival.id, waitMs: 30 }))).toMatchObject({ class: 'conflict' });
  await rival.abort();
  const patient = await yt.startTransaction();
  const waiting = yt.lock('//t', { mode: 'exclusive', transactionId: patient.id, waitMs: 20_000 });
  await expect.poll(() => proxy.calls.filter((call) => call.path.endsWith('/@state')).length).toBeGreaterThan(2);
  await holder.abort();
  expect(await waiting).toBe(await yt.get('//t/@id'));
  await patient.abort();
});

test('stops waiting for a lock when its caller does', async () => {
  const { yt, proxy } = await startCluster();
  proxy.tree.createTable('//t');
  const [holder, rival] = [await yt.startTransaction(), await yt.startTransaction()];
  await yt.lock('//t', { mode: 'shared', transactionId: holder.id });
  const caller = new AbortController();
  const waiting = errorOf(yt.lock('//t', { mode: 'exclusive', transactionId: rival.id, waitMs: 60_000 }, caller.signal));
  await expect.poll(() => proxy.calls.some((call) => call.path.endsWith('/@state'))).toBe(true);
  caller.abort(new Error('no longer interested'));
  expect(await waiting).toMatchObject({ message: 'no longer interested' });
});

test('lets a lock go before its transaction ends', async () => {
  const { yt, proxy } = await startCluster();
  proxy.tree.createTable('//t');
  const [holder, rival] = [await yt.startTransaction(), await yt.startTransaction()];
  await yt.lock('//t', { mode: 'exclusive', transactionId: holder.id });
  await yt.unlock('//t', { transactionId: holder.id });
  await yt.lock('//t', { mode: 'exclusive', transactionId: rival.id });
});

test('tells for each part of a batch how it ended', async () => {
  const { yt, proxy } = await startCluster();
  await proxy.tree.writeRows('//таблица', numbered(2));
  const results = await yt.batch([
    { command: 'get', parameters: { path: '//таблица/@row_count' } },
    { command: 'get', parameters: { path: '//нет' } },
    { command: 'set', parameters: { path: '//таблица/@заметка' }, input: 'да' },
  ]);
  expect(results[0]).toEqual({ output: { value: 2 }, error: null });
  expect(results[1]?.error).toMatchObject({ class: 'absent', server: { message: 'Error resolving path //нет' } });
  expect(results[2]?.error).toBeNull();
  expect(await yt.get('//таблица/@заметка')).toBe('да');
});

test('sends a batch of any size, and does nothing twice when a reply is lost', async () => {
  const { yt, proxy } = await startCluster();
  proxy.faults.inject({ command: 'execute_batch', effect: { kind: 'drop_reply' } });
  const parts = numbered(250).map(({ n }) => ({ command: 'create', parameters: { type: 'map_node', path: `//d/${n}-${'x'.repeat(500)}`, recursive: true } }) as const);
  const results = await yt.batch(parts);
  expect(results.filter((result) => result.error === null)).toHaveLength(250);
  expect((await yt.list('//d')).length).toBe(250);
  expect(proxy.calls.filter((call) => call.command === 'execute_batch')).toHaveLength(4);
});

test('mounts a table, writes by key, asks, deletes, unmounts', async () => {
  const { yt } = await startCluster();
  await yt.create('table', '//t', { attributes: { dynamic: true, schema } });
  await yt.mountTable('//t');
  await yt.insertRows('//t', [{ ключ: 'я', n: 1, x: 1 }, { ключ: 'а', n: 2, x: 0.5 }]);
  expect(await yt.selectRows('ключ, n from [//t] where n > 0 order by n desc')).toEqual([{ ключ: 'а', n: 2 }, { ключ: 'я', n: 1 }]);
  expect(await yt.selectRows('n from [//t] where ключ = "нет"')).toEqual([]);
  expect(await yt.lookupRows('//t', [{ ключ: 'нет' }, { ключ: 'я' }], { columns: ['x'], keepMissing: true })).toEqual([null, { x: 1 }]);
  await yt.deleteRows('//t', [{ ключ: 'я' }]);
  expect(await yt.selectRows('n from [//t]')).toEqual([{ n: 2 }]);
  await yt.unmountTable('//t');
  expect(await yt.get('//t/@tablet_state')).toBe('unmounted');
});

test('waits for a table that is not mounted yet', async () => {
  const { yt } = await startCluster();
  await yt.create('table', '//t', { attributes: { dynamic: true, schema } });
  const writing = yt.insertRows('//t', [{ ключ: 'а', n: 1, x: null }]);
  await yt.mountTable('//t');
  await writing;
  expect(await yt.selectRows('n from [//t]')).toEqual([{ n: 1 }]);
});

test('does not write rows out of order, nor repeat them', async () => {
  const { yt, proxy } = await startCluster();
  await yt.create('table', '//t', { attributes: { schema } });
  expect(await errorOf(yt.writeTable('//t', [{ ключ: 'б' }, { ключ: 'а' }]))).toMatchObject({ class: 'fatal', codes: [301] });
  expect(await errorOf(yt.writeTable('//t', [{ ключ: 'а' }, { ключ: 'а' }]))).toMatchObject({ class: 'fatal', codes: [306] });
  expect(proxy.calls.filter((call) => call.command === 'write_table')).toHaveLength(2);
});

test('pings a transaction on demand, and learns so that it is gone', async () => {
  const { yt } = await startCluster();
  const outer = await yt.startTransaction();
  const inner = await yt.startTransaction({ parentId: outer.id });
  await inner.ping();
  await outer.abort();
  expect(await errorOf(inner.ping())).toMatchObject({ codes: [11_000] });
});
