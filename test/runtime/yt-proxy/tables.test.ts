// Tables as the cluster keeps them: schemas, order, keys, ranges, tablets, operations.
import { expect, test } from 'vitest';
import type { YtProxy } from '../../sandbox/yt-proxy/proxy.ts';
import { call, codeOf, json, startProxy } from './scene.ts';

const sorted = (uniqueKeys: boolean) => ({
  $value: [{ name: 'k', type: 'string', sort_order: 'ascending' }, { name: 'n', type: 'int64', sort_order: 'ascending' }, { name: 'v', type: 'any' }],
  $attributes: { strict: true, unique_keys: uniqueKeys },
});

async function createSorted(proxy: YtProxy, attributes: Readonly<Record<string, unknown>> = {}): Promise<void> {
  await call(proxy, 'POST create', { type: 'table', path: '//t', attributes: { schema: sorted(false), ...attributes } });
}

async function write(proxy: YtProxy, rows: readonly unknown[], path = '<append=%true>//t'): Promise<number | null> {
  return codeOf(await call(proxy, 'PUT write_table', { path }, { body: rows.map((row) => JSON.stringify(row)).join('') }));
}

async function read(proxy: YtProxy, path: unknown, more = {}): Promise<unknown[]> {
  const reply = await call(proxy, 'GET read_table', { path, ...more });
  expect(reply.status).toBe(200);
  return reply.body.toString().trimEnd().split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as unknown);
}

test('refuses rows out of order, within a write and after what is there', async () => {
  const proxy = await startProxy();
  await createSorted(proxy);
  expect(await write(proxy, [{ k: 'b', n: 1 }, { k: 'a', n: 2 }])).toBe(301);
  expect(await write(proxy, [{ k: 'Б', n: 1 }, { k: 'Б', n: 1 }, { k: 'Я', n: 0 }])).toBeNull();
  expect(await write(proxy, [{ k: 'Я', n: -1 }])).toBe(301);
  expect(await write(proxy, [{ k: 'Я', n: 0 }])).toBeNull();
});

test('refuses a second row of a key where keys are unique', async () => {
  const proxy = await startProxy();
  await createSorted(proxy, { schema: sorted(true) });
  expect(await write(proxy, [{ k: 'a', n: 1 }, { k: 'a', n: 1 }])).toBe(306);
  expect(await write(proxy, [{ k: 'a', n: 1 }])).toBeNull();
  expect(await write(proxy, [{ k: 'a', n: 1 }])).toBe(306);
});

test('refuses what the schema does not hold', async () => {
  const proxy = await startProxy();
  const columns = [
    { name: 'u8', type: 'uint8' }, { name: 'big', type: 'uint64' }, { name: 'must', type_v3: 'string' }, { name: 'maybe', type_v3: { type_name: 'optional', item: 'bool' } },
  ];
  await call(proxy, 'POST create', { type: 'table', path: '//t', attributes: { schema: columns } });
  for (const row of [{ must: 'x', u8: 256 }, { must: 'x', u8: -1 }, { u8: 1 }, { must: null }, { must: 'x', other: 1 }, { must: 'x', maybe: 1 }]) {
    expect([row, await write(proxy, [row])]).toEqual([row, 307]);
  }
  const reply = await call(proxy, 'PUT write_table', { path: '//t' }, { body: '{"must":"x","u8":255,"big":18446744073709551615}' });
  expect(codeOf(reply)).toBeNull();
  expect((await call(proxy, 'GET read_table', { path: '//t' })).body.toString()).toBe('{"u8":255,"big":18446744073709551615,"must":"x","maybe":null}\n');
});

test('reads key ranges in every spelling', async () => {
  const proxy = await startProxy();
  await createSorted(proxy);
  await write(proxy, ['a', 'b', 'b', 'c', 'd'].map((k, n) => ({ k, n, v: null })));
  const numbers = async (path: unknown) => (await read(proxy, path)).map((row) => (row as { n: number }).n);
  expect(await numbers('//t[b:d]')).toEqual([1, 2, 3]);
  expect(await numbers('//t[("b",2):(c)]')).toEqual([2]);
  expect(await numbers('//t["b"]')).toEqual([1, 2]);
  expect(await numbers('//t{n}[c:,:b,#1:#2]')).toEqual([3, 4, 0, 1]);
  const ranges = (...given: unknown[]) => ({ $value: '//t', $attributes: { ranges: given } });
  expect(await numbers(ranges({ lower_limit: { key: ['b'] }, upper_limit: { key: ['c'] } }))).toEqual([1, 2]);
  expect(await numbers(ranges({ lower_limit: { key_bound: ['>', ['b']] }, upper_limit: { key_bound: ['<=', ['d']] } }))).toEqual([3, 4]);
  expect(await numbers(ranges({ exact: { key: ['b', 2] } }))).toEqual([2]);
  expect(await numbers(ranges({ lower_limit: { key: ['b'], row_index: 2 } }))).toEqual([2, 3, 4]);
});

