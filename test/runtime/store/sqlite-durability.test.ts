// Nobody is told of what is not on disk: neither who wrote it nor who read it.
import { rmSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { realTime } from '../../../runtime/clock.ts';
import { openSqliteStore, type SqliteStore } from '../../../runtime/store/sqlite/store.ts';
import { freshFile, type FreshFile } from './files.ts';

let place: FreshFile;
let opened: SqliteStore;
let synced: string[];
/** Syncs wait for this while it is there. */
let gate: PromiseWithResolvers<void> | null;
let broken: Error | null;

beforeEach(async () => {
  place = freshFile();
  [synced, gate, broken] = [[], null, null];
  opened = openSqliteStore({ file: place.file, timescale: realTime, syncFile });
  await opened.store.migrate();
});
afterEach(async () => {
  gate?.resolve();
  await opened.store.close();
  rmSync(place.directory, { recursive: true });
});

async function syncFile(file: FileHandle): Promise<void> {
  const kind = (await file.stat()).isDirectory() ? 'directory' : 'log';
  await gate?.promise;
  if (broken !== null) throw broken;
  await file.sync();
  synced.push(kind);
}

function put(name: string, value = 'x'): Promise<void> {
  return opened.store.transact((tx) => tx.putJobState(name, value));
}

/** Long enough for whatever is not held up. */
async function quiet(): Promise<void> {
  for (let turns = 0; turns < 200; turns += 1) await turn();
}

function watched(waiting: Promise<unknown>): { settled: boolean } {
  const state = { settled: false };
  void waiting.catch(() => {}).finally(() => void (state.settled = true));
  return state;
}

test('the entry of the log in its directory is made durable first, then the log itself with each group', async () => {
  expect(synced.slice(0, 2)).toEqual(['directory', 'log']);
  const before = synced.length;
  await Promise.all([put('a'), put('b')]);
  await put('c');
  expect(synced.slice(before)).toEqual(['log', 'log']);
});

test('neither a commit nor a read of it is told before the log is on disk', async () => {
  gate = Promise.withResolvers();
  const writing = put('s', 'new');
  const written = watched(writing);
  await quiet();
  const reading = opened.store.jobState('s');
  const read = watched(reading);
  await quiet();
  expect([written.settled, read.settled]).toEqual([false, false]);
  gate.resolve();
  gate = null;
  await writing;
  expect(await reading).toBe('new');
});

test('whoever comes while a group is brought to the disk waits for it, and goes together', async () => {
  const before = synced.length;
  gate = Promise.withResolvers();
  const waiting = [put('a')];
  await quiet();
  for (const name of ['b', 'c']) {
    waiting.push(put(name));
    await quiet();
  }
  const other = openSqliteStore({ file: place.file, timescale: realTime, syncFile: async () => {} });
  expect(await Promise.all(['a', 'b', 'c'].map((name) => other.store.jobState(name)))).toEqual(['x', null, null]);
  await other.store.close();
  gate.resolve();
  gate = null;
  await Promise.all(waiting);
  expect(synced.slice(before)).toEqual(['log', 'log']);
});

test('whoever waited for a sync that fails is refused before anything of his is written', async () => {
  await put('a');
  gate = Promise.withResolvers();
  const first = put('a', 'y');
  await quiet();
  const second = put('b');
  broken = new Error('EIO');
  gate.resolve();
  gate = null;
  const unavailable = { status: 'rejected', reason: { code: 'store_unavailable' } };
  expect(await Promise.allSettled([first, second])).toMatchObject([unavailable, unavailable]);
  const other = openSqliteStore({ file: place.file, timescale: realTime });
  expect(await other.store.jobState('b')).toBeNull();
  await other.store.close();
});

test('reads of what is on disk wait for nothing', async () => {
  await put('s');
  await opened.store.jobState('s');
  gate = Promise.withResolvers();
  expect(await opened.store.jobState('s')).toBe('x');
});

test('whoever is told of a commit reads it, within the same turn too', async () => {
  await put('s', 'old');
  const reads = Array.from({ length: 50 }, async (_, index) => {
    expect(await opened.store.jobState('s')).not.toBeNull();
    await put('s', String(index));
    const [now, again] = await Promise.all([opened.store.jobState('s'), opened.store.jobState('s')]);
    expect(Number(now)).toBeGreaterThanOrEqual(index);
    expect(again).toBe(now);
  });
  await Promise.all(reads);
});

test('a snapshot of the present turn ends with a commit', async () => {
  const quick = openSqliteStore({ file: place.file, timescale: realTime, syncFile: async () => {} });
  await quick.store.transact((tx) => tx.putJobState('s', 'old'));
  await quiet();
  // Taken in the phase of the event loop in which the commit is made, just before it.
  const before = turn().then(() => quick.store.jobState('s'));
  await quick.store.transact((tx) => tx.putJobState('s', 'new'));
  expect(await quick.store.jobState('s')).toBe('new');
  expect(await before).toBe('old');
  await quick.store.close();
});

test('a read that fails spoils no other of its turn', async () => {
  await put('s', 'x');
  const outcomes = await Promise.allSettled([
    opened.store.jobState('s'), opened.store.jobRuns({}, { limit: 1, cursor: 'no cursor' }), opened.store.jobState('s'),
  ]);
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
});

test('what another process has committed is made durable before it is told', async () => {
  const other = openSqliteStore({ file: place.file, timescale: realTime, syncFile: async () => {} });
  await opened.store.jobState('s');
  await other.store.transact((tx) => tx.putJobState('s', 'theirs'));
  const before = synced.length;
  expect(await opened.store.jobState('s')).toBe('theirs');
  expect(synced.slice(before)).toEqual(['log']);
  await other.store.close();
});

test('a probe tells of a failed sync even where nothing new was committed', async () => {
  await put('s');
  await opened.store.jobState('s');
  broken = new Error('EIO');
  await expect(put('s', 'y')).rejects.toMatchObject({ code: 'store_unavailable' });
  await expect(opened.store.jobState('s')).rejects.toMatchObject({ code: 'store_unavailable' });
  await expect(opened.store.ping()).rejects.toMatchObject({ code: 'store_unavailable' });
});

test('a sync that fails ends the service of this store: a later one would not tell what was lost', async () => {
  broken = new Error('EIO');
  const outcomes = await Promise.allSettled([put('a'), put('b')]);
  expect(outcomes.map((outcome) => outcome.status === 'rejected' && outcome.reason)).toEqual([
    expect.objectContaining({ code: 'store_unavailable' }), expect.objectContaining({ code: 'store_unavailable' }),
  ]);
  broken = null;
  await expect(put('c')).rejects.toMatchObject({ code: 'store_unavailable', message: expect.stringContaining('restart') });
  await expect(opened.store.jobState('a')).rejects.toMatchObject({ code: 'store_unavailable' });
  await expect(opened.store.ping()).rejects.toMatchObject({ code: 'store_unavailable' });
});
