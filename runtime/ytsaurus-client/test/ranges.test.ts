// Parts of tables: by index, by key, many at once, and through any number of breaks.
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { FaultEffect } from '../../../test/sandbox/yt-proxy/faults.ts';
import { YtError } from '../src/client.ts';
import { collect, errorOf, numbered, startCluster } from './cluster.ts';

test('reads from one row up to another', async () => {
  const { yt, proxy } = await startCluster();
  await proxy.tree.writeRows('//t', numbered(10));
  expect(await collect(yt.readTable('//t', { startRow: 2, endRow: 5 }))).toEqual(numbered(5).slice(2));
  expect(await collect(yt.readTable('//t', { startRow: 8, endRow: 50 }))).toEqual(numbered(10).slice(8));
  expect(await collect(yt.readTable('//t', { startRow: 10 }))).toEqual([]);
});

test('reads parts of one version at the same time', async () => {
  const { yt, proxy } = await startCluster();
  await proxy.tree.writeRows('//t', numbered(100_000));
  const snapshot = await yt.snapshot('//t');
  await yt.writeTable('//t', []);
  proxy.faults.inject({ command: 'read_table', times: 3, effect: { kind: 'break', afterRows: 11_000 } });
  const starts = [0, 25_000, 50_000, 75_000];
  const parts = await Promise.all(starts.map((startRow) => collect(snapshot.rows({ startRow, endRow: startRow + 25_000 }))));
  await snapshot.release();
  expect(parts.flat()).toEqual(numbered(100_000));
});

const columns = [{ name: 'k', type: 'string', sort_order: 'ascending' }, { name: 'n', type: 'int64' }];
const keyed = (count: number) => numbered(count).map(({ n }) => ({ k: `ключ-${String(n).padStart(5, '0')}`, n }));

test('reads from one key up to another, and on after a break', async () => {
  const { yt, proxy } = await startCluster();
  proxy.tree.createTable('//t', columns);
  await proxy.tree.writeRows('//t', keyed(2000));
  proxy.faults.inject({ command: 'read_table', effect: { kind: 'break', afterRows: 300 } });
  const rows = await collect(yt.readTable('//t', { lowerKey: ['ключ-00500'], upperKey: ['ключ-01500'] }));
  expect(rows).toEqual(keyed(1500).slice(500));
  expect(await collect(yt.readTable('//t', { lowerKey: ['ф'] }))).toEqual([]);
  const resumed = proxy.calls.filter((call) => call.command === 'read_table')[1]?.parameters['path'];
  expect(resumed).toMatchObject({ $attributes: { ranges: [{ lower_limit: { row_index: expect.any(Number) as number }, upper_limit: { key: ['ключ-01500'] } }] } });
});

test('gives the same rows however often the stream breaks, and wherever', async () => {
  const rows = numbered(4000).map(({ n }) => ({ n, text: 'строка '.repeat(n % 9) }));
  const breaking = fc.tuple(fc.boolean(), fc.integer({ min: 1, max: 190 })).map(([politely, afterRows]): FaultEffect => (politely ? { kind: 'cut_short', afterRows } : { kind: 'break', afterRows }));
  const breaks = fc.array(breaking, { minLength: 20, maxLength: 20 });
  await fc.assert(fc.asyncProperty(breaks, fc.boolean(), async (effects, compress) => {
    const { yt, proxy } = await startCluster({ compress });
    await proxy.tree.writeRows('//t', rows);
    for (const effect of effects) proxy.faults.inject({ command: 'read_table', effect });
    expect(await collect(yt.readTable('//t'))).toEqual(rows);
    expect(proxy.calls.filter((call) => call.command === 'read_table')).toHaveLength(21);
  }), { numRuns: 8 });
});

test('gives the same rows when bytes go missing twenty times', async () => {
  const { yt, proxy } = await startCluster({ compress: false });
  const rows = numbered(30_000);
  await proxy.tree.writeRows('//t', rows);
  for (let broken = 0; broken < 20; broken += 1) {
    proxy.faults.inject({ command: 'read_table', effect: { kind: 'break', afterBytes: 1 + ((broken * 7919) % 20_011) } });
  }
  expect(await collect(yt.readTable('//t'))).toEqual(rows);
  expect(proxy.faults.pending).toBe(0);
});

test('does not start a dynamic table over once rows came', async () => {
  const { yt, proxy } = await startCluster();
  proxy.tree.ensureDynamicTable('//t', columns);
  await yt.insertRows('//t', keyed(5));
  proxy.faults.inject({ command: 'read_table', effect: { kind: 'trailer', afterRows: 2, error: { code: 716, message: 'Chunk unavailable' } } });
  const seen: unknown[] = [];
  const error = await errorOf((async () => {
    for await (const row of yt.readTable('//t')) seen.push(row);
  })());
  expect(error).toBeInstanceOf(YtError);
  expect(seen).toEqual(keyed(2));
});

test('reads one version of a dynamic table that is being written', async () => {
  const { yt, proxy } = await startCluster();
  proxy.tree.ensureDynamicTable('//t', columns);
  await yt.insertRows('//t', keyed(3));
  const snapshot = await yt.snapshot('//t');
  await yt.deleteRows('//t', [{ k: keyed(1)[0]?.k }]);
  await yt.insertRows('//t', [{ k: 'new', n: 9 }]);
  expect(await collect(snapshot.rows())).toEqual(keyed(3));
  await snapshot.release();
  expect(await collect(yt.readTable('//t', { columns: ['n'] }))).toEqual([{ n: 9 }, { n: 1 }, { n: 2 }]);
});
