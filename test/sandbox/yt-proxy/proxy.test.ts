// The local proxy as a stranger meets it: raw HTTP of API v4, restarts and kills.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { deflateSync } from 'node:zlib';
import { request } from 'undici';
import { expect, onTestFinished, test } from 'vitest';
import { startYtProxy, type YtProxy } from './proxy.ts';

const utf8 = { $value: 'json', $attributes: { encode_utf8: false } };
const keyed = [{ name: 'k', type: 'string', sort_order: 'ascending' }, { name: 'v', type: 'int64' }];

async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'yt-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

async function startProxy(directory: string | null = null): Promise<YtProxy> {
  const proxy = await startYtProxy({ directory });
  onTestFinished(() => proxy.close());
  return proxy;
}

interface RawCall {
  readonly method: string;
  readonly url: string;
  readonly parameters?: unknown;
  readonly headers?: Record<string, string>;
  readonly body?: string | Buffer;
}

async function call({ method, url, parameters = {}, headers = {}, body }: RawCall) {
  const reply = await request(url, {
    method,
    headers: {
      'X-YT-Header-Format': '<encode_utf8=%false>json',
      'X-YT-Parameters-0': Buffer.from(JSON.stringify(parameters)).toString('base64'),
      ...headers,
    },
    body: body ?? null,
  });
  return { status: reply.statusCode, headers: reply.headers, text: await reply.body.text(), trailers: reply.trailers };
}

test('keeps static and dynamic tables over a restart', async () => {
  const directory = await temporaryDirectory();
  const first = await startYtProxy({ directory });
  await first.tree.writeRows('//home/таблица', [{ имя: 'Ян' }]);
  await first.tree.appendRows('//home/таблица', [{ имя: 'Ия' }]);
  first.tree.ensureDynamicTable('//home/d', keyed);
  first.tree.insertRows('//home/d', [{ k: 'b', v: 1 }, { k: 'a', v: 2 }]);
  first.tree.insertRows('//home/d', [{ k: 'b', v: 3 }]);
  await first.close();
  const second = await startProxy(directory);
  expect(await second.tree.readRows('//home/таблица')).toEqual([{ имя: 'Ян' }, { имя: 'Ия' }]);
  expect(await second.tree.readRows('//home/d')).toEqual([{ k: 'a', v: 2 }, { k: 'b', v: 3 }]);
});

test('loses no acknowledged row when it is killed', async () => {
  const directory = await temporaryDirectory();
  const script = `
    const { startYtProxy } = await import(${JSON.stringify(join(import.meta.dirname, 'proxy.ts'))});
    const proxy = await startYtProxy({ directory: ${JSON.stringify(directory)} });
    proxy.tree.ensureDynamicTable('//d', ${JSON.stringify(keyed)});
    for (let n = 0; ; n += 1) {
      await proxy.tree.appendRows('//s', [{ n }]);
      proxy.tree.insertRows('//d', [{ k: 'key', v: n }]);
      console.log(n);
    }`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  let acknowledged = -1;
  for await (const line of createInterface({ input: child.stdout })) {
    acknowledged = Number(line);
    if (acknowledged === 120) child.kill('SIGKILL');
  }
  if (child.signalCode === null) await once(child, 'exit');
  expect(child.signalCode).toBe('SIGKILL');
  const proxy = await startProxy(directory);
  const rows = await proxy.tree.readRows('//s');
  expect(rows.slice(0, acknowledged + 1).map((row) => row['n'])).toEqual(Array.from({ length: acknowledged + 1 }, (_, n) => n));
  expect(Number((await proxy.tree.readRows('//d'))[0]?.['v'])).toBeGreaterThanOrEqual(acknowledged);
});

test('takes rows that nothing parts, in a compressed body', async () => {
  const proxy = await startProxy();
  proxy.tree.createTable('//t');
  const body = deflateSync(Buffer.from('{"i": 0, "s": "}{\\""}{"i": 1}\n{"i": {"in": []}}'));
  const parameters = { path: '<append=%true>//t', input_format: utf8 };
  const reply = await call({ method: 'PUT', url: `${proxy.url}/api/v4/write_table`, parameters, headers: { 'Content-Encoding': 'gzip' }, body });
  expect(reply).toMatchObject({ status: 200, text: '{}' });
  expect(await proxy.tree.readRows('//t')).toEqual([{ i: 0, s: '}{"' }, { i: 1 }, { i: { in: [] } }]);
});

test('splits bytes to characters unless told otherwise, as the cluster does', async () => {
  const proxy = await startProxy();
  await proxy.tree.writeRows('//t', [{ имя: 'Ян' }]);
  const url = `${proxy.url}/api/v4/read_table`;
  const plain = await call({ method: 'GET', url, parameters: { path: '//t', output_format: 'json' } });
  expect(plain.text).toBe('{"Ð¸Ð¼Ñ\u008f":"Ð¯Ð½"}\n');
  const writing = { method: 'PUT', url: `${proxy.url}/api/v4/write_table`, parameters: { path: '//t', input_format: 'json' } };
  const written = await call({ ...writing, body: '{"имя":"Ян"}' });
  expect(written.status).toBe(400);
  expect(written.text).toContain('encode_utf8=false');
  const yson = await call({ method: 'GET', url, parameters: { path: '//t' } });
  expect(yson.text).toBe('{"\\xd0\\xb8\\xd0\\xbc\\xd1\\x8f"="\\xd0\\xaf\\xd0\\xbd";};\n');
});

