// The official Python client as it was recorded: the bytes it sends, and what it needs to find in the replies.
import { YtClient } from 'ytsaurus-client';
import { expect, onTestFinished, test } from 'vitest';
import type { YtProxy } from '../../sandbox/yt-proxy/proxy.ts';
import { common, createTable, get, mutationId, post, put, start } from './python.ts';
import { exchange } from './raw-http.ts';
import { json, startProxy } from './scene.ts';

const rowText = (id: number) => `{"id": ${id}, "\\u00d0\\u00b8\\u00d0\\u00bc\\u00d1\\u008f": "\\u00d0\\u009f"}`;
const rowsOfFive = [0, 1, 2, 3, 4].map((id) => ({ id, имя: 'П' }));

async function writeFive(proxy: YtProxy): Promise<string> {
  const id = await createTable(proxy);
  await put(proxy, 'write_table', '{"input_format"="json";"path"="//tmp/t";}', [0, 1, 2, 3, 4].map(rowText).join(''));
  return id;
}

test('asks for the commands and whether a node is there', async () => {
  const proxy = await startProxy();
  const commands = json(await exchange(proxy.url, { line: 'GET /api/v4' }));
  expect(commands).toContainEqual({ name: 'start_transaction', input_type: 'null', output_type: 'structured', is_volatile: true, is_heavy: false });
  const asked = '{"suppress_transaction_coordinator_sync"=%false;"path"="//tmp/t";"output_format"="json";}';
  const reply = await get(proxy, 'exists', asked);
  expect(reply.status).toBe(200);
  expect(reply.headers['content-encoding']).toBe('gzip');
  expect(json(reply)).toEqual({ value: false });
  expect(proxy.calls[0]).toMatchObject({ authorization: 'OAuth secret', correlationId: '2d46e515-24d5bcb9-ecdffa1c-6f6711bd' });
  await createTable(proxy);
  expect(json(await get(proxy, 'exists', asked))).toEqual({ value: true });
});

test('creates a table with a schema by parameters in the body', async () => {
  const proxy = await startProxy();
  const id = await createTable(proxy, '{"schema"=[{"name"="id";"type"="int64";};{"name"="\\xd0\\xb8";"type"="string";"required"=%false;};];}');
  expect(id).toMatch(/^[0-9a-f]+(-[0-9a-f]+){3}$/);
  const reply = await get(proxy, 'get', '{"path"="//tmp/t/@schema";"return_only_value"=%true;"output_format"=<"encode_utf8"=%false;>"json";}');
  expect(json(reply)).toMatchObject({ $attributes: { strict: true, unique_keys: false }, $value: [{ name: 'id', type: 'int64' }, { name: 'и', type: 'string' }] });
  expect(await createTable(proxy)).toBe(id);
});

test('writes glued rows in nested transactions, the second chunk as an append', async () => {
  const proxy = await startProxy();
  await createTable(proxy);
  const outer = await start(proxy);
  const [first, second] = [await start(proxy, outer), await start(proxy, outer)];
  expect((await post(proxy, 'ping_transaction', `{"transaction_id"="${outer}";"ping_ancestor_transactions"=%true;"output_format"="json";}`)).body.toString()).toBe('{}');
  const hosts = await exchange(proxy.url, { line: 'GET /hosts?address_type=http', headers: common });
  expect(json(hosts)).toEqual([new URL(proxy.url).host]);
  const written = await put(proxy, 'write_table', `{"transaction_id"="${first}";"input_format"="json";"path"="//tmp/t";}`, rowText(0) + rowText(1));
  expect([written.status, written.body.toString()]).toEqual([200, '{}']);
  expect(json(await post(proxy, 'commit_transaction', `{"transaction_id"="${first}";"output_format"="json";"mutation_id"="${mutationId()}";"retry"=%false;}`)))
    .toEqual({ primary_commit_timestamp: 0, commit_timestamps: {} });
  await put(proxy, 'write_table', `{"transaction_id"="${second}";"input_format"="json";"path"=<"append"=%true;>"//tmp/t";}`, rowText(2));
  await post(proxy, 'commit_transaction', `{"transaction_id"="${second}";"output_format"="json";}`);
  expect(await proxy.tree.readRows('//tmp/t')).toEqual([]);
  await post(proxy, 'commit_transaction', `{"transaction_id"="${outer}";"output_format"="json";}`);
  expect(await proxy.tree.readRows('//tmp/t')).toEqual(rowsOfFive.slice(0, 3));
});

