import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { contactLinks, dialable, greeting } from '../../../runtime/messages/links.ts';

test('opens WhatsApp with the first words written, and a call', () => {
  expect(contactLinks('+79990001122', 'Привет & пока?')).toEqual([
    { kind: 'whatsapp', url: 'https://wa.me/79990001122?text=%D0%9F%D1%80%D0%B8%D0%B2%D0%B5%D1%82%20%26%20%D0%BF%D0%BE%D0%BA%D0%B0%3F' },
    { kind: 'tel', url: 'tel:+79990001122' },
  ]);
});

const unusable = ['', '89990001122', '+7999', '+999123456789', '+7999000112233', 'call +79990001122', '+7999000112x'];

test.each(unusable)('calls nobody on %j', (phone) => {
  expect(dialable(phone)).toBeNull();
});

test('gives no links without a number', () => {
  expect(contactLinks(null, 'Hello')).toEqual([]);
});

test('gives links for a number that no operator is known to give out', () => {
  expect(contactLinks(dialable('+70000000001'), 'Hi')).toHaveLength(2);
});

test('gives links for phones of other countries', () => {
  expect(contactLinks(dialable('+37491234567'), 'Hi')[1]).toEqual({ kind: 'tel', url: 'tel:+37491234567' });
});

test('greets each side in its own words and language', () => {
  const names = { contactFirstName: 'Анна' };
  expect(greeting('mentor', 'ru', names)).toMatch(/^Здравствуйте, Анна! Вы мой наставник/);
  expect(greeting('newbie', 'ru', names)).toMatch(/^Здравствуйте, Анна! Я ваш наставник/);
  expect(greeting('mentor', 'en', { contactFirstName: null })).toMatch(/^Hello! You are my mentor/);
  expect(greeting('newbie', 'en', { contactFirstName: null })).toMatch(/^Hello! I am your mentor/);
});

test('the WhatsApp link carries any greeting whole', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (words) => {
      const url = new URL(contactLinks('+79990001122', words)[0]?.url ?? '');
      expect(url.searchParams.get('text')).toBe(words.toWellFormed());
    }),
  );
});

test('a name cut in the middle of a character breaks no link', () => {
  const cut = '👋'.slice(0, 1);
  expect(contactLinks('+79990001122', greeting('mentor', 'ru', { contactFirstName: cut }))).toHaveLength(2);
});
