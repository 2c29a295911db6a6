// The cutting of columns out of stored lines, against parsing, choosing and writing each row.
import { expect, test } from 'vitest';
import { projectLines } from './projection.ts';

type Row = Readonly<Record<string, unknown>>;

function linesOf(rows: readonly Row[]): Buffer {
  return Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
}

function chosen(row: Row, columns: readonly string[]): Row {
  return Object.fromEntries(Object.entries(row).filter(([name]) => columns.includes(name)));
}

const rows: readonly Row[] = [
  { a: 'x', b: 1, c: null, d: true },
  { d: 'x', c: -1.5e300, b: [1, { a: ']' }], a: { b: '}', a: [[]] } },
  { b: '{"a":1,"b":2}', a: '\\', c: '\\"', d: ',' },
  { 'a"': 1, 'ключ': 'значение', ab: '\u0000\n\u2028', '': 'x', a: '😀' },
  {},
  { e: 'only another' },
  { a: 'a'.repeat(100_000), e: '\\'.repeat(99_999), b: '' },
];

const choices: readonly (readonly string[])[] = [
  [], ['a'], ['b'], ['c'], ['d'], ['a', 'b'], ['a', 'd'], ['d', 'a'], ['b', 'c'], ['a', 'b', 'c', 'd', 'e', 'ab', 'a"', 'ключ', ''],
  ['a"'], ['ключ', 'ab'], [''], ['nothing'], ['a', 'a'],
];

test.each(choices)('cuts out the columns %j as parsing the rows would', (...columns: string[]) => {
  const found = projectLines(linesOf(rows), columns).toString('utf8');
  expect(found).toBe(linesOf(rows.map((row) => chosen(row, columns))).toString('utf8'));
});

test('hands the stored bytes over when every column is wanted', () => {
  const lines = linesOf([{ a: 1, b: 2 }, { b: 3 }]);
  expect(projectLines(lines, ['a', 'b', 'c'])).toBe(lines);
});