test('understands parameters in YSON, in one header or in the body', async () => {
  const proxy = await startProxy();
  const headers = { 'X-YT-Header-Format': '<format=text>yson', 'Content-Type': 'application/x-yt-yson-text', 'X-YT-Parameters': '{}' };
  const body = '{"type"="table";"path"="//home/\\xd1\\x82";"recursive"=%true;"attributes"={"note"="n";"depth"=2u;};"output_format"="json";}';
  const created = await call({ method: 'POST', url: `${proxy.url}/api/v4/create`, headers, body });
  expect(created.status).toBe(200);
  expect(proxy.tree.exists('//home/т')).toBe(true);
  const asked = '{"path"="//home/\\xd1\\x82/@";"attributes"=["note";"depth";"row_count"];"return_only_value"=%true;"output_format"="json"}';
  const reply = await call({ method: 'GET', url: `${proxy.url}/api/v4/get`, headers: { ...headers, 'X-YT-Parameters': asked } });
  expect(JSON.parse(reply.text)).toEqual({ note: 'n', depth: 2, row_count: 0 });
});

test('refuses an unknown command with the error of the protocol', async () => {
  const proxy = await startProxy();
  const reply = await call({ method: 'GET', url: `${proxy.url}/api/v4/fly` });
  expect(reply.status).toBe(404);
  expect(JSON.parse(reply.text)).toMatchObject({ code: 1, message: 'Command "fly" is not registered' });
  expect(reply.headers['x-yt-response-code']).toBe('1');
  expect((await call({ method: 'GET', url: `${proxy.url}/api/v4/create` })).status).toBe(405);
});

test('answers 400 with the code of the failure', async () => {
  const proxy = await startProxy();
  const reply = await call({ method: 'GET', url: `${proxy.url}/api/v4/get`, parameters: { path: '//none' } });
  expect(reply.status).toBe(400);
  expect(reply.headers['x-yt-response-code']).toBe('500');
  expect(JSON.parse(String(reply.headers['x-yt-error']))).toMatchObject({ code: 500, message: 'Error resolving path //none' });
});

test('tells an error in the trailers once rows have gone out', async () => {
  const proxy = await startProxy();
  await proxy.tree.writeRows('//t', [{ n: 1 }, { n: 2 }, { n: 3 }]);
  proxy.faults.inject({ effect: { kind: 'trailer', afterRows: 2, error: { code: 716, message: 'Chunk unavailable' } } });
  const reply = await call({ method: 'GET', url: `${proxy.url}/api/v4/read_table`, parameters: { path: '//t', output_format: utf8 } });
  expect(reply).toMatchObject({ status: 200, text: '{"n":1}\n{"n":2}\n' });
  expect(JSON.parse(reply.trailers['x-yt-error'] ?? '')).toMatchObject({ code: 716 });
  expect(JSON.parse(String(reply.headers['x-yt-response-parameters']))).toMatchObject({ start_row_index: 0, approximate_row_count: 3 });
});

test('reads the ranges of a path in both of its spellings', async () => {
  const proxy = await startProxy();
  await proxy.tree.writeRows('//t', Array.from({ length: 6 }, (_, n) => ({ n, m: -n })));
  const url = `${proxy.url}/api/v4/read_table`;
  const read = async (path: unknown) => (await call({ method: 'GET', url, parameters: { path, output_format: utf8 } })).text;
  expect(await read('//t{n}[#1:#3,#5]')).toBe('{"n":1}\n{"n":2}\n{"n":5}\n');
  const ranges = [{ lower_limit: { row_index: 4 } }, { exact: { row_index: 0 } }];
  expect(await read({ $value: '//t', $attributes: { columns: ['n'], ranges } })).toBe('{"n":4}\n{"n":5}\n{"n":0}\n');
  expect(await read('<lower_limit={row_index=5}>//t{n}')).toBe('{"n":5}\n');
});

test('refuses a mutation that comes twice without saying so', async () => {
  const proxy = await startProxy();
  const create = (name: string, retry: boolean) =>
    call({ method: 'POST', url: `${proxy.url}/api/v4/create`, parameters: { type: 'table', path: name, mutation_id: '1-2-3-4', retry } });
  const first = await create('//a', false);
  expect((await create('//a', false)).status).toBe(400);
  expect(await create('//a', true)).toMatchObject({ status: 200, text: first.text });
});

test('describes itself', async () => {
  const proxy = await startProxy();
  const json = async (path: string): Promise<unknown> => JSON.parse((await call({ method: 'GET', url: `${proxy.url}${path}` })).text) as unknown;
  const lookup = { name: 'lookup_rows', input_type: 'tabular', output_type: 'tabular', is_volatile: false, is_heavy: true };
  expect(await json('/api')).toEqual(['v3', 'v4']);
  expect(await json('/api/v4')).toContainEqual(lookup);
  expect(await json('/hosts')).toEqual([new URL(proxy.url).host]);
  expect((await call({ method: 'GET', url: `${proxy.url}/ping` })).status).toBe(200);
});