test('finds keys in a table of many chunks', async () => {
  const proxy = await startProxy();
  await createSorted(proxy);
  const text = 'x'.repeat(1000);
  await proxy.tree.writeRows('//t', Array.from({ length: 3000 }, (_, n) => ({ k: String(n).padStart(5, '0'), n, v: text })));
  const found = await read(proxy, '//t{n}["01500":"01503"]');
  expect(found).toEqual([{ n: 1500 }, { n: 1501 }, { n: 1502 }]);
  const reply = await call(proxy, 'GET read_table', { path: '//t["01500":"01503"]' });
  expect(JSON.parse(reply.headers['x-yt-response-parameters'] ?? '')).toMatchObject({ start_row_index: 1500, approximate_row_count: 3 });
});

test('tells between rows which range and row comes next, when asked', async () => {
  const proxy = await startProxy();
  await proxy.tree.writeRows('//t', [0, 1, 2, 3].map((n) => ({ n })));
  const rows = await read(proxy, '//t[#1:#2,#3:]', { control_attributes: { enable_row_index: true, enable_range_index: true } });
  const mark = (name: string, value: number) => ({ $attributes: { [name]: value }, $value: null });
  expect(rows).toEqual([mark('range_index', 0), mark('row_index', 1), { n: 1 }, mark('range_index', 1), mark('row_index', 3), { n: 3 }]);
});

test('puts tables together', async () => {
  const proxy = await startProxy();
  for (const n of [1, 2]) await proxy.tree.writeRows(`//t${n}`, [{ n }]);
  proxy.tree.createTable('//all');
  await call(proxy, 'POST concatenate', { source_paths: ['//t1', '//t2'], destination_path: '//all' });
  await call(proxy, 'POST concatenate', { source_paths: ['//t1'], destination_path: '<append=%true>//all' });
  expect(await proxy.tree.readRows('//all')).toEqual([{ n: 1 }, { n: 2 }, { n: 1 }]);
});

test('merges sorted tables in order, and tells of a failed operation by its state', async () => {
  const proxy = await startProxy();
  await createSorted(proxy);
  await write(proxy, [{ k: 'a', n: 1 }, { k: 'c', n: 1 }]);
  await call(proxy, 'POST copy', { source_path: '//t', destination_path: '//u' });
  await call(proxy, 'POST create', { type: 'table', path: '//out' });
  const run = async (spec: unknown) => {
    const started = await call(proxy, 'POST start_operation', { operation_type: 'merge', spec });
    const { operation_id: id } = json(started) as { operation_id: string };
    return json(await call(proxy, 'GET get_operation', { operation_id: id })) as { state: string; result: { error: { code: number } } };
  };
  expect(await run({ input_table_paths: ['//t', '//u'], output_table_path: '//out', mode: 'sorted' })).toMatchObject({ state: 'completed' });
  expect((await proxy.tree.readRows('//out')).map((row) => row['k'])).toEqual(['a', 'a', 'c', 'c']);
  expect(await run({ input_table_paths: ['//none'], output_table_path: '//out' })).toMatchObject({ state: 'failed', result: { error: { code: 500 } } });
});

test('changes a schema only to one that holds the rows', async () => {
  const proxy = await startProxy();
  proxy.tree.createTable('//t', [{ name: 'a', type: 'int64' }]);
  await proxy.tree.appendRows('//t', [{ a: 300 }]);
  const alter = async (schema: unknown) => codeOf(await call(proxy, 'POST alter_table', { path: '//t', schema }));
  expect(await alter([{ name: 'a', type: 'int8' }])).toBe(307);
  expect(await alter([{ name: 'a', type: 'int64', sort_order: 'ascending' }])).toBe(316);
  expect(await alter([{ name: 'a', type: 'int64' }, { name: 'b', type: 'string' }])).toBeNull();
});

async function createDynamic(proxy: YtProxy): Promise<void> {
  await createSorted(proxy, { dynamic: true, schema: sorted(true) });
  await call(proxy, 'POST mount_table', { path: '//t' });
}

