// Language negotiation.
import { expect, test } from 'vitest';
import { localeOf } from '../../http/locale.ts';

test.each([
  [undefined, 'ru'],
  ['', 'ru'],
  ['en', 'en'],
  ['EN-us', 'en'],
  ['ru,en', 'ru'],
  ['en,ru', 'en'],
  ['ru;q=0.3, en;q=0.7', 'en'],
  ['en;q=0', 'ru'],
  ['*', 'ru'],
  ['ru;q=0, *', 'en'],
  ['en;q=0, *;q=0.5', 'ru'],
  ['*, ru;q=0, en;q=0', 'ru'],
  ['de, *;q=0.1, en;q=0.2', 'en'],
  ['en;q=high', 'en'],
  [';;;,,=', 'ru'],
])('for %j words in %s', (header, locale) => {
  expect(localeOf(header)).toBe(locale);
});
