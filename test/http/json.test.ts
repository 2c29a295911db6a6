// Where a body stops being JSON.
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { mistakePosition, parseJson } from '../../http/json.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

test('reads whatever JSON.stringify writes, and the scanner agrees to its end', () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      expect(parseJson(bytes(text))).toEqual({ ok: true, value: JSON.parse(text) });
      expect(mistakePosition(text)).toBe(text.length);
    }),
  );
});

test('a text cut short ends too early wherever it was cut', () => {
  fc.assert(
    fc.property(fc.array(fc.record({ a: fc.stringMatching(/^[a-zж ]*$/) }), { minLength: 1 }), fc.nat(), (value, cut) => {
      const text = JSON.stringify(value);
      const part = text.slice(0, cut % text.length);
      expect(parseJson(bytes(part))).toMatchObject({ mistake: expect.stringContaining('ends too early') as string });
      expect(mistakePosition(part)).toBe(part.length);
    }),
  );
});

test.each([
  ['{"a":x}', 5],
  ['{"a":1,}', 7],
  ['[1 2]', 3],
  ['01', 1],
  ['{"a":1} x', 8],
  ['{"a" 1}', 5],
  ['{,}', 1],
  ['[1}', 2],
  ['"\\x"', 1],
  ['{"a":"b\nc"}', 7],
  ["{'a':1}", 1],
  ['', 0],
  ['[1,', 3],
  ['{"a', 3],
])('finds the mistake in %j at %d', (text, position) => {
  expect(mistakePosition(text)).toBe(position);
  expect(parseJson(bytes(text)).ok).toBe(false);
});

test('refuses an object that names a member twice, however deep and however spelled, and no other', () => {
  fc.assert(fc.property(fc.array(fc.json()), fc.string(), (values, name) => {
    const key = JSON.stringify(name);
    const inner = values.map((value, index) => `${JSON.stringify(`${name}${index}`)}:${value}`);
    const once = `[{"x":[{${[...inner, `${key}:1`].join(',')}}]}]`;
    const twice = `[{"x":[{${[`${key}:1`, ...inner, `${key} : 2`].join(',')}}]}]`;
    expect(parseJson(bytes(once)).ok).toBe(true);
    expect(parseJson(bytes(twice))).toEqual({ ok: false, mistake: 'The body names a field twice.' });
  }));
  expect(parseJson(bytes(String.raw`{"ab":1,"ab":2}`)).ok).toBe(false);
  expect(parseJson(bytes(JSON.stringify({ a: '"a":1,"a":2', b: [{ a: 1 }, { a: 1 }], '': {} }))).ok).toBe(true);
  expect(parseJson(bytes(JSON.stringify({ a: 'x'.repeat(65_000) }))).ok).toBe(true);
});

test('copes with the deepest and the longest body there can be', () => {
  const deep = '['.repeat(65_536);
  expect(mistakePosition(deep)).toBe(deep.length);
  expect(parseJson(bytes(deep)).ok).toBe(false);
  const long = `"${'x'.repeat(65_534)}`;
  expect(mistakePosition(long)).toBe(long.length);
});
