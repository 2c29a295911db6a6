// The tree among its users: locks that wait, copies, transactions inside transactions.
import { expect, test } from 'vitest';
import type { YtProxy } from '../../sandbox/yt-proxy/proxy.ts';
import { call, codeOf, json, startProxy } from './scene.ts';

async function start(proxy: YtProxy, parent?: string): Promise<string> {
  const parameters = { timeout: 60_000, ...(parent === undefined ? {} : { transaction_id: parent }) };
  return (json(await call(proxy, 'POST start_transaction', parameters)) as { transaction_id: string }).transaction_id;
}

interface Locking {
  readonly transaction_id: string;
  readonly mode: string;
  readonly waitable?: boolean;
}

async function lock(proxy: YtProxy, locking: Locking): Promise<{ code: number | null; id: string }> {
  const reply = await call(proxy, 'POST lock', { path: '//t', ...locking });
  return { code: codeOf(reply), id: (json(reply) as { lock_id: string }).lock_id };
}

const stateOf = async (proxy: YtProxy, id: string) => json(await call(proxy, 'GET get', { path: `#${id}/@state`, return_only_value: true }));
const end = (proxy: YtProxy, how: 'commit' | 'abort', id: string) => call(proxy, `POST ${how}_transaction`, { transaction_id: id });

test('grants a lock to those who wait, in the order in which they came', async () => {
  const proxy = await startProxy();
  proxy.tree.createTable('//t');
  const [one, two, three] = [await start(proxy), await start(proxy), await start(proxy)];
  await lock(proxy, { transaction_id: one, mode: 'exclusive' });
  expect((await lock(proxy, { transaction_id: two, mode: 'exclusive' })).code).toBe(402);
  const second = await lock(proxy, { transaction_id: two, mode: 'exclusive', waitable: true });
  const third = await lock(proxy, { transaction_id: three, mode: 'shared', waitable: true });
  expect([await stateOf(proxy, second.id), await stateOf(proxy, third.id)]).toEqual(['pending', 'pending']);
  await end(proxy, 'commit', one);
  expect([await stateOf(proxy, second.id), await stateOf(proxy, third.id)]).toEqual(['acquired', 'pending']);
  await end(proxy, 'abort', two);
  expect(await stateOf(proxy, third.id)).toBe('acquired');
});

test('forgets a waiting lock with its transaction', async () => {
  const proxy = await startProxy();
  proxy.tree.createTable('//t');
  const [one, two] = [await start(proxy), await start(proxy)];
  await lock(proxy, { transaction_id: one, mode: 'exclusive' });
  const waiting = await lock(proxy, { transaction_id: two, mode: 'exclusive', waitable: true });
  await end(proxy, 'abort', two);
  await end(proxy, 'abort', one);
  expect(codeOf(await call(proxy, 'GET get', { path: `#${waiting.id}/@state` }))).toBe(500);
  expect((await lock(proxy, { transaction_id: await start(proxy), mode: 'exclusive' })).code).toBeNull();
});

test('lets a lock go on demand, but not one over a change', async () => {
  const proxy = await startProxy();
  proxy.tree.createTable('//t');
  const [one, two] = [await start(proxy), await start(proxy)];
  await lock(proxy, { transaction_id: one, mode: 'exclusive' });
  await call(proxy, 'POST unlock', { path: '//t', transaction_id: one });
  expect((await lock(proxy, { transaction_id: two, mode: 'exclusive' })).code).toBeNull();
  await call(proxy, 'PUT set', { path: '//t/@note', transaction_id: two }, { body: '1' });
  expect((await call(proxy, 'POST unlock', { path: '//t', transaction_id: two })).status).toBe(400);
});

test('refuses to change, inside of a transaction, what it holds still', async () => {
  const proxy = await startProxy();
  proxy.tree.createTable('//t');
  const outer = await start(proxy);
  await lock(proxy, { transaction_id: outer, mode: 'snapshot' });
  expect((await lock(proxy, { transaction_id: await start(proxy, outer), mode: 'exclusive' })).code).toBe(400);
});

