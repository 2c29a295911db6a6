// The threat model claims only what a test shows.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..', '..');
const text = readFileSync(join(root, 'docs/security.md'), 'utf8');

test('every test that the threat model names exists', () => {
  const named = [...text.matchAll(/`((?:test|runtime)\/[\w/.-]+\.test\.ts)`/g)].map((match) => match[1] ?? '');
  expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  expect(named.length).toBeGreaterThan(10);
});

test('every threat has something that shows its answer', () => {
  const rows = text.split('## What stops him')[1]?.split('\n## ')[0]?.split('\n').filter((line) => line.startsWith('| ')).slice(2) ?? [];
  expect(rows.filter((row) => !/\| (?:same|`[^|]+`) \|$/.test(row))).toEqual([]);
  expect(rows.length).toBeGreaterThan(10);
});
