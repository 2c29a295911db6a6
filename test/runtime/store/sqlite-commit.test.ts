// Group commit and its failures, on a file that other connections use at the same time.
import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setImmediate as turn, setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { realTime } from '../../../runtime/clock.ts';
import { createMetrics } from '../../../runtime/metrics.ts';
import { openSqliteStore, type SqliteStore } from '../../../runtime/store/sqlite/store.ts';
import { migrations } from '../../../runtime/store/sqlite/tables.ts';
import { aMatchingId, matchingRecord, newTask } from '../../suites/records.ts';
import { freshFile, type FreshFile } from './files.ts';
import { countCommits } from './wal.ts';

const metrics = createMetrics();
let place: FreshFile;
let opened: SqliteStore;

beforeEach(async () => {
  place = freshFile();
  opened = openSqliteStore({ file: place.file, timescale: realTime, metrics });
  await opened.store.migrate();
  metrics.storeTransactions.reset();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await opened.store.close();
  rmSync(place.directory, { recursive: true });
});

async function counted(outcome: string): Promise<number> {
  const { values } = await metrics.storeTransactions.get();
  return values.find(({ labels }) => labels.outcome === outcome)?.value ?? 0;
}

test('transactions of one loop turn share one commit', async () => {
  const before = countCommits(place.file);
  await Promise.all(Array.from({ length: 30 }, (_, index) => opened.store.transact((tx) => tx.putJobState(`s${index}`, 'x'))));
  expect(countCommits(place.file)).toBe(before + 1);
  expect(await opened.store.jobState('s29')).toBe('x');
});

test('whoever keeps coming does not keep the first waiting', async () => {
  const settled: string[] = [];
  const put = (name: string): Promise<void> => opened.store.transact((tx) => tx.putJobState(name, 'x')).then(() => void settled.push(name));
  const all = [put('first'), put('second')];
  for (let turns = 0; turns < 10_000 && !settled.includes('first'); turns += 1) {
    await turn();
    all.push(put(`later${turns}`));
  }
  expect(settled).toContain('first');
  await Promise.all(all);
});

test('tasks, leases and transactions share a commit too', async () => {
  await opened.store.transact((tx) => tx.enqueue(newTask({ id: 't' })));
  const before = countCommits(place.file);
  const [claimed, lease] = await Promise.all([
    opened.tasks.claim({ owner: 'w', limit: 1, leaseMs: 1_000 }),
    opened.leases.acquire('job', 'w', 1_000),
    opened.store.transact((tx) => tx.putJobState('s', 'x')),
  ]);
  expect([claimed.length, lease?.epoch]).toEqual([1, 1]);
  expect(countCommits(place.file)).toBe(before + 1);
});

test('a group holds at most 32', async () => {
  const before = countCommits(place.file);
  await Promise.all(Array.from({ length: 33 }, (_, index) => opened.store.transact((tx) => tx.putJobState(`s${index}`, 'x'))));
  expect(countCommits(place.file)).toBe(before + 2);
});

test('one that throws harms no other of its group', async () => {
  const outcomes = await Promise.allSettled(Array.from({ length: 9 }, (_, index) => opened.store.transact(async (tx) => {
    await tx.putJobState(`s${index}`, 'x');
    if (index === 4) throw new RangeError('only mine');
    return index;
  })));
  expect(outcomes.map(({ status }) => status === 'fulfilled')).toEqual([true, true, true, true, false, true, true, true, true]);
  expect(await opened.store.jobState('s4')).toBeNull();
  expect(await opened.store.jobState('s5')).toBe('x');
  expect([await counted('committed'), await counted('rolled_back')]).toEqual([8, 1]);
});

test('those that fail before they write, and those that fail after it, cost the others nothing', async () => {
  const runs = new Map<number, number>();
  const outcomes = await Promise.allSettled(Array.from({ length: 6 }, (_, index) => opened.store.transact(async (tx) => {
    runs.set(index, (runs.get(index) ?? 0) + 1);
    if (index === 1) throw new RangeError('before');
    const count = Number(await tx.jobState('count')) + 1;
    await tx.putJobState('count', String(count));
    if (index === 4) throw new RangeError('after');
  })));
  expect(outcomes.map(({ status }) => status === 'fulfilled')).toEqual([true, false, true, true, false, true]);
  expect(await opened.store.jobState('count')).toBe('4');
  // Once beside each other, and once more apart.
  expect(Math.max(...runs.values())).toBe(2);
});

