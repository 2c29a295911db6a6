// What callers see when the file fails: a full disk, a commit refused, a file that is none.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { realTime } from '../../../runtime/clock.ts';
import { Connection } from '../../../runtime/store/sqlite/database.ts';
import { LogSync } from '../../../runtime/store/sqlite/log-sync.ts';
import { openSqliteStore } from '../../../runtime/store/sqlite/store.ts';
import { GroupCommitter } from '../../../runtime/store/sqlite/transaction.ts';
import { freshFile, type FreshFile } from './files.ts';

const put = 'INSERT INTO notes (text) VALUES (?)';
const putOrphan = 'INSERT INTO notes (text, parent) VALUES (?, 99)';
const count = 'SELECT count(*) AS n FROM notes';
const clock = { timescale: realTime, databaseNowMs: () => 0 };

let place: FreshFile;
let database: DatabaseSync;
let committer: GroupCommitter;
let logSync: LogSync;

beforeEach(() => {
  place = freshFile();
  database = new DatabaseSync(place.file);
  database.exec(`PRAGMA journal_mode = WAL; CREATE TABLE notes
    (id INTEGER PRIMARY KEY, text TEXT NOT NULL, parent INTEGER REFERENCES notes (id) DEFERRABLE INITIALLY DEFERRED)`);
  const connection = new Connection(database, new Set([put, putOrphan, count]));
  logSync = new LogSync(place.file);
  committer = new GroupCommitter(connection, { clock, logSync, random: () => 0, metrics: undefined });
});
afterEach(async () => {
  await committer.close();
  await logSync.close();
  database.close();
  rmSync(place.directory, { recursive: true });
});

function notes(): unknown {
  return database.prepare(count).get()?.['n'];
}

test('a full disk fails the whole group, even a callback that catches the error, and the next group works', async () => {
  database.exec('PRAGMA max_page_count = 8');
  const group = [
    committer.transact((session) => session.run(put, 'small')),
    committer.transact((session) => {
      try {
        return session.run(put, 'x'.repeat(1_000_000));
      } catch {
        return 0;
      }
    }),
    committer.transact((session) => session.run(put, 'small')),
  ];
  const full = { status: 'rejected', reason: { code: 'store_unavailable', message: 'sqlite: the disk is full' } };
  expect(await Promise.allSettled(group)).toMatchObject([full, full, full]);
  expect(notes()).toBe(0);
  await committer.transact((session) => session.run(put, 'small'));
  expect(notes()).toBe(1);
});

test('a commit that is refused fails everybody in it, and the next group works', async () => {
  const group = [
    committer.transact((session) => session.run(put, 'well')),
    committer.transact((session) => session.run(putOrphan, 'orphan')),
  ];
  const outcomes = await Promise.allSettled(group);
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(notes()).toBe(0);
  expect(await committer.transact((session) => session.run(put, 'well'))).toBe(1);
  expect(notes()).toBe(1);
});

test('refuses a statement that the registry does not hold', async () => {
  await expect(committer.transact((session) => session.all('SELECT * FROM notes'))).rejects.toMatchObject({ code: 'internal' });
});

test('a file that is no database is store_unavailable, and is left as it was', () => {
  const file = join(place.directory, 'other');
  const content = 'something else entirely, long enough for a header of a hundred bytes'.repeat(20);
  writeFileSync(file, content);
  expect(() => openSqliteStore({ file, timescale: realTime })).toThrow(expect.objectContaining({ code: 'store_unavailable' }));
  expect(readFileSync(file, 'utf8')).toBe(content);
});

test('a path that cannot be opened is store_unavailable', () => {
  const blocked = join(place.file, 'below', 'a-file');
  expect(() => openSqliteStore({ file: blocked, timescale: realTime })).toThrow(expect.objectContaining({ code: 'store_unavailable' }));
  const directory = join(place.directory, 'directory');
  mkdirSync(directory);
  expect(() => openSqliteStore({ file: directory, timescale: realTime })).toThrow(expect.objectContaining({ code: 'store_unavailable' }));
});

test('makes the directory of a new file, and leaves only the file behind', async () => {
  const directory = join(place.directory, 'new', 'deeper');
  const { store } = openSqliteStore({ file: join(directory, 'db'), timescale: realTime });
  await store.migrate();
  await store.funnel();
  await store.close();
  expect(readdirSync(directory)).toEqual(['db']);
});
