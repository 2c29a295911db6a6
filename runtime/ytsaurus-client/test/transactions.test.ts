// Transactions and the tree: kept alive, lost, isolated.
import { expect, test } from 'vitest';
import { isTransactionLost } from '../src/client.ts';
import { errorOf, startCluster } from './cluster.ts';

test('keeps a transaction alive for longer than its timeout', async () => {
  const { yt, proxy } = await startCluster();
  const transaction = await yt.startTransaction({ timeoutMs: 300 });
  const pings = () => proxy.calls.filter((call) => call.command === 'ping_transaction').length;
  // A ping every third of the timeout: the eighth comes well after it.
  await expect.poll(pings, { timeout: 10_000 }).toBeGreaterThan(8);
  await transaction.commit();
});

test('tells at once when a transaction is lost', async () => {
  const { yt, proxy } = await startCluster();
  const transaction = await yt.startTransaction({ timeoutMs: 150 });
  const error = { code: 11_000, message: 'No such transaction' };
  proxy.faults.inject({ command: 'ping_transaction', times: Infinity, effect: { kind: 'error', error } });
  await expect.poll(() => transaction.signal.aborted, { timeout: 10_000 }).toBe(true);
  expect(isTransactionLost(transaction.signal.reason)).toBe(true);
});

test('expires with all it did when nobody pings it', async () => {
  const { yt, proxy } = await startCluster();
  proxy.faults.inject({ command: 'ping_transaction', times: Infinity, effect: { kind: 'unavailable' } });
  const transaction = await yt.startTransaction({ timeoutMs: 150 });
  await yt.create('map_node', '//draft', { transactionId: transaction.id });
  await expect.poll(() => transaction.signal.aborted, { timeout: 10_000 }).toBe(true);
  expect(isTransactionLost(await errorOf(transaction.commit()))).toBe(true);
  expect(await yt.exists('//draft')).toBe(false);
  await transaction.abort();
});

test('lets two transactions add different children to one node', async () => {
  const { yt } = await startCluster();
  await yt.create('map_node', '//home');
  const [one, two] = [await yt.startTransaction(), await yt.startTransaction()];
  await yt.create('map_node', '//home/one', { transactionId: one.id });
  await yt.create('map_node', '//home/two', { transactionId: two.id });
  expect(await errorOf(yt.create('map_node', '//home/one', { transactionId: two.id }))).toMatchObject({ class: 'conflict' });
  await one.commit();
  await two.commit();
  expect((await yt.list('//home')).map((node) => node.name).sort()).toEqual(['one', 'two']);
});

test('makes, changes, lists and removes nodes and attributes', async () => {
  const { yt } = await startCluster();
  await yt.create('map_node', '//home/папка', { recursive: true, attributes: { владелец: 'црм' } });
  await yt.set('//home/папка/строка', 'значение');
  await yt.set('//home/папка/@срок', 14);
  expect(await yt.get('//home/папка')).toEqual({ строка: 'значение' });
  expect(await yt.list('//home', { attributes: ['владелец', 'срок', 'type'] })).toEqual([
    { name: 'папка', attributes: { владелец: 'црм', срок: 14, type: 'map_node' } },
  ]);
  await yt.remove('//home/папка/@срок');
  expect(await yt.exists('//home/папка/@срок')).toBe(false);
  await yt.remove('//home/папка', { recursive: true });
  await yt.remove('//home/папка', { force: true });
  expect(await yt.exists('//home/папка')).toBe(false);
});

test('leaves a node that is there already when asked to', async () => {
  const { yt } = await startCluster();
  const id = await yt.create('table', '//t');
  expect(await yt.create('table', '//t', { ignoreExisting: true })).toBe(id);
  expect(await errorOf(yt.create('table', '//t'))).toMatchObject({ class: 'conflict', codes: [501] });
});

test('changes the content revision with the rows, not with the attributes', async () => {
  const { yt } = await startCluster();
  await yt.create('table', '//t');
  const revisions = async () => [await yt.get('//t/@content_revision'), await yt.get('//t/@revision')].map(Number);
  const [content = 0, any = 0] = await revisions();
  await yt.set('//t/@note', 'x');
  const [contentAfterNote, anyAfterNote] = await revisions();
  expect(contentAfterNote).toBe(content);
  expect(anyAfterNote).toBeGreaterThan(any);
  await yt.writeTable('//t', [{ n: 1 }]);
  expect((await revisions())[0]).toBeGreaterThan(content);
});
