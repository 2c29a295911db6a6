// The JavaScript wrapper of the cluster's own web interface, through the scenario of a light client.
import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import { startProxy } from './scene.ts';

type Call = (parameters: Readonly<Record<string, unknown>>, data?: unknown) => Promise<unknown>;

interface Wrapper {
  readonly setup: { setGlobalOption(name: string, value: unknown): void };
  readonly v3: Readonly<Record<string, Call>>;
}

// CommonJS, and without types.
const createYt = createRequire(import.meta.url)('@ytsaurus/javascript-wrapper') as () => Wrapper;

async function startWrapper(): Promise<(name: string, parameters: Readonly<Record<string, unknown>>, data?: unknown) => Promise<unknown>> {
  const proxy = await startProxy();
  const yt = createYt();
  yt.setup.setGlobalOption('secure', false);
  yt.setup.setGlobalOption('proxy', new URL(proxy.url).host);
  return async (name, parameters, data) => {
    const command = yt.v3[name];
    if (command === undefined) throw new Error(`the wrapper has no ${name}`);
    return command(parameters, data);
  };
}

test('makes, changes, lists, copies, moves and removes nodes', async () => {
  const yt = await startWrapper();
  await yt('create', { path: '//home/dir', type: 'map_node', recursive: true });
  await yt('set', { path: '//home/dir/value' }, { a: 1, b: [true, null, 'x'] });
  expect(await yt('get', { path: '//home/dir/value' })).toEqual({ a: 1, b: [true, null, 'x'] });
  expect(await yt('get', { path: '//home/dir/value/a' })).toBe(1);
  await yt('set', { path: '//home/dir/@note' }, 'n');
  expect(await yt('list', { path: '//home/dir', attributes: ['type'] })).toEqual([{ $value: 'value', $attributes: { type: 'map_node' } }]);
  await yt('copy', { source_path: '//home/dir', destination_path: '//home/copy' });
  await yt('move', { source_path: '//home/copy', destination_path: '//home/moved' });
  expect(await yt('exists', { path: '//home/copy' })).toBe(false);
  expect(await yt('get', { path: '//home/moved/@note' })).toBe('n');
  await yt('remove', { path: '//home/dir' });
  expect(await yt('get', { path: '//home' })).toEqual({ moved: { value: { a: 1, b: [true, null, 'x'] } } });
});

test('hides what a transaction did until it is committed', async () => {
  const yt = await startWrapper();
  const id = await yt('startTransaction', { timeout: 30_000 });
  expect(id).toMatch(/^[0-9a-f-]+$/);
  await yt('create', { path: '//home', type: 'map_node', transaction_id: id });
  expect(await yt('exists', { path: '//home' })).toBe(false);
  expect(await yt('exists', { path: '//home', transaction_id: id })).toBe(true);
  await yt('pingTransaction', { transaction_id: id });
  await yt('commitTransaction', { transaction_id: id });
  expect(await yt('exists', { path: '//home' })).toBe(true);
  const second = await yt('startTransaction', {});
  await yt('remove', { path: '//home', transaction_id: second });
  await yt('abortTransaction', { transaction_id: second });
  expect(await yt('exists', { path: '//home' })).toBe(true);
});

test('is refused a lock that another transaction holds', async () => {
  const yt = await startWrapper();
  await yt('create', { path: '//t', type: 'table' });
  const [one, two] = [await yt('startTransaction', {}), await yt('startTransaction', {})];
  const lock = await yt('lock', { path: '//t', mode: 'exclusive', transaction_id: one });
  expect(await yt('get', { path: `#${String(lock)}/@mode` })).toBe('exclusive');
  await expect(yt('lock', { path: '//t', mode: 'exclusive', transaction_id: two })).rejects.toMatchObject({ code: 402 });
});

test('gets errors with their codes', async () => {
  const yt = await startWrapper();
  await expect(yt('get', { path: '//none' })).rejects.toMatchObject({ code: 500, message: 'Error resolving path //none' });
  await yt('create', { path: '//t', type: 'table' });
  await expect(yt('create', { path: '//t', type: 'table' })).rejects.toMatchObject({ code: 501 });
});

test('writes and reads rows', async () => {
  const yt = await startWrapper();
  await yt('create', { path: '//t', type: 'table' });
  await yt('writeTable', { path: '//t' }, [{ a: 1 }, { a: 2 }]);
  expect(await yt('readTable', { path: '//t' })).toBe('{"a":1}\n{"a":2}\n');
});
