// Formats of values and rows: every spelling of one thing is that thing again, in every direction.
import { brotliDecompressSync, gunzipSync, gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { bytesOfText, textOfBytes } from '../../sandbox/yt-proxy/bytes.ts';
import { double, integer, parseExact } from '../../sandbox/yt-proxy/exact.ts';
import { parseYson, parseYsonRows } from '../../sandbox/yt-proxy/yson-parser.ts';
import { writeYson, writeYsonRow } from '../../sandbox/yt-proxy/yson-writer.ts';
import { call, codeOf, json, startProxy, ysonFormat } from './scene.ts';

const scalars = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.string({ unit: 'binary' }),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }).map(integer),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(double),
  fc.uint8Array().map((bytes) => textOfBytes(Buffer.from(bytes))),
);
const { value: anyValue } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof({ maxDepth: 3 }, scalars, fc.array(tie('value'), { maxLength: 4 }), fc.dictionary(fc.string({ minLength: 1 }).map((key) => key.replace(/^\$+/, '_')), tie('value'), { maxKeys: 4 })),
}));
const utf8 = (format: string) => ({ $value: format, $attributes: { encode_utf8: false } });

test('writes a value in text and binary YSON so that it reads as the same', () => {
  fc.assert(fc.property(anyValue, fc.boolean(), (value, binary) => {
    const read = parseYson(Buffer.from(writeYson(value, binary), 'latin1'));
    expect(JSON.stringify(read)).toBe(JSON.stringify(value));
  }));
});

test('keeps a field whatever it is called', () => {
  const value = JSON.parse('{"__proto__":[1],"constructor":2}');
  for (const binary of [false, true]) expect(JSON.stringify(parseYson(Buffer.from(writeYson(value, binary), 'latin1')))).toBe('{"__proto__":[1],"constructor":2}');
});

test('reads rows of YSON however the stream is cut', async () => {
  const rows = fc.array(fc.dictionary(fc.string({ minLength: 1 }).map((key) => `k${key}`), scalars, { maxKeys: 3 }), { maxLength: 5 });
  await fc.assert(fc.asyncProperty(rows, fc.boolean(), fc.integer({ min: 1, max: 7 }), async (written, binary, size) => {
    const bytes = Buffer.from(written.map((row) => writeYsonRow(row, binary, new Set())).join(''), 'latin1');
    const pieces = async function* () {
      for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
    };
    const read: unknown[] = [];
    for await (const row of parseYsonRows(pieces())) read.push(row);
    expect(JSON.stringify(read)).toBe(JSON.stringify(written));
  }));
});

test('keeps any bytes through text', () => {
  fc.assert(fc.property(fc.uint8Array(), (bytes) => {
    expect(bytesOfText(textOfBytes(Buffer.from(bytes)))).toEqual(Buffer.from(bytes));
  }));
});

test('keeps the digits of every number of a JSON text', () => {
  const text = '{"a":9007199254740993,"b":-9223372036854775808,"c":18446744073709551615,"d":1.0,"e":1e21,"f":0.1,"g":[-0.0,7]}';
  expect(JSON.stringify(parseExact(text))).toBe(text.replace('1e21', '1e+21'));
});

test('refuses YSON that is cut short or has something after its end', () => {
  for (const text of ['{a=1', '[1;2', '"abc', '<a=1>', '{a=1}}', '%maybe', '\x01\x0aab']) {
    expect(() => parseYson(Buffer.from(text, 'latin1'))).toThrow();
  }
});

test('reads every spelling of YSON', () => {
  expect(parseYson(Buffer.from(' { a = 1 ; "b" = [ 3u ; %true ; # ; 1.5 ] ; c = <x=y> "z\\x0a\\"" } '))).toEqual({
    a: 1, b: [3, true, null, 1.5], c: { $value: 'z\n"', $attributes: { x: 'y' } },
  });
});

