// Every statement of the SQLite adapter runs on an index: a full scan would stop the event loop once there are millions of rows.
import { rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { realTime } from '../../../runtime/clock.ts';
import { statements } from '../../../runtime/store/sqlite/statements.ts';
import { openSqliteStore } from '../../../runtime/store/sqlite/store.ts';
import { freshFile } from './files.ts';

/** Statements that may sort, and why. */
const sorted: Readonly<Record<string, string>> = {
  'results.announcements': 'one matching has a handful of announcements',
};
/** Indexes that no statement uses, and why they are there. */
const unused: Readonly<Record<string, string>> = {
  matchings_connected: 'the design document asks for it; operators look for the last import with it',
};

const { directory, file } = freshFile();
let database: DatabaseSync;
beforeAll(async () => {
  const { store } = openSqliteStore({ file, timescale: realTime });
  await store.migrate();
  await store.close();
  database = new DatabaseSync(file, { readOnly: true });
});
afterAll(() => {
  database.close();
  rmSync(directory, { recursive: true });
});

const explained = Object.entries(statements).filter(([, sql]) => !sql.startsWith('PRAGMA'));

function planOf(sql: string): string[] {
  return database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all().map((row) => String(row['detail']));
}

test('the registry holds the statements of every part', () => {
  expect(new Set(Object.keys(statements).map((name) => name.split('.')[0]))).toEqual(
    new Set(['schema', 'matchings', 'listing', 'results', 'journal', 'operators', 'retention', 'tasks', 'leases']),
  );
  expect(new Set(Object.values(statements)).size).toBe(Object.keys(statements).length);
});

test.each(explained)('%s scans no table', (_name, sql) => {
  expect(planOf(sql).filter((step) => step.startsWith('SCAN'))).toEqual([]);
});

test.each(explained)('%s sorts nothing that an index could give in order', (name, sql) => {
  const sorts = planOf(sql).some((step) => step.includes('TEMP B-TREE'));
  expect(sorts).toBe(Object.hasOwn(sorted, name));
});

// EXPLAIN QUERY PLAN leaves out triggers and foreign keys; in their bytecode a scan begins with Rewind.
const withTriggers = explained.filter(([name, sql]) => name !== 'results.touchMatching' && /^((INSERT INTO|UPDATE) (matchings|status_transitions|persons)|DELETE FROM matchings)\b/.test(sql));

test.each(withTriggers)('%s scans no table in its triggers', (_name, sql) => {
  const opcodes = database.prepare(`EXPLAIN ${sql}`).all().map((step) => String(step['opcode']));
  expect(opcodes).toContain('Program');
  expect(opcodes).not.toContain('Rewind');
});

test('every index earns its bytes', () => {
  const plans = explained.flatMap(([, sql]) => planOf(sql)).join('\n');
  const made = database.prepare(`SELECT name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL`).all();
  const indexes = made.map((row) => String(row['name']));
  expect(indexes.filter((name) => !new RegExp(`\\b${name}\\b`).test(plans))).toEqual(Object.keys(unused));
});
