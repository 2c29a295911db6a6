// Copies in tables of our own: upserts by key, and batches that appear once.
import { expect, test } from 'vitest';
import type { Batch, OwnTable, YtRow } from '../../runtime/yt.ts';
import { openYt } from './yt-scene.ts';

const columns = [{ name: 'id', type: 'string' }, { name: 'version', type: 'int64' }, { name: 'deleted', type: 'boolean' }] as const;
const replica: OwnTable = { path: '//home/replica/things', columns, key: ['id'] };
const [first, second]: readonly OwnTable[] = ['first', 'second'].map((name) => ({ path: `//home/archive/${name}`, columns, key: [] }));
const ledger = '//home/archive/ledger';

const row = (id: string, version = 1): YtRow => ({ id, version, deleted: null });
const batch = (id: string, after: string | null, ...rows: YtRow[]): Batch => ({
  id, after, parts: [{ table: first!, rows }, { table: second!, rows: rows.slice(0, 1) }],
});

test('makes the missing table, and upserts by key', async () => {
  const { yt, proxy } = await openYt();
  expect(await yt.copies.lookup(replica, [{ id: 'a' }])).toEqual([]);
  await yt.copies.upsert(replica, [row('a'), row('b')], { update: false });
  await yt.copies.upsert(replica, [row('b', 2)], { update: false });
  expect(await proxy.tree.readRows(replica.path)).toEqual([row('a'), row('b', 2)]);
  expect(await yt.copies.lookup(replica, [{ id: 'b' }, { id: 'c' }])).toEqual([row('b', 2)]);
});

test('an update leaves the other columns as they are; anything else nulls them', async () => {
  const { yt, proxy } = await openYt();
  await yt.copies.upsert(replica, [row('a', 7)], { update: false });
  await yt.copies.upsert(replica, [{ id: 'a', deleted: true }], { update: true });
  expect(await proxy.tree.readRows(replica.path)).toEqual([{ id: 'a', version: 7, deleted: true }]);
  await yt.copies.upsert(replica, [{ id: 'a', deleted: false }], { update: false });
  expect(await proxy.tree.readRows(replica.path)).toEqual([{ id: 'a', version: null, deleted: false }]);
});

test('makes a table again that somebody removed', async () => {
  const { yt, proxy } = await openYt();
  await yt.copies.upsert(replica, [row('a')], { update: false });
  proxy.tree.remove(replica.path);
  await expect(yt.copies.upsert(replica, [row('b')], { update: false })).rejects.toMatchObject({ code: 'yt_table_missing', retryable: true });
  await yt.copies.upsert(replica, [row('b')], { update: false });
  expect(await proxy.tree.readRows(replica.path)).toEqual([row('b')]);
});

test('takes any number of rows, ten thousand at a time', async () => {
  const { yt, proxy } = await openYt();
  const rows = Array.from({ length: 20_001 }, (_, index) => row(`id-${index}`, index));
  await yt.copies.upsert(replica, rows, { update: false });
  expect(proxy.calls.filter(({ command }) => command === 'insert_rows')).toHaveLength(3);
  expect(await yt.copies.lookup(replica, rows.map(({ id }) => ({ id: id ?? null })))).toEqual(rows);
});

test('a batch appears in all its tables, and says where', async () => {
  const { yt, proxy } = await openYt();
  expect(await yt.copies.lastBatch(ledger)).toBeNull();
  await yt.copies.append(ledger, batch('one', null, row('a'), row('b')));
  const places = await yt.copies.append(ledger, batch('two', 'one', row('c'), row('d')));
  expect(places).toEqual([{ path: first!.path, startRow: 2, rowCount: 2 }, { path: second!.path, startRow: 1, rowCount: 1 }]);
  expect(await yt.copies.rowsAt(places[0]!)).toEqual([row('c'), row('d')]);
  expect(await yt.copies.lastBatch(ledger)).toBe('two');
  expect(await proxy.tree.readRows(second!.path)).toEqual([row('a'), row('c')]);
});

test('a batch is appended once, by whomever, and answers the same places', async () => {
  const { yt, second: another, proxy } = await openYt();
  const one = batch('one', null, row('a'));
  const places = await yt.copies.append(ledger, one);
  expect(await another().copies.append(ledger, one)).toEqual(places);
  expect(await proxy.tree.readRows(first!.path)).toEqual([row('a')]);
});

test('two writers of one batch at one moment append it once', async () => {
  const { yt, second: another, proxy } = await openYt();
  const one = batch('one', null, row('a'), row('b'));
  const [places, same] = await Promise.all([yt.copies.append(ledger, one), another().copies.append(ledger, one)]);
  expect(same).toEqual(places);
  expect(await proxy.tree.readRows(first!.path)).toEqual([row('a'), row('b')]);
});

test('a batch that follows another than the last one is refused', async () => {
  const { yt, proxy } = await openYt();
  await yt.copies.append(ledger, batch('one', null, row('a')));
  await yt.copies.append(ledger, batch('two', 'one', row('b')));
  for (const late of [batch('late', 'one', row('c')), batch('late', null, row('c'))]) {
    await expect(yt.copies.append(ledger, late)).rejects.toMatchObject({ code: 'lock_lost' });
  }
  expect(await proxy.tree.readRows(first!.path)).toEqual([row('a'), row('b')]);
});

test.each(['write_table', 'set', 'lock', 'commit_transaction', 'get'])('a failure of %s leaves no part of the batch', async (command) => {
  const { yt, proxy } = await openYt();
  await yt.copies.append(ledger, batch('one', null, row('a')));
  proxy.faults.inject({ command, effect: { kind: 'error', error: { code: 901, message: 'no' } } });
  const two = batch('two', 'one', row('b'));
  await expect(yt.copies.append(ledger, two)).rejects.toMatchObject({ code: 'yt_unavailable' });
  expect(await proxy.tree.readRows(first!.path)).toEqual([row('a')]);
  await yt.copies.append(ledger, two);
  expect(await proxy.tree.readRows(first!.path)).toEqual([row('a'), row('b')]);
  expect(await proxy.tree.readRows(second!.path)).toEqual([row('a'), row('b')]);
});

test('reads what is left at a place whose rows are gone', async () => {
  const { yt, proxy } = await openYt();
  const places = await yt.copies.append(ledger, batch('one', null, row('a'), row('b')));
  await proxy.tree.writeRows(first!.path, [row('a')]);
  expect(await yt.copies.rowsAt(places[0]!)).toEqual([row('a')]);
  await proxy.tree.writeRows(first!.path, []);
  expect(await yt.copies.rowsAt(places[0]!)).toEqual([]);
});

test('nobody else can append while a batch is under way: its rows would stand elsewhere', async () => {
  const { yt, proxy } = await openYt();
  await yt.copies.append(ledger, batch('one', null, row('a')));
  proxy.faults.inject({ command: 'set', effect: { kind: 'slow', delayMs: 500 } });
  const appending = yt.copies.append(ledger, batch('two', 'one', row('b')));
  await expect.poll(() => proxy.faults.pending).toBe(0);
  await expect(proxy.tree.appendRows(first!.path, [row('foreign')])).rejects.toThrow(/lock/);
  const [place] = await appending;
  expect(await yt.copies.rowsAt(place!)).toEqual([row('b')]);
});