test('shows a change to its transaction and those inside it, to others once the outermost is committed', async () => {
  const proxy = await startProxy();
  const outer = await start(proxy);
  const inner = await start(proxy, outer);
  await call(proxy, 'POST create', { type: 'map_node', path: '//d', transaction_id: inner });
  const sees = async (id?: string) => {
    const parameters = { path: '//d', ...(id === undefined ? {} : { transaction_id: id }) };
    return (json(await call(proxy, 'GET exists', parameters)) as { value: boolean }).value;
  };
  expect([await sees(inner), await sees(outer), await sees()]).toEqual([true, false, false]);
  expect((await end(proxy, 'commit', outer)).status).toBe(400);
  await end(proxy, 'commit', inner);
  expect([await sees(outer), await sees(), await sees('0-0-0-0')]).toEqual([true, false, false]);
  await end(proxy, 'commit', outer);
  expect(await sees()).toBe(true);
});

test('tells of transactions by their ids', async () => {
  const proxy = await startProxy();
  const outer = await start(proxy);
  const inner = await start(proxy, outer);
  expect(json(await call(proxy, 'GET get', { path: `#${inner}/@parent_id`, return_only_value: true }))).toBe(outer);
  expect(json(await call(proxy, 'GET exists', { path: `//sys/transactions/${outer}` }))).toEqual({ value: true });
  await end(proxy, 'abort', outer);
  expect(json(await call(proxy, 'GET exists', { path: `#${inner}` }))).toEqual({ value: false });
});

test('copies a directory with its tables, each under a new id', async () => {
  const proxy = await startProxy();
  await proxy.tree.writeRows('//a/b/t', [{ n: 1 }]);
  await call(proxy, 'POST copy', { source_path: '//a', destination_path: '//c' });
  await proxy.tree.appendRows('//a/b/t', [{ n: 2 }]);
  expect(await proxy.tree.readRows('//c/b/t')).toEqual([{ n: 1 }]);
  const id = async (path: string) => json(await call(proxy, 'GET get', { path: `${path}/@id` }));
  expect(await id('//c/b/t')).not.toEqual(await id('//a/b/t'));
});

test('moves only over what may be replaced', async () => {
  const proxy = await startProxy();
  await proxy.tree.writeRows('//temp', [{ n: 2 }]);
  await proxy.tree.writeRows('//t', [{ n: 1 }]);
  const move = async (force: boolean) => codeOf(await call(proxy, 'POST move', { source_path: '//temp', destination_path: '//t', force }));
  expect(await move(false)).toBe(501);
  expect(await move(true)).toBeNull();
  expect([await proxy.tree.readRows('//t'), proxy.tree.exists('//temp')]).toEqual([[{ n: 2 }], false]);
});

test('does not copy a table that is being written by key', async () => {
  const proxy = await startProxy();
  proxy.tree.ensureDynamicTable('//t', [{ name: 'k', type: 'string', sort_order: 'ascending' }, { name: 'v', type: 'int64' }]);
  proxy.tree.insertRows('//t', [{ k: 'a', v: 1 }]);
  const copy = async () => codeOf(await call(proxy, 'POST copy', { source_path: '//t', destination_path: '//u' }));
  expect(await copy()).toBe(1);
  await call(proxy, 'POST freeze_table', { path: '//t' });
  expect(await copy()).toBeNull();
  expect(await proxy.tree.readRows('//u')).toEqual([{ k: 'a', v: 1 }]);
});

test('keeps a copied dynamic table that is not committed yet', async () => {
  const proxy = await startProxy();
  proxy.tree.ensureDynamicTable('//t', [{ name: 'k', type: 'string', sort_order: 'ascending' }, { name: 'v', type: 'int64' }]);
  proxy.tree.insertRows('//t', [{ k: 'a', v: 1 }]);
  await call(proxy, 'POST unmount_table', { path: '//t' });
  const transaction = await start(proxy);
  await call(proxy, 'POST move', { source_path: '//t', destination_path: '//u', transaction_id: transaction });
  proxy.tree.createTable('//other');
  await end(proxy, 'commit', transaction);
  expect([proxy.tree.exists('//t'), await proxy.tree.readRows('//u')]).toEqual([false, [{ k: 'a', v: 1 }]]);
});