test('a lock taken in a group with one that fails is held all the same', async () => {
  const [lease] = await Promise.allSettled([
    opened.leases.acquire('job', 'me', 60_000),
    opened.store.transact(async (tx) => {
      await tx.putJobState('s', 'x');
      throw new RangeError('only mine');
    }),
  ]);
  expect(lease).toMatchObject({ status: 'fulfilled', value: { name: 'job', epoch: 1 } });
  expect(await opened.leases.acquire('job', 'another', 60_000)).toBeNull();
});

test('resolves only when another connection can read what was written', async () => {
  const other = new DatabaseSync(place.file, { readOnly: true });
  const count = other.prepare('SELECT count(*) AS n FROM tasks');
  const waiting = opened.store.transact((tx) => tx.enqueue(newTask()));
  expect(count.get()).toEqual({ n: 0 });
  await waiting;
  expect(count.get()).toEqual({ n: 1 });
  other.close();
});

test('refuses a callback that waits for something other than its transaction', async () => {
  const waits = opened.store.transact(async (tx) => {
    await tx.putJobState('s', 'x');
    await pause(20);
    await tx.putJobState('s', 'y');
  });
  await expect(waits).rejects.toMatchObject({ code: 'internal', message: expect.stringContaining('waited for something other') });
  expect(await opened.store.jobState('s')).toBeNull();
});

test('waits for a lock of another connection without stopping the event loop', async () => {
  const other = new DatabaseSync(place.file);
  other.exec('BEGIN IMMEDIATE');
  let settled = false;
  const write = async () => {
    await opened.store.transact((tx) => tx.putJobState('s', 'x'));
    settled = true;
  };
  const waiting = write();
  for (let turns = 0; turns < 100; turns += 1) await turn();
  expect(settled).toBe(false);
  expect(await opened.store.jobState('s')).toBeNull();
  other.exec('COMMIT');
  await waiting;
  expect(await opened.store.jobState('s')).toBe('x');
  other.close();
});

test('gives up with store_unavailable when the lock is not free in time, and works again when it is', async () => {
  const other = new DatabaseSync(place.file);
  other.exec('BEGIN IMMEDIATE');
  const waiting = opened.store.transact((tx) => tx.putJobState('s', 'x'));
  const startedMs = performance.now();
  vi.spyOn(performance, 'now').mockReturnValue(startedMs + 5_001);
  await expect(waiting).rejects.toMatchObject({ code: 'store_unavailable', retryable: true });
  expect(await counted('store_unavailable')).toBe(1);
  other.exec('ROLLBACK');
  await opened.store.transact((tx) => tx.putJobState('s', 'y'));
  expect(await opened.store.jobState('s')).toBe('y');
  other.close();
});

test('cancels one that still waits for the lock', async () => {
  const other = new DatabaseSync(place.file);
  other.exec('BEGIN IMMEDIATE');
  const aborter = new AbortController();
  const waiting = opened.store.transact((tx) => tx.putJobState('s', 'x'), aborter.signal);
  aborter.abort();
  await expect(waiting).rejects.toMatchObject({ code: 'cancelled' });
  other.exec('ROLLBACK');
  other.close();
});

test('two stores on one file lose no increment', async () => {
  const second = openSqliteStore({ file: place.file, timescale: realTime });
  const record = matchingRecord();
  await opened.store.transact((tx) => tx.insertMatching(record));
  const increment = ({ store }: SqliteStore) => store.transact(async (tx) => {
    const [stored] = await tx.matchings([record.id]);
    if (stored !== undefined) await tx.updateMatching({ ...stored, version: stored.version + 1 }, stored);
  });
  await Promise.all(Array.from({ length: 200 }, (_, index) => increment(index % 2 === 0 ? opened : second)));
  expect(await second.store.matchings([record.id])).toMatchObject([{ version: 201 }]);
  await second.store.close();
});

test('processes that start together on a new file migrate it once and lose no increment', async () => {
  const fresh = freshFile();
  const id = aMatchingId();
  const script = join(import.meta.dirname, 'contender.ts');
  const run = promisify(execFile);
  const processes = [1, 2, 3].map(() => run(process.execPath, ['--no-warnings', script, fresh.file, id, '40']));
  const applied = (await Promise.all(processes)).map(({ stdout }) => JSON.parse(stdout) as number[]);
  expect(applied.flat().sort((a, b) => a - b)).toEqual(migrations.map(({ version }) => version));
  const { store } = openSqliteStore({ file: fresh.file, timescale: realTime });
  expect(await store.jobState(id)).toBe('120');
  await store.close();
  rmSync(fresh.directory, { recursive: true });
});

test('commits what waits before it closes', async () => {
  const waiting = opened.store.transact((tx) => tx.putJobState('s', 'x'));
  await opened.store.close();
  await waiting;
  const again = openSqliteStore({ file: place.file, timescale: realTime });
  expect(await again.store.jobState('s')).toBe('x');
  await again.store.close();
});
