// What a caller learns of a failure, and what is repeated without his asking.
import { expect, test } from 'vitest';
import { classify } from '../src/errors.ts';
import { YtClient, type YtError } from '../src/client.ts';
import { errorOf, numbered, quickRetry, startCluster } from './cluster.ts';

test('receives an error of forty kilobytes whole', async () => {
  const { yt, proxy } = await startCluster();
  const message = 'ошибка '.repeat(3_200);
  expect(Buffer.byteLength(message)).toBeGreaterThan(40_000);
  proxy.faults.inject({ command: 'get', effect: { kind: 'error', error: { code: 901, message } } });
  const error = (await errorOf(yt.get('//home'))) as YtError;
  expect(error.server?.message).toBe(message);
  expect(error.class).toBe('fatal');
});

test('receives a trailer of forty kilobytes whole', async () => {
  const { yt, proxy } = await startCluster();
  const message = 'x'.repeat(40_000);
  await proxy.tree.writeRows('//home/t', numbered(1));
  proxy.faults.inject({ command: 'read_table', effect: { kind: 'trailer', afterRows: 1, error: { code: 901, message } } });
  const reading = (async () => {
    for await (const row of yt.readTable('//home/t')) expect(row).toEqual({ n: 0 });
  })();
  expect(((await errorOf(reading)) as YtError).server?.message).toBe(message);
});

test('tells a lock that somebody holds from other failures', async () => {
  const { yt, proxy } = await startCluster();
  proxy.tree.createTable('//home/t');
  const holder = await yt.startTransaction();
  const rival = await yt.startTransaction();
  await yt.lock('//home/t', { mode: 'exclusive', transactionId: holder.id });
  expect(await errorOf(yt.lock('//home/t', { mode: 'shared', transactionId: rival.id }))).toMatchObject({ class: 'conflict', codes: [402] });
  expect(await errorOf(yt.writeTable('//home/t', numbered(1)))).toMatchObject({ class: 'conflict' });
  await holder.abort();
  await yt.lock('//home/t', { mode: 'shared', transactionId: rival.id });
});

test('finds the code that matters among inner errors', () => {
  const inner = (code: number) => ({ code, message: '', attributes: {}, innerErrors: [] });
  const outer = (...codes: number[]) => ({ ...inner(1), innerErrors: codes.map(inner) });
  expect(classify(outer(716))).toBe('retriable');
  expect(classify(outer(3, 402))).toBe('conflict');
  expect(classify(outer(500))).toBe('absent');
  expect(classify(outer(105, 901))).toBe('fatal');
  expect(classify(outer(799))).toBe('retriable');
  expect(classify(outer(704))).toBe('fatal');
  expect(classify(inner(1))).toBe('fatal');
});

test('repeats a call that the proxy was too busy for', async () => {
  const { yt, proxy } = await startCluster();
  proxy.faults.inject({ command: 'exists', times: 3, effect: { kind: 'unavailable' } });
  expect(await yt.exists('/')).toBe(true);
  expect(proxy.calls).toHaveLength(4);
});

test('does not wait for longer than its budget when the proxy asks for it', async () => {
  const { yt, proxy } = await startCluster();
  proxy.faults.inject({ command: 'exists', times: Infinity, effect: { kind: 'unavailable', retryAfterSeconds: 60 } });
  expect(await errorOf(yt.exists('/'))).toMatchObject({ class: 'retriable', retryAfterMs: 60_000 });
  expect(proxy.calls).toHaveLength(1);
});

test('does not repeat what cannot succeed', async () => {
  const { yt, proxy } = await startCluster();
  expect(await errorOf(yt.get('//none'))).toMatchObject({ class: 'absent' });
  expect(proxy.calls).toHaveLength(1);
});

test('creates a node once when the reply is lost', async () => {
  const { yt, proxy } = await startCluster();
  proxy.faults.inject({ command: 'create', effect: { kind: 'drop_reply' } });
  const id = await yt.create('table', '//home');
  expect(await yt.get('//home/@id')).toBe(id);
});

test('tells that the proxy cannot be reached', async () => {
  const { proxy } = await startCluster();
  const yt = new YtClient({ proxy: proxy.url, retry: { ...quickRetry, budgetMs: 20 } });
  await proxy.close();
  expect(await errorOf(yt.exists('/'))).toMatchObject({ name: 'YtError', class: 'retriable', server: null });
  await yt.close();
});

test('gives up with the reason of the caller', async () => {
  const { yt, proxy } = await startCluster();
  proxy.faults.inject({ command: 'exists', effect: { kind: 'slow', delayMs: 60_000 } });
  const caller = new AbortController();
  const asking = errorOf(yt.exists('/', {}, caller.signal));
  caller.abort(new Error('no longer interested'));
  expect(await asking).toMatchObject({ message: 'no longer interested' });
});

test('gives up between attempts with the reason of the caller', async () => {
  const { yt, proxy } = await startCluster({ retry: { budgetMs: 3_600_000, baseMs: 1_800_000, capMs: 1_800_000 }, random: () => 1 });
  proxy.faults.inject({ command: 'exists', effect: { kind: 'unavailable' } });
  const caller = new AbortController();
  const asking = errorOf(yt.exists('/', {}, caller.signal));
  await expect.poll(() => proxy.faults.pending).toBe(0);
  caller.abort(new Error('no longer interested'));
  expect(await asking).toMatchObject({ message: 'no longer interested' });
});

test('proves who it is with an OAuth token', async () => {
  const { yt, proxy } = await startCluster({ token: 'secret' });
  await yt.exists('/');
  expect(proxy.calls[0]?.authorization).toBe('OAuth secret');
});