test('carries a row in one format out in any other', async () => {
  const proxy = await startProxy();
  const columns = [['s', 'string'], ['i', 'int64'], ['u', 'uint64'], ['d', 'double'], ['b', 'boolean'], ['x', 'any']].map(([name = '', type = '']) => ({ name, type }));
  const read = async (format: unknown) => (await call(proxy, 'GET read_table', { path: '//t', output_format: format })).body;
  const text = '{"s"="\\xd0\\x96";"i"=-5;"u"=7u;"d"=1.;"b"=%true;"x"=[1;];};\n';
  const jsonText = '{"s":"Ж","i":-5,"u":7,"d":1.0,"b":true,"x":[1]}\n';
  const binary = Buffer.from('{\x01\x02s=\x01\x04\xd0\x96;\x01\x02i=\x02\x09;\x01\x02u=\x06\x07;\x01\x02d=\x03\0\0\0\0\0\0\xf0\x3f;\x01\x02b=\x05;\x01\x02x=[\x02\x02;];};', 'latin1');
  for (const [format, body] of [[ysonFormat('text'), text], [ysonFormat('binary'), binary], [utf8('json'), jsonText]] as const) {
    proxy.tree.createTable('//t', columns);
    expect(codeOf(await call(proxy, 'PUT write_table', { path: '//t', input_format: format }, { body }))).toBeNull();
    expect((await read(ysonFormat('text'))).toString()).toBe(text);
    expect(await read(ysonFormat('binary'))).toEqual(binary);
    expect((await read(utf8('json'))).toString()).toBe(jsonText);
  }
});

test('keeps a string that is no UTF-8, and refuses to write it as UTF-8 JSON', async () => {
  const proxy = await startProxy();
  proxy.tree.createTable('//t');
  await call(proxy, 'PUT write_table', { path: '//t', input_format: ysonFormat('text') }, { body: '{s="\\xff\\x00\\xd0"};' });
  expect((await call(proxy, 'GET read_table', { path: '//t', output_format: ysonFormat('text') })).body.toString()).toBe('{"s"="\\xff\\x00\\xd0";};\n');
  expect((await call(proxy, 'GET read_table', { path: '//t', output_format: 'json' })).body.toString()).toBe('{"s":"ÿ\\u0000Ð"}\n');
  const refused = await call(proxy, 'GET read_table', { path: '//t' });
  expect([refused.status, json(refused)]).toMatchObject([400, { message: 'Invalid UTF-8 string in JSON' }]);
});

test('takes a whole number for a double only when told to', async () => {
  const proxy = await startProxy();
  proxy.tree.createTable('//t', [{ name: 'd', type: 'double' }]);
  const write = (input: unknown, body: string) => call(proxy, 'PUT write_table', { path: '<append=%true>//t', input_format: input }, { body });
  expect(codeOf(await write(utf8('json'), '{"d":1}'))).toBe(307);
  expect(codeOf(await write(utf8('json'), '{"d":1.0}'))).toBeNull();
  expect(codeOf(await write({ $value: 'json', $attributes: { encode_utf8: false, enable_integral_to_double_conversion: true } }, '{"d":2}'))).toBeNull();
  expect((await call(proxy, 'GET read_table', { path: '//t' })).body.toString()).toBe('{"d":1.0}\n{"d":2.0}\n');
});

test('keeps `$` keys apart from attributes', async () => {
  const proxy = await startProxy();
  await call(proxy, 'PUT set', { path: '//d/@a', recursive: true }, { body: '1' });
  await call(proxy, 'POST create', { type: 'document', path: '//d' });
  await call(proxy, 'PUT set', { path: '//d' }, { body: '{"$$value":1,"k":{"$value":2,"$attributes":{"a":3}}}' });
  expect((await call(proxy, 'GET get', { path: '//d', output_format: ysonFormat('text') })).body.toString()).toBe('{"value"={"$value"=1;"k"=<"a"=3;>2;};}');
  expect(json(await call(proxy, 'GET get', { path: '//d', return_only_value: true }))).toEqual({ $$value: 1, k: { $value: 2, $attributes: { a: 3 } } });
});

