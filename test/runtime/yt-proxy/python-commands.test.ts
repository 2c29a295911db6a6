// What the official Python client asks for beside reading and writing: links, schemas in paths, operations, statistics, a fresh cluster.
import { connect } from 'node:net';
import { once } from 'node:events';
import { deflateSync } from 'node:zlib';
import { expect, test } from 'vitest';
import type { YtProxy } from '../../sandbox/yt-proxy/proxy.ts';
import { createTable, get, mutationId, post, put, start } from './python.ts';
import { exchange } from './raw-http.ts';
import { codeOf, json, startProxy } from './scene.ts';

const value = async (proxy: YtProxy, path: string): Promise<unknown> =>
  json(await get(proxy, 'get', `{"path"="${path}";"max_size"=65535;"return_only_value"=%true;"output_format"="json";}`));
const exists = async (proxy: YtProxy, path: string): Promise<unknown> => json(await get(proxy, 'exists', `{"path"="${path}";"output_format"="json";}`));
const create = (proxy: YtProxy, path: string, more = ''): ReturnType<typeof post> =>
  post(proxy, 'create', `{"type"="table";"recursive"=%false;"ignore_existing"=%true;"path"="${path}";${more}"output_format"="json";"mutation_id"="${mutationId()}";"retry"=%false;}`);
const operate = async (proxy: YtProxy, type: string, spec: string): Promise<unknown> => {
  const started = await post(proxy, 'start_operation', `{"operation_type"="${type}";"spec"={${spec}};"output_format"="json";"mutation_id"="${mutationId()}";"retry"=%false;}`);
  const { operation_id: id } = json(started) as { operation_id: string };
  return json(await get(proxy, 'get_operation', `{"operation_id"="${id}";"output_format"="json";}`));
};

test('makes tables at once in the directories that every cluster has', async () => {
  const proxy = await startProxy();
  for (const path of ['//tmp/t', '//home/t']) expect(codeOf(await create(proxy, path))).toBeNull();
  expect(codeOf(await create(proxy, '//other/t'))).toBe(500);
  expect(await exists(proxy, '//sys')).toEqual({ value: true });
});

test('is told the error once it has sent all of a large body that was refused at its beginning', async () => {
  const proxy = await startProxy();
  await createTable(proxy, '{"schema"=[{"name"="a";"type"="int64";};];}');
  const body = deflateSync(Buffer.from(`{"a":"x"}${'{"a":1}'.repeat(3_000_000)}`), { level: 0 });
  for (const [path, code] of [['//tmp/t', 307], ['//tmp/none', 500]] as const) {
    const { hostname, port, host } = new URL(proxy.url);
    const socket = connect(Number(port), hostname);
    // Reads nothing before it has sent everything, as blocking clients do.
    socket.pause();
    const head = [`PUT /api/v4/write_table HTTP/1.1`, `Host: ${host}`, 'Content-Encoding: gzip', `Content-Length: ${body.length}`,
      'X-YT-Header-Format: <format=text>yson', `X-YT-Parameters: {"path"="${path}";"input_format"="json";}`, '', ''];
    socket.write(head.join('\r\n'));
    for (let at = 0; at < body.length; at += 1 << 20) if (!socket.write(body.subarray(at, at + (1 << 20)))) await once(socket, 'drain');
    socket.resume();
    const [reply] = await once(socket, 'data') as [Buffer];
    expect(reply.toString('latin1')).toContain(`X-YT-Response-Code: ${code}\r\n`);
    socket.destroy();
  }
});

test('writes nothing at all in a body of no bytes, whatever its encoding', async () => {
  const proxy = await startProxy();
  await createTable(proxy);
  await put(proxy, 'write_table', '{"path"="//tmp/t";"input_format"="json";}', '{"a":1}');
  const parameters = '{"path"="//tmp/t";"input_format"="json";}';
  const headers = ['X-YT-Header-Format: <format=text>yson', 'Content-Encoding: gzip', `X-YT-Parameters: ${parameters}`];
  expect((await exchange(proxy.url, { line: 'PUT /api/v4/write_table', headers, chunks: [] })).status).toBe(200);
  expect(await value(proxy, '//tmp/t/@row_count')).toBe(0);
});