test('sets values inside attributes, and maps as map nodes', async () => {
  const proxy = await startProxy();
  await call(proxy, 'PUT set', { path: '//m' }, { body: '{"a":1,"b":{"c":1.0}}' });
  await call(proxy, 'PUT set', { path: '//m/@limits' }, { body: '{"x":{"y":1}}' });
  await call(proxy, 'PUT set', { path: '//m/@limits/x/y' }, { body: '2' });
  expect(json(await call(proxy, 'GET get', { path: '//m/@limits/x', return_only_value: true }))).toEqual({ y: 2 });
  expect(json(await call(proxy, 'GET get', { path: '//m/b/c/@type', return_only_value: true }))).toBe('double_node');
  expect((await call(proxy, 'PUT set', { path: '//m' }, { body: '{}' })).status).toBe(400);
  await call(proxy, 'PUT set', { path: '//m', force: true }, { body: '{"z":[1]}' });
  expect(json(await call(proxy, 'GET get', { path: '//m', return_only_value: true }))).toEqual({ z: [1] });
});

test('repeats no part of a batch that comes twice', async () => {
  const proxy = await startProxy();
  const requests = [{ command: 'create', parameters: { type: 'table', path: '//a' } }, { command: 'create', parameters: { type: 'table', path: '//b' } }];
  const send = (retry: boolean) => call(proxy, 'POST execute_batch', { requests, mutation_id: '1-2-3-4', retry });
  const first = json(await send(false));
  expect(json(await send(true))).toEqual(first);
  expect(proxy.tree.list('/').sort()).toEqual(['a', 'b', 'sys', 'tmp']);
});

test('does once what comes twice at the same time', async () => {
  const proxy = await startProxy();
  await proxy.tree.writeRows('//a', Array.from({ length: 20_000 }, (_, n) => ({ n })));
  proxy.tree.createTable('//all');
  const parameters = { source_paths: ['//a'], destination_path: '<append=%true>//all', mutation_id: '1-2-3-4' };
  const replies = await Promise.all([false, true].map((retry) => call(proxy, 'POST concatenate', { ...parameters, retry })));
  expect(replies.map((reply) => reply.status)).toEqual([200, 200]);
  expect(await proxy.tree.readRows('//all')).toHaveLength(20_000);
});

test('sends heavy reads on to the proxy for them, and refuses rows', async () => {
  const proxy = await startProxy({ heavyProxy: true });
  await proxy.tree.writeRows('//t', [{ n: 1 }]);
  const read = await call(proxy, 'GET read_table', { path: '//t' });
  expect([read.status, read.headers['location']]).toEqual([307, `${proxy.heavyUrl}/api/v4/read_table`]);
  expect((await call(proxy, 'GET read_table', { path: '//t' }, { headers: ['X-YT-Suppress-Redirect: 1'] })).status).toBe(200);
  const written = await call(proxy, 'PUT write_table', { path: '//t' }, { body: '{}' });
  expect([written.status, written.headers['retry-after']]).toEqual([503, '60']);
  expect(await (await fetch(`${proxy.url}/hosts`)).json()).toEqual([new URL(proxy.heavyUrl ?? '').host]);
  expect(await (await fetch(`${proxy.url}/hosts`, { headers: { Accept: 'text/plain' } })).text()).toBe(new URL(proxy.heavyUrl ?? '').host);
});

test('throttles, and lies about its length, on demand', async () => {
  const proxy = await startProxy();
  proxy.faults.inject({ effect: { kind: 'throttled', retryAfterSeconds: 3 } });
  const throttled = await call(proxy, 'GET exists', { path: '/' });
  expect([throttled.status, codeOf(throttled), throttled.headers['retry-after']]).toEqual([429, 904, '3']);
  proxy.faults.inject({ effect: { kind: 'wrong_length' } });
  const short = await call(proxy, 'GET exists', { path: '/' });
  expect(Number(short.headers['content-length'])).toBeGreaterThan(short.body.length);
});