test('reads what a client of another encoding wrote, and is read by it', async () => {
  const proxy = await startProxy();
  const yt = new YtClient({ proxy: proxy.url });
  onTestFinished(() => yt.close());
  const path = '//tmp/\\xd1\\x82\\xd0\\xb0\\xd0\\xb1\\xd0\\xbb\\xd0\\xb8\\xd1\\x86\\xd0\\xb0';
  await yt.create('table', '//tmp/таблица', { recursive: true });
  const [byte, rows] = [(text: string) => Buffer.from(text).toString('latin1'), [{ имя: 'Пётр Ёжиков', x: 'ascii' }, { имя: '🚕', x: null }]];
  const bytes = rows.map((row) => byte(JSON.stringify(row)));
  await put(proxy, 'write_table', `{"input_format"="json";"path"="${path}";}`, bytes.join(''));
  const read: unknown[] = [];
  for await (const row of yt.readTable('//tmp/таблица', { columns: ['имя', 'x'] })) read.push(row);
  expect(read).toEqual(rows);
  await yt.writeTable('//tmp/таблица', rows.toReversed());
  const reply = await get(proxy, 'read_table', `{"path"="${path}";"output_format"="json";}`);
  expect(reply.body.toString('utf8').trimEnd().split('\n')).toEqual(bytes.toReversed());
});

test('gets the attributes it names, bare', async () => {
  const proxy = await startProxy();
  await writeFive(proxy);
  const names = ['type', 'chunk_count', 'compressed_data_size', 'row_count', 'dynamic', 'sorted', 'replication_factor', 'uncompressed_data_size', 'data_weight'];
  const asked = `{"path"="//tmp/t/@";"max_size"=65535;"attributes"=[${names.map((name) => `"${name}";`).join('')}];"return_only_value"=%true;"output_format"="json";}`;
  const attributes = json(await get(proxy, 'get', asked)) as Record<string, unknown>;
  expect(Object.keys(attributes).sort()).toEqual([...names].sort());
  expect(attributes).toMatchObject({ type: 'table', row_count: 5, dynamic: false, sorted: false });
});

/** Frames into data; keep-alives fall away. */
function unframed(body: Buffer): string {
  const pieces: Buffer[] = [];
  for (let at = 0; at < body.length; ) {
    if (body[at] === 2) {
      at += 1;
      continue;
    }
    expect(body[at]).toBe(1);
    const length = body.readUInt32LE(at + 1);
    pieces.push(body.subarray(at + 5, at + 5 + length));
    at += 5 + length;
  }
  return Buffer.concat(pieces).toString();
}

test('resumes a framed read, that broke off with an error in the trailers, under its snapshot lock', async () => {
  const proxy = await startProxy();
  const table = await writeFive(proxy);
  const transaction = await start(proxy);
  const locked = await post(proxy, 'lock', `{"transaction_id"="${transaction}";"path"="//tmp/t";"mode"="snapshot";"waitable"=%false;"output_format"="json";"mutation_id"="${mutationId()}";"retry"=%false;}`);
  expect(json(locked)).toEqual({ lock_id: expect.any(String) as string, node_id: table, revision: expect.any(Number) as number });
  proxy.faults.inject({ command: 'read_table', effect: { kind: 'trailer', afterRows: 2, error: { code: 716, message: 'Chunk unavailable' } } });
  const read = (path: string) => get(proxy, 'read_table', `{"transaction_id"="${transaction}";"path"=${path};"output_format"="json";}`, ['X-YT-Accept-Framing: 1']);
  const broken = await read(`"#${table}"`);
  expect(broken.status).toBe(200);
  expect(broken.headers).toMatchObject({ trailer: 'X-YT-Error, X-YT-Response-Code, X-YT-Response-Message', 'x-yt-framing': '1' });
  expect(broken.headers['x-yt-response-parameters']).toBe('{"start_row_index"=0;"approximate_row_count"=5;"omitted_inaccessible_columns"=[];}');
  expect(broken.trailers['x-yt-response-code']).toBe('716');
  expect(JSON.parse(broken.trailers['x-yt-error'] ?? '')).toMatchObject({ code: 716, message: 'Chunk unavailable' });
  await put(proxy, 'write_table', '{"input_format"="json";"path"="//tmp/t";}', rowText(9));
  const resumed = await read(`<"lower_limit"={"row_index"=2;};>"#${table}"`);
  expect(resumed.headers['x-yt-response-parameters']).toContain('"start_row_index"=2;');
  expect(resumed.trailers).toEqual({});
  const lines = (unframed(broken.body) + unframed(resumed.body)).trimEnd().split('\n');
  const rows = lines.map((line) => JSON.parse(Buffer.from(line, 'utf8').toString('utf8')) as Record<string, unknown>);
  expect(rows.map((row) => row['id'])).toEqual([0, 1, 2, 3, 4]);
  // Bytes as characters: this client asks for nothing else.
  expect(rows[0]?.[Buffer.from('имя').toString('latin1')]).toBe(Buffer.from('П').toString('latin1'));
});

