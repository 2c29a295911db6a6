// Values there and back: digits, doubles, names with `$`, Cyrillic; packed on the way.
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseJson, stringifyJson } from '../src/json.ts';
import { collect, numbered, startCluster } from './cluster.ts';

test('keeps the digits of integers beyond 2^53, as bigint', async () => {
  const { yt, proxy } = await startCluster();
  proxy.tree.createTable('//t', [{ name: 'i', type: 'int64' }, { name: 'u', type: 'uint64' }]);
  const rows = [
    { i: -(2n ** 63n), u: 2n ** 64n - 1n },
    { i: 2n ** 53n + 1n, u: 2n ** 53n },
    { i: 2 ** 53 - 1, u: 0 },
    { i: null, u: 5n },
  ];
  await yt.writeTable('//t', rows);
  expect(await collect(yt.readTable('//t'))).toEqual([...rows.slice(0, 3), { i: null, u: 5 }]);
  await yt.set('//t/@big', 2n ** 60n + 1n);
  expect(await yt.get('//t/@big')).toBe(2n ** 60n + 1n);
});

test('looks rows up by a key beyond 2^53', async () => {
  const { yt, proxy } = await startCluster();
  proxy.tree.ensureDynamicTable('//t', [{ name: 'k', type: 'int64', sort_order: 'ascending' }, { name: 'v', type: 'string' }]);
  const [one, two] = [2n ** 60n, 2n ** 60n + 1n];
  await yt.insertRows('//t', [{ k: one, v: 'one' }, { k: two, v: 'two' }]);
  expect(await yt.lookupRows('//t', [{ k: two }])).toEqual([{ k: two, v: 'two' }]);
});

test('writes any value so that it reads as the same', () => {
  const integers = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }).map((value) => (Number.isSafeInteger(Number(value)) ? Number(value) : value));
  const scalar = fc.oneof(fc.string({ unit: 'binary' }).filter((text) => text.isWellFormed()), integers, fc.boolean(), fc.constant(null));
  const key = fc.oneof(fc.string(), fc.constantFrom('$', '$value', '$$x', '$attributes')).filter((name) => name !== '__proto__');
  const { value: anyValue } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof({ maxDepth: 3 }, scalar, fc.array(tie('value'), { maxLength: 3 }), fc.dictionary(key, tie('value'), { maxKeys: 4 })),
  }));
  fc.assert(fc.property(anyValue, (value) => {
    expect(parseJson(stringifyJson(value))).toEqual(value);
  }));
});

test('does not take digits inside a text for a number', () => {
  expect(parseJson('{"a":"x,12345678901234567890","b":12345678901234567890}')).toEqual({ a: 'x,12345678901234567890', b: 12345678901234567890n });
  expect(parseJson('[1e400,1e30,12345678901234567890.5]')).toEqual([Infinity, 1e30, Number('12345678901234567890.5')]);
});

test('keeps columns and keys that begin with `$` apart from attributes', async () => {
  const { yt } = await startCluster();
  await yt.create('document', '//d');
  const value = { $value: 1, $other: { $attributes: 2 }, plain: '$' };
  await yt.set('//d', value);
  expect(await yt.get('//d')).toEqual(value);
  const attributed = { $value: 5, $attributes: { unit: 'ms' } };
  await yt.set('//d', { timeout: attributed });
  expect(await yt.get('//d')).toEqual({ timeout: attributed });
  await yt.set('//d', attributed);
  expect([await yt.get('//d'), await yt.get('//d/@unit')]).toEqual([5, 'ms']);
});

test('packs rows that it sends and unpacks replies', async () => {
  const { yt, proxy } = await startCluster();
  proxy.tree.createTable('//t');
  await yt.writeTable('//t', numbered(1000));
  expect(await collect(yt.readTable('//t'))).toEqual(numbered(1000));
  const of = (command: string) => proxy.calls.find((call) => call.command === command);
  expect(of('write_table')?.contentEncoding).toBe('gzip');
  expect(of('read_table')?.acceptEncoding).toBe('gzip, identity');
  expect(of('create')?.contentEncoding ?? null).toBeNull();
});

test('packs nothing when told so', async () => {
  const { yt, proxy } = await startCluster({ compress: false });
  proxy.tree.createTable('//t');
  await yt.writeTable('//t', numbered(1000));
  expect(await collect(yt.readTable('//t'))).toEqual(numbered(1000));
  expect(new Set(proxy.calls.map((call) => call.contentEncoding))).toEqual(new Set([null]));
  expect(new Set(proxy.calls.map((call) => call.acceptEncoding))).toEqual(new Set(['identity']));
});

test('uses one correlation id for all attempts of a call, and another for the next call', async () => {
  const { yt, proxy } = await startCluster();
  proxy.faults.inject({ command: 'exists', times: 2, effect: { kind: 'throttled' } });
  await yt.exists('/');
  await yt.exists('/');
  const ids = proxy.calls.map((call) => call.correlationId);
  expect(ids).toHaveLength(4);
  expect(new Set(ids.slice(0, 3)).size).toBe(1);
  expect(ids[3]).not.toBe(ids[0]);
});

test('asks again when a reply is shorter than it promised', async () => {
  const { yt, proxy } = await startCluster();
  proxy.faults.inject({ command: 'exists', effect: { kind: 'wrong_length' } });
  expect(await yt.exists('/')).toBe(true);
  expect(proxy.calls).toHaveLength(2);
});

test('waits as long as an overloaded proxy asks', async () => {
  const { yt, proxy } = await startCluster({ retry: { budgetMs: 5_000, baseMs: 1, capMs: 2 } });
  proxy.faults.inject({ command: 'exists', effect: { kind: 'throttled', retryAfterSeconds: 1 } });
  const startedMs = performance.now();
  expect(await yt.exists('/')).toBe(true);
  expect(performance.now() - startedMs).toBeGreaterThanOrEqual(1000);
});