async function insert(proxy: YtProxy, rows: readonly unknown[]): Promise<number | null> {
  return codeOf(await call(proxy, 'PUT insert_rows', { path: '//t' }, { body: rows.map((row) => JSON.stringify(row)).join('\n') }));
}

test('takes rows by key only while the tablets are mounted', async () => {
  const proxy = await startProxy();
  await createDynamic(proxy);
  expect(await insert(proxy, [{ k: 'a', n: 1 }])).toBeNull();
  await call(proxy, 'POST freeze_table', { path: '//t' });
  expect(await insert(proxy, [{ k: 'b', n: 1 }])).toBe(1702);
  expect(await read(proxy, '//t{k}')).toEqual([{ k: 'a' }]);
  await call(proxy, 'POST unmount_table', { path: '//t' });
  expect(json(await call(proxy, 'GET get', { path: '//t/@tablet_state', return_only_value: true }))).toBe('unmounted');
  expect(codeOf(await call(proxy, 'PUT lookup_rows', { path: '//t' }, { body: '{"k":"a","n":1}' }))).toBe(1702);
});

test('deletes by key, and keeps that over a restart', async () => {
  const { mkdtemp, rm } = await import('node:fs/promises');
  const directory = await mkdtemp('/tmp/yt-');
  const first = await startProxy({ directory });
  await createDynamic(first);
  await insert(first, [{ k: 'a', n: 1 }, { k: 'b', n: 1 }, { k: 'c', n: 9007199254740 }]);
  expect(codeOf(await call(first, 'PUT delete_rows', { path: '//t' }, { body: '{"k":"b","n":1}{"k":"none","n":0}' }))).toBeNull();
  await first.close();
  const second = await startProxy({ directory });
  expect((await second.tree.readRows('//t')).map((row) => row['k'])).toEqual(['a', 'c']);
  await rm(directory, { recursive: true });
});

test('holds the rows of a dynamic table under a snapshot lock', async () => {
  const proxy = await startProxy();
  await createDynamic(proxy);
  await insert(proxy, [{ k: 'a', n: 1 }]);
  const { transaction_id: transaction } = json(await call(proxy, 'POST start_transaction', {})) as { transaction_id: string };
  const { node_id: node } = json(await call(proxy, 'POST lock', { path: '//t', mode: 'snapshot', transaction_id: transaction })) as { node_id: string };
  await insert(proxy, [{ k: 'b', n: 1 }]);
  await call(proxy, 'PUT delete_rows', { path: '//t' }, { body: '{"k":"a","n":1}' });
  expect(await read(proxy, `#${node}`, { transaction_id: transaction })).toEqual([{ k: 'a', n: 1, v: null }]);
  expect(await read(proxy, '//t{k}')).toEqual([{ k: 'b' }]);
});

const answers: readonly (readonly [query: string, found: readonly unknown[]])[] = [
  ['n from [//t] where k = "a"', [{ n: 1 }, { n: 2 }]],
  ['k as key, n * 2 + 1 as odd from [//t] where n > 1 and not k = "c" order by n desc', [{ key: 'b', odd: 7 }, { key: 'a', odd: 5 }]],
  ['n from [//t] where k in ("a", "c") or n = 3 limit 2', [{ n: 1 }, { n: 2 }]],
  ['n from [//t] where v is null order by n offset 1 limit 2', [{ n: 3 }, { n: 4 }]],
  ['n from [//t] where n between 2 and 3', [{ n: 2 }, { n: 3 }]],
  ['n from [//t] where is_prefix("c", k) and (n >= 4)', [{ n: 4 }]],
  ['* from [//t] where n = 1', [{ k: 'a', n: 1, v: 'x' }]],
];

test.each(answers)('answers %s', async (query, found) => {
  const proxy = await startProxy();
  await createDynamic(proxy);
  await insert(proxy, [{ k: 'a', n: 1, v: 'x' }, { k: 'a', n: 2 }, { k: 'b', n: 3 }, { k: 'c', n: 4 }]);
  const reply = await call(proxy, 'GET select_rows', { query });
  expect(reply.body.toString().trimEnd().split('\n').map((line) => JSON.parse(line) as unknown)).toEqual(found);
});

test('tells what it does not understand of a query', async () => {
  const proxy = await startProxy();
  await createDynamic(proxy);
  for (const query of ['n from', 'n from [//t] where', 'n from [//t] group by n', 'fly(n) from [//t]', 'n from [//t] limit', 'n from [//t] limit 1.5', 'n from [//t] where n ~ 1']) {
    expect([query, (await call(proxy, 'GET select_rows', { query })).status]).toEqual([query, 400]);
  }
});
