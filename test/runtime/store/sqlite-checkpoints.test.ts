// The log is copied into the file by a thread, and does not grow for ever.
import { rmSync, statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Checkpoints } from '../../../runtime/store/sqlite/checkpoints.ts';
import { type Connections, openConnections } from '../../../runtime/store/sqlite/database.ts';
import { freshFile, type FreshFile } from './files.ts';

const put = 'INSERT INTO notes (text) VALUES (?)';
const pageBytes = 4_096;
const limits = { worthPages: 20, longestPages: 100 };

let place: FreshFile;
let connections: Connections;

beforeEach(() => {
  place = freshFile();
  connections = openConnections(place.file, new Set([put, 'PRAGMA wal_autocheckpoint']));
  connections.writer.execute('CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT)');
});
afterEach(() => {
  connections.reader.close();
  connections.writer.close();
  rmSync(place.directory, { recursive: true });
});

/** Some eight pages. */
function commit(): void {
  const { writer } = connections;
  writer.tryBegin();
  writer.run(put, ['x'.repeat(7 * pageBytes)]);
  writer.commit();
}

test('copies what was committed while commits go on, and begins a long log anew', async () => {
  const { writer } = connections;
  const failures: unknown[] = [];
  const checkpoints = new Checkpoints(place.file, (error) => failures.push(error), limits);
  checkpoints.begin(writer);
  const lengths: number[] = [];
  for (let commits = 0; commits < 200; commits += 1) {
    commit();
    lengths.push(writer.logPages().log);
    await checkpoints.keepShort(writer);
  }
  expect(failures).toEqual([]);
  expect(Math.max(...lengths)).toBeLessThan(limits.longestPages + 20);
  expect(lengths.filter((length, index) => length < (lengths[index - 1] ?? 0)).length).toBeGreaterThan(5);
  expect(statSync(place.file).size).toBeGreaterThan(180 * 7 * pageBytes);
  const other = new DatabaseSync(place.file, { readOnly: true });
  expect(other.prepare('SELECT count(*) AS n FROM notes').get()).toEqual({ n: 200 });
  other.close();
  await checkpoints.close();
});

test('a reader that stays holds up the copy, not the commits', async () => {
  const { writer } = connections;
  commit();
  const other = new DatabaseSync(place.file, { readOnly: true });
  other.exec('BEGIN; SELECT count(*) FROM notes');
  const checkpoints = new Checkpoints(place.file, () => {}, limits);
  checkpoints.begin(writer);
  for (let commits = 0; commits < 30; commits += 1) {
    commit();
    await checkpoints.keepShort(writer);
  }
  expect(writer.logPages().log).toBeGreaterThan(limits.longestPages);
  other.exec('COMMIT');
  other.close();
  for (let commits = 0; commits < 30; commits += 1) {
    commit();
    await checkpoints.keepShort(writer);
  }
  expect(writer.logPages().log).toBeLessThan(limits.longestPages + 20);
  await checkpoints.close();
});

test('without its thread SQLite makes its checkpoints within commits again', async () => {
  const { writer } = connections;
  const failures: unknown[] = [];
  const checkpoints = new Checkpoints(`${place.directory}/missing/file`, (error) => failures.push(error), { worthPages: 1, longestPages: 1 });
  checkpoints.begin(writer);
  expect(writer.get('PRAGMA wal_autocheckpoint', [])).toEqual({ wal_autocheckpoint: 0 });
  for (let commits = 0; commits < 3; commits += 1) {
    commit();
    await checkpoints.keepShort(writer);
  }
  expect(failures).toHaveLength(1);
  expect(writer.get('PRAGMA wal_autocheckpoint', [])).toEqual({ wal_autocheckpoint: 1_000 });
  await checkpoints.close();
});