test('writes a table anew under the schema, or sorted by the columns, that stand with its path', async () => {
  const proxy = await startProxy();
  await createTable(proxy);
  await put(proxy, 'write_table', '{"path"=<"sorted_by"=["k";];>"//tmp/t";"input_format"="json";}', '{"k":"a"}{"k":"b"}');
  expect(await value(proxy, '//tmp/t/@sorted_by')).toEqual(['k']);
  const unsorted = await put(proxy, 'write_table', '{"path"=<"sorted_by"=["k";];>"//tmp/t";"input_format"="json";}', '{"k":"b"}{"k":"a"}');
  expect(codeOf(unsorted)).toBe(301);
  await put(proxy, 'write_table', '{"path"=<"schema"=[{"name"="n";"type"="int64";};];>"//tmp/t";"input_format"="json";}', '{"n":1}');
  expect(await value(proxy, '//tmp/t/@schema/0/name')).toBe('n');
  expect(await value(proxy, '//tmp/t/@schema/@strict')).toBe(true);
  const both = await put(proxy, 'write_table', '{"path"=<"append"=%true;"schema"=[];>"//tmp/t";"input_format"="json";}', '{"n":2}');
  expect(codeOf(both)).toBe(1);
  expect(await proxy.tree.readRows('//tmp/t')).toEqual([{ n: 1 }]);
});

test('sets what a table has by default, one by one and together', async () => {
  const proxy = await startProxy();
  await createTable(proxy);
  expect(await value(proxy, '//tmp/t/@optimize_for')).toBe('lookup');
  await put(proxy, 'set', '{"path"="//tmp/t/@optimize_for";"input_format"="json";}', '"scan"');
  await put(proxy, 'multiset_attributes', '{"path"="//tmp/t/@";"input_format"="json";}', '{"compression_codec":"zlib_6","mine":{"a":1}}');
  expect(await value(proxy, '//tmp/t/@optimize_for')).toBe('scan');
  expect([await value(proxy, '//tmp/t/@compression_codec'), await value(proxy, '//tmp/t/@mine/a')]).toEqual(['zlib_6', 1]);
});

test('goes through a link to what it stands for, and removes only the link', async () => {
  const proxy = await startProxy();
  const table = await createTable(proxy);
  const link = (more: string): ReturnType<typeof post> => post(proxy, 'link', `{"target_path"="//tmp/t";"link_path"="//tmp/latest";${more}"output_format"="json";"mutation_id"="${mutationId()}";}`);
  expect(json(await link(''))).toEqual({ node_id: expect.any(String) as string });
  expect(codeOf(await link(''))).toBe(501);
  expect(codeOf(await link('"ignore_existing"=%true;'))).toBeNull();
  await put(proxy, 'write_table', '{"path"="//tmp/latest";"input_format"="json";}', '{"a":1}');
  expect(await proxy.tree.readRows('//tmp/t')).toEqual([{ a: 1 }]);
  expect([await value(proxy, '//tmp/latest/@id'), await value(proxy, '//tmp/latest&/@type'), await value(proxy, '//tmp/latest&/@target_path')]).toEqual([table, 'link', '//tmp/t']);
  await post(proxy, 'remove', '{"path"="//tmp/latest";"recursive"=%false;"force"=%false;}');
  expect([await exists(proxy, '//tmp/latest'), await exists(proxy, '//tmp/t')]).toEqual([{ value: false }, { value: true }]);
  await link('');
  await post(proxy, 'remove', '{"path"="//tmp/t";"recursive"=%false;"force"=%false;}');
  expect([await exists(proxy, '//tmp/latest'), await exists(proxy, '//tmp/latest&'), await value(proxy, '//tmp/latest&/@broken')]).toEqual([{ value: false }, { value: true }, true]);
});