test('carries out a batch whose parts fail one by one', async () => {
  const proxy = await startProxy();
  await createTable(proxy);
  const parts = '{"command"="exists";"parameters"={"path"="//tmp/t";};};{"command"="get";"parameters"={"path"="//tmp/none";};};{"command"="set";"parameters"={"path"="//tmp/x";};"input"="v";};';
  const reply = await post(proxy, 'execute_batch', `{"requests"=[${parts}];"concurrency"=50;"output_format"="json";"mutation_id"="${mutationId()}";"retry"=%false;}`);
  const { results } = json(reply) as { results: unknown[] };
  expect(results).toMatchObject([{ output: { value: true } }, { error: { code: 500 } }, { output: {} }]);
  expect(json(await get(proxy, 'get', '{"path"="//tmp/x";"return_only_value"=%true;"output_format"="json";}'))).toBe('v');
});

test('inserts rows into a mounted table, selects them, moves a table', async () => {
  const proxy = await startProxy();
  await createTable(proxy, '{"dynamic"=%true;"schema"=<"unique_keys"=%true;>[{"name"="id";"type"="int64";"sort_order"="ascending";};{"name"="v";"type"="string";};];}');
  const refused = await put(proxy, 'insert_rows', '{"path"="//tmp/t";"input_format"="json";}', '{"id": 1}\n');
  expect(refused.headers['x-yt-response-code']).toBe('1702');
  await post(proxy, 'mount_table', '{"path"="//tmp/t";"output_format"="json";}');
  const inserted = await put(proxy, 'insert_rows', '{"path"="//tmp/t";"input_format"="json";}', '{"id": 1}\n{"id": 2, "v": "x"}\n');
  expect([inserted.status, inserted.body.length]).toEqual([200, 0]);
  const selected = await get(proxy, 'select_rows', '{"query"="id, v from [//tmp/t] where v = \\"x\\"";"output_format"="json";}');
  expect(selected.body.toString()).toBe('{"id":2,"v":"x"}\n');
  await post(proxy, 'unmount_table', '{"path"="//tmp/t";"output_format"="json";}');
  const moved = await post(proxy, 'move', '{"source_path"="//tmp/t";"destination_path"="//tmp/t2";"recursive"=%false;"force"=%true;"output_format"="json";}');
  expect(json(moved)).toEqual({ node_id: expect.stringMatching(/^[0-9a-f]+(-[0-9a-f]+){3}$/) as string });
  expect([proxy.tree.exists('//tmp/t'), await proxy.tree.readRows('//tmp/t2')]).toEqual([false, [{ id: 1, v: null }, { id: 2, v: 'x' }]]);
});

test('finds errors in headers and body alike, and lives without a client configuration', async () => {
  const proxy = await startProxy();
  const reply = await get(proxy, 'get', '{"path"="//tmp/none/@id";"return_only_value"=%true;"output_format"="json";}');
  expect(reply.status).toBe(400);
  expect(reply.headers['x-yt-response-code']).toBe('500');
  expect(json(reply)).toMatchObject({ code: 500, message: 'Error resolving path //tmp/none/@id' });
  expect(JSON.parse(reply.headers['x-yt-error'] ?? '')).toEqual(json(reply));
  const configuration = await get(proxy, 'get', '{"path"="//sys/client_config";"return_only_value"=%true;"output_format"="json";}');
  expect(configuration.headers['x-yt-response-code']).toBe('500');
});

test('learns who it is and what the cluster can do', async () => {
  const proxy = await startProxy();
  const whoami = await exchange(proxy.url, { line: 'POST /auth/whoami', headers: common, chunks: [] });
  expect(json(whoami)).toMatchObject({ login: 'root', realm: expect.any(String) as string, csrf_token: expect.any(String) as string });
  const features = json(await get(proxy, 'get_supported_features', '{"output_format"="json";}')) as { features: { primitive_types: string[] } };
  expect(features.features.primitive_types).toContain('timestamp');
});

test('sorts a table by an operation, and polls it', async () => {
  const proxy = await startProxy();
  await createTable(proxy);
  await put(proxy, 'write_table', '{"input_format"="json";"path"="//tmp/t";}', '{"k": "b"}{"k": "a"}{"k": "c"}');
  const started = await post(proxy, 'start_operation', `{"operation_type"="sort";"spec"={"input_table_paths"=["//tmp/t";];"output_table_path"="//tmp/t";"sort_by"=["k";];};"output_format"="json";"mutation_id"="${mutationId()}";}`);
  const { operation_id: id } = json(started) as { operation_id: string };
  const state = await get(proxy, 'get_operation', `{"operation_id"="${id}";"attributes"=["state";"result";];"output_format"="json";}`);
  expect(json(state)).toMatchObject({ state: 'completed', result: { error: { code: 0 } } });
  expect(await proxy.tree.readRows('//tmp/t')).toEqual([{ k: 'a' }, { k: 'b' }, { k: 'c' }]);
  expect(json(await get(proxy, 'get', '{"path"="//tmp/t/@sorted_by";"return_only_value"=%true;"output_format"="json";}'))).toEqual(['k']);
});
