// Reading tables: nothing lost, nothing doubled, one version, constant memory, whatever happens to the stream.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { YtError } from '../src/client.ts';
import { collect, errorOf, numbered, startCluster } from './cluster.ts';

test('reads the rows of a table in order', async () => {
  const { yt, proxy } = await startCluster();
  await proxy.tree.writeRows('//home/t', numbered(2500));
  expect(await collect(yt.readTable('//home/t'))).toEqual(numbered(2500));
});

test('reads an empty table as no rows', async () => {
  const { yt, proxy } = await startCluster();
  proxy.tree.createTable('//home/t');
  expect(await collect(yt.readTable('//home/t'))).toEqual([]);
});

test('reads only the columns asked for', async () => {
  const { yt, proxy } = await startCluster();
  await proxy.tree.writeRows('//home/t', [{ a: 1, b: 2, c: 3 }]);
  expect(await collect(yt.readTable('//home/t', { columns: ['c', 'a'] }))).toEqual([{ c: 3, a: 1 }]);
});

test('reads from a given row on', async () => {
  const { yt, proxy } = await startCluster();
  await proxy.tree.writeRows('//home/t', numbered(10));
  expect(await collect(yt.readTable('//home/t', { startRow: 7 }))).toEqual(numbered(10).slice(7));
});

test('carries Cyrillic in path, column and value there and back', async () => {
  const { yt } = await startCluster();
  const rows = [{ имя: 'Иван Ёжиков', город: 'Орёл' }, { имя: 'Пётр "Ц" \n', город: '🚕' }];
  await yt.create('table', '//home/таблицы/водители', { recursive: true });
  await yt.writeTable('//home/таблицы/водители', rows);
  expect(await collect(yt.readTable('//home/таблицы/водители', { columns: ['имя', 'город'] }))).toEqual(rows);
});

test('takes a stream that broke in the middle of a row up again with no row lost or doubled', async () => {
  const { yt, proxy } = await startCluster();
  const rows = numbered(50_000);
  await proxy.tree.writeRows('//home/t', rows);
  proxy.faults.inject({ command: 'read_table', effect: { kind: 'break', afterBytes: 100_003 } });
  proxy.faults.inject({ command: 'read_table', effect: { kind: 'break', afterBytes: 250_001 } });
  expect(await collect(yt.readTable('//home/t'))).toEqual(rows);
  expect(proxy.faults.pending).toBe(0);
});

test('takes a stream up again that ended politely but too early', async () => {
  const { yt, proxy } = await startCluster();
  await proxy.tree.writeRows('//home/t', numbered(10));
  proxy.faults.inject({ command: 'read_table', effect: { kind: 'cut_short', afterRows: 4 } });
  expect(await collect(yt.readTable('//home/t'))).toEqual(numbered(10));
  expect(proxy.calls.filter((call) => call.command === 'read_table')).toHaveLength(2);
});

test('fails when the stream always ends too early', async () => {
  const { yt, proxy } = await startCluster({ retry: { budgetMs: 50, baseMs: 5, capMs: 10 } });
  await proxy.tree.writeRows('//home/t', numbered(10));
  proxy.faults.inject({ command: 'read_table', times: Infinity, effect: { kind: 'cut_short', afterRows: 0 } });
  const error = await errorOf(collect(yt.readTable('//home/t')));
  expect(error).toBeInstanceOf(YtError);
  expect((error as YtError).message).toContain('row 0 of 10');
});

test('reports an error that only the trailer tells of, after two of three rows', async () => {
  const { yt, proxy } = await startCluster();
  await proxy.tree.writeRows('//home/t', numbered(3));
  const error = { code: 307, message: 'Схема нарушена' };
  proxy.faults.inject({ command: 'read_table', effect: { kind: 'trailer', afterRows: 2, error } });
  const seen: unknown[] = [];
  const reading = (async () => {
    for await (const row of yt.readTable('//home/t')) seen.push(row);
  })();
  expect(await errorOf(reading)).toMatchObject({ name: 'YtError', class: 'fatal', codes: [307], server: { message: 'Схема нарушена' } });
  expect(seen).toEqual(numbered(2));
});

test('reads on after a trailer that tells of a passing trouble', async () => {
  const { yt, proxy } = await startCluster();
  await proxy.tree.writeRows('//home/t', numbered(3));
  const error = { code: 716, message: 'Chunk unavailable' };
  proxy.faults.inject({ command: 'read_table', effect: { kind: 'trailer', afterRows: 2, error } });
  expect(await collect(yt.readTable('//home/t'))).toEqual(numbered(3));
});

test('keeps reading the version it began with when the table is replaced, even after a break', async () => {
  const { yt, proxy } = await startCluster();
  await proxy.tree.writeRows('//home/t', numbered(5));
  proxy.faults.inject({ command: 'read_table', effect: { kind: 'break', afterRows: 2 } });
  const rows = yt.readTable('//home/t');
  const first = await rows.next();
  proxy.tree.createTable('//home/t');
  await proxy.tree.writeRows('//home/t', [{ n: 100 }]);
  expect([first.value, ...(await collect(rows))]).toEqual(numbered(5));
  expect(await collect(yt.readTable('//home/t'))).toEqual([{ n: 100 }]);
});

test('keeps reading the version it began with when rows are written over or added', async () => {
  const { yt, proxy } = await startCluster();
  await proxy.tree.writeRows('//home/t', numbered(5));
  const snapshot = await yt.snapshot('//home/t');
  await yt.writeTable('//home/t', [{ n: 100 }]);
  await yt.writeTable('//home/t', [{ n: 101 }], { append: true });
  expect(await collect(snapshot.rows())).toEqual(numbered(5));
  await snapshot.release();
  expect(await collect(yt.readTable('//home/t'))).toEqual([{ n: 100 }, { n: 101 }]);
});

test('lets the version go when the reader stops early', async () => {
  const { yt, proxy } = await startCluster();
  await proxy.tree.writeRows('//home/t', numbered(100));
  for await (const row of yt.readTable('//home/t')) if ((row as { n: number }).n === 3) break;
  expect(await yt.get('//home/t/@lock_count')).toBe(0);
  expect(proxy.calls.at(-2)?.command).toBe('abort_transaction');
});

test('tells that there is no such table', async () => {
  const { yt } = await startCluster();
  expect(await errorOf(collect(yt.readTable('//home/none')))).toMatchObject({ class: 'absent', codes: [500] });
});

test('refuses to read what is not a table', async () => {
  const { yt } = await startCluster();
  await yt.create('map_node', '//home/dir', { recursive: true });
  expect(await errorOf(collect(yt.readTable('//home/dir')))).toMatchObject({ class: 'fatal' });
});

test('uses no more memory for a table of a hundred megabytes than for a small one', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'yt-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const { yt, proxy } = await startCluster({}, directory);
  const text = 'х'.repeat(2048);
  const rows = 25_000;
  await proxy.tree.writeRows('//home/t', numbered(rows).map(({ n }) => ({ n, text })));
  const before = memoryBytes();
  let count = 0;
  let peak = 0;
  for await (const row of yt.readTable('//home/t')) {
    expect((row as { n: number }).n).toBe(count);
    count += 1;
    if (count % 500 === 0) peak = Math.max(peak, memoryBytes() - before);
  }
  expect(count).toBe(rows);
  expect(peak).toBeLessThan(64 << 20);
});

function memoryBytes(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