test('packs replies as the first encoding it knows of those accepted', async () => {
  const proxy = await startProxy();
  await proxy.tree.writeRows('//t', [{ n: 1 }]);
  const read = (accepted: string) => call(proxy, 'GET read_table', { path: '//t' }, { headers: [`Accept-Encoding: ${accepted}`] });
  const gzip = await read('z-zstd_3, gzip;q=0.1, br;q=1');
  expect([gzip.headers['content-encoding'], gunzipSync(gzip.body).toString()]).toEqual(['gzip', '{"n":1}\n']);
  const brotli = await read('br, gzip');
  expect([brotli.headers['content-encoding'], brotliDecompressSync(brotli.body).toString()]).toEqual(['br', '{"n":1}\n']);
  expect((await call(proxy, 'GET read_table', { path: '//t' })).headers['content-encoding']).toBe('identity');
  expect((await read('z-snappy')).status).toBe(415);
  const small = await call(proxy, 'GET exists', { path: '//t' }, { headers: ['Accept-Encoding: gzip'] });
  expect(JSON.parse(gunzipSync(small.body).toString())).toEqual({ value: true });
});

test('frames inside of what it packs, and tells a late error in the trailers all the same', async () => {
  const proxy = await startProxy();
  await proxy.tree.writeRows('//t', [{ n: 1 }, { n: 2 }]);
  proxy.faults.inject({ effect: { kind: 'trailer', afterRows: 1, error: { code: 716, message: 'x' } } });
  const reply = await call(proxy, 'GET read_table', { path: '//t' }, { headers: ['Accept-Encoding: gzip', 'X-YT-Accept-Framing: 1'] });
  expect(gunzipSync(reply.body)).toEqual(Buffer.from('\x02\x01\x08\0\0\0{"n":1}\n', 'latin1'));
  expect(reply.trailers['x-yt-response-code']).toBe('716');
});

test('takes parameters from the query, formats from the headers, and the body of the strongest', async () => {
  const proxy = await startProxy();
  await call(proxy, 'POST create', { type: 'map_node', path: '//m', attributes: { a: 1, b: 2 } });
  const reply = await fetch(`${proxy.url}/api/v4/get?path=//m/@&attributes[]=b&attributes[]=type`, { headers: { Accept: 'application/x-yt-yson-text' } });
  expect(await reply.text()).toBe('{"value"={"b"=2;"type"="map_node";};}');
  const posted = await fetch(`${proxy.url}/api/v4/remove?path=//none`, { method: 'POST', body: '{"path":"//m"}', headers: { 'Content-Type': 'application/json' } });
  expect([posted.status, proxy.tree.exists('//m')]).toEqual([200, false]);
});

test('joins numbered parameter headers of both spellings', async () => {
  const proxy = await startProxy();
  await proxy.tree.writeRows('//таблица', [{ n: 1 }]);
  const encoded = Buffer.from(JSON.stringify({ path: '//таблица' })).toString('base64');
  for (const prefix of ['X-YT-Parameters', 'X-YT-Parameters-']) {
    const headers = { 'X-YT-Header-Format': '<encode_utf8=%false>json', [`${prefix}0`]: encoded.slice(0, 11), [`${prefix}1`]: encoded.slice(11) };
    expect(await (await fetch(`${proxy.url}/api/v4/exists`, { headers })).json()).toEqual({ value: true });
  }
});

test('takes rows that were really packed by gzip', async () => {
  const proxy = await startProxy();
  proxy.tree.createTable('//t');
  await call(proxy, 'PUT write_table', { path: '//t' }, { headers: ['Content-Encoding: gzip'], body: gzipSync('{"n":1}\n') });
  expect(await proxy.tree.readRows('//t')).toEqual([{ n: 1 }]);
});