test('merges and erases ranges of tables, into a table that the operation makes', async () => {
  const proxy = await startProxy();
  await createTable(proxy);
  await put(proxy, 'write_table', '{"path"="//tmp/t";"input_format"="json";}', [0, 1, 2, 3, 4].map((n) => `{"n":${n}}`).join(''));
  const spec = '"mode"="ordered";"input_table_paths"=[<"ranges"=[{"lower_limit"={"row_index"=1;};"upper_limit"={"row_index"=3;};};];>"//tmp/t";];"output_table_path"=<"create"=%true;>"//tmp/o";';
  expect(await operate(proxy, 'merge', spec)).toMatchObject({ state: 'completed' });
  expect(await proxy.tree.readRows('//tmp/o')).toEqual([{ n: 1 }, { n: 2 }]);
  expect(await operate(proxy, 'erase', '"table_path"="//tmp/t[#1:#4]"')).toMatchObject({ state: 'completed' });
  expect(await proxy.tree.readRows('//tmp/t')).toEqual([{ n: 0 }, { n: 4 }]);
  const failed = await operate(proxy, 'sort', '"input_table_paths"=["//tmp/none";];"output_table_path"="//tmp/o";"sort_by"=["n";];') as { id: string };
  expect(failed).toMatchObject({ state: 'failed', result: { error: { code: 500 } } });
  expect(json(await get(proxy, 'list_jobs', `{"operation_id"="${failed.id}";"output_format"="json";}`))).toMatchObject({ jobs: [] });
});

test('weighs columns', async () => {
  const proxy = await startProxy();
  await createTable(proxy);
  await put(proxy, 'write_table', '{"path"="//tmp/t";"input_format"="json";}', '{"a":"xy","n":1}{"a":"z","n":2}');
  const weigh = (path: string): ReturnType<typeof get> => get(proxy, 'get_table_columnar_statistics', `{"paths"=[${path};];"output_format"="json";}`);
  expect(json(await weigh('<"columns"=["a";"n";];>"//tmp/t"'))).toMatchObject([{ column_data_weights: { a: 3, n: 16 } }]);
  expect(codeOf(await weigh('"//tmp/t"'))).toBe(1);
});

test('makes a sorted table dynamic, and static again, with its rows', async () => {
  const proxy = await startProxy();
  await createTable(proxy, '{"schema"=<"unique_keys"=%true;>[{"name"="k";"type"="string";"sort_order"="ascending";};{"name"="n";"type"="int64";};];}');
  await put(proxy, 'write_table', '{"path"="//tmp/t";"input_format"="json";}', '{"k":"a","n":1}{"k":"b","n":2}');
  const alter = (dynamic: string): ReturnType<typeof post> => post(proxy, 'alter_table', `{"path"="//tmp/t";"dynamic"=${dynamic};"mutation_id"="${mutationId()}";}`);
  expect(codeOf(await alter('%true'))).toBeNull();
  await post(proxy, 'mount_table', '{"path"="//tmp/t";}');
  expect(codeOf(await alter('%false'))).toBe(1);
  await put(proxy, 'insert_rows', '{"path"="//tmp/t";"input_format"="json";}', '{"k":"aa","n":3}');
  await post(proxy, 'unmount_table', '{"path"="//tmp/t";}');
  expect(codeOf(await alter('%false'))).toBeNull();
  expect([await value(proxy, '//tmp/t/@dynamic'), await value(proxy, '//tmp/t/@row_count')]).toEqual([false, 3]);
  expect(await proxy.tree.readRows('//tmp/t')).toEqual([{ k: 'a', n: 1 }, { k: 'aa', n: 3 }, { k: 'b', n: 2 }]);
});

test('does nothing once a prerequisite is broken', async () => {
  const proxy = await startProxy();
  await createTable(proxy);
  const transaction = await start(proxy);
  const set = (more: string): ReturnType<typeof put> => put(proxy, 'set', `{"path"="//tmp/x";"input_format"="json";${more}}`, '1');
  expect(codeOf(await set(`"prerequisite_transaction_ids"=["${transaction}";];`))).toBeNull();
  await post(proxy, 'abort_transaction', `{"transaction_id"="${transaction}";}`);
  expect(codeOf(await set(`"prerequisite_transaction_ids"=["${transaction}";];`))).toBe(1000);
  const revision = String(await value(proxy, '//tmp/t/@revision'));
  const prerequisite = `"prerequisite_revisions"=[{"path"="//tmp/t";"transaction_id"="0-0-0-0";"revision"=${revision};};];`;
  expect(codeOf(await set(prerequisite))).toBeNull();
  await put(proxy, 'write_table', '{"path"="//tmp/t";"input_format"="json";}', '{"a":1}');
  expect(codeOf(await set(prerequisite))).toBe(1000);
});
