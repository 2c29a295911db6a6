import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { naming, say, textKeys } from '../../../runtime/messages/texts.ts';

const everyValue = { ...naming('Анна'), shown: 'yes', promocode: 'DRIVE', value: 3 };

/** Intl.NumberFormat writes a no-break space between thousands. */
const hours = (value: number): string => say('ru', 'figure_hours', { value }).replaceAll('\u00a0', '');

test.each([
  [0, 'На линии: 0 часов'],
  [1, 'На линии: 1 час'],
  [2, 'На линии: 2 часа'],
  [4, 'На линии: 4 часа'],
  [5, 'На линии: 5 часов'],
  [11, 'На линии: 11 часов'],
  [12, 'На линии: 12 часов'],
  [21, 'На линии: 21 час'],
  [22, 'На линии: 22 часа'],
  [111, 'На линии: 111 часов'],
  [1.5, 'На линии: 1,5 часа'],
  [20.1, 'На линии: 20,1 часа'],
])('counts %d hours in Russian', (value, text) => {
  expect(hours(value)).toBe(text);
});

test('every whole number of hours has the Russian ending of its last two digits', () => {
  fc.assert(
    fc.property(fc.nat(100_000), (value) => {
      const teen = Math.floor((value % 100) / 10) === 1;
      const ending = teen ? 'часов' : (['часов', 'час', 'часа', 'часа', 'часа'][value % 10] ?? 'часов');
      expect(hours(value)).toBe(`На линии: ${value} ${ending}`);
    }),
  );
});

test.each([
  [1, '1 правильный ответ', '1 correct answer'],
  [3, '3 правильных ответа', '3 correct answers'],
  [8, '8 правильных ответов', '8 correct answers'],
  [2.5, '2,5 правильного ответа', '2.5 correct answers'],
])('counts %d answers in both languages', (value, ru, en) => {
  expect(say('ru', 'figure_answers', { value })).toBe(`Тест: ${ru}`);
  expect(say('en', 'figure_answers', { value })).toBe(`Test: ${en}`);
});

test.each(textKeys)('%s leaves no placeholder open in either language', (key) => {
  for (const locale of ['ru', 'en'] as const) {
    const text = say(locale, key, everyValue);
    expect(text).not.toMatch(/[{}#]|undefined|null|\s{2}/);
    expect(text).toBe(text.trim());
  }
});

test.each(textKeys)('%s speaks of nobody by name when no name is known', (key) => {
  for (const locale of ['ru', 'en'] as const) {
    expect(say(locale, key, { ...everyValue, ...naming(null) })).not.toMatch(/Анна|[,—]\s*[.!:]|\s{2}|^[:,.]/);
  }
});

test('the two languages never share a text', () => {
  for (const key of textKeys) expect(say('ru', key, everyValue)).not.toBe(say('en', key, everyValue));
});

test('a value is shown as it is, even one that looks like a placeholder or a tag', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ minLength: 1 }), fc.constantFrom('{name}', "'{x}'", '<b>', '#')), (promocode) => {
      expect(say('en', 'mentor_promocode', { ...naming(null), promocode }).endsWith(`: ${promocode}`)).toBe(true);
    }),
  );
});

test('a missing value is an error rather than a gap', () => {
  expect(() => say('ru', 'figure_rating')).toThrow(/value/);
});
