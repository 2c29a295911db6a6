import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { Status, statuses, visibleStatuses } from '../../../machines/status.ts';
import { composeMessages, countUnread } from '../../../runtime/messages/compose.ts';
import type { Locale } from '../../../runtime/mentorship/participant.ts';
import type { DialogRecord, Role } from '../../../runtime/store.ts';
import {
  anyDialog, anyFigures, dayMs, dialogOf, enteredAt, matchingId, mentor, move, newbie, noFigures, someFigures,
} from '../../suites/dialogs.ts';

const named = { contactFirstName: 'Анна' };
const unnamed = { contactFirstName: null };
const somebody = anyDialog([newbie, mentor], 1);
const anyRole = fc.constantFrom<Role>('newbie', 'mentor');
const anyLocale = fc.constantFrom<Locale>('ru', 'en');

function kinds(dialog: DialogRecord, viewer: Role): string[] {
  return composeMessages(dialog, viewer, 'ru', named).map(({ kind }) => kind);
}

function textOf(dialog: DialogRecord, kind: string, locale: Locale = 'ru'): string {
  const found = composeMessages(dialog, 'mentor', locale, named).find((message) => message.kind === kind);
  return found?.text.replaceAll('\u00a0', ' ') ?? '';
}

test.each([
  [Status.initialized, ['new_match'], ['new_match']],
  [Status.in_progress, ['new_match'], ['new_match', 'progress']],
  [Status.finished, ['new_match'], ['new_match', 'progress', 'result']],
  [Status.succeed, ['new_match', 'completed'], ['new_match', 'progress', 'result', 'promocode']],
])('tells each side what %s brings', (status, toNewbie, toMentor) => {
  expect(kinds(dialogOf(status), 'newbie')).toEqual(toNewbie);
  expect(kinds(dialogOf(status), 'mentor')).toEqual(toMentor);
});

test.each(statuses.filter((status) => !visibleStatuses.includes(status)))('says nothing while the matching is %s', (status) => {
  expect(kinds(dialogOf(status, { figures: someFigures }), 'newbie')).toEqual([]);
  expect(kinds(dialogOf(status, { figures: someFigures }), 'mentor')).toEqual([]);
});

test('dates each message by its move and names it for ever', () => {
  const messages = composeMessages(dialogOf(Status.succeed), 'mentor', 'ru', named);
  expect(messages.map(({ id, createdAt }) => ({ id, createdAt }))).toEqual([
    { id: `${matchingId(1)}:1:mentor:new_match`, createdAt: enteredAt(Status.initialized) },
    { id: `${matchingId(1)}:1:mentor:progress`, createdAt: enteredAt(Status.in_progress) },
    { id: `${matchingId(1)}:1:mentor:result`, createdAt: enteredAt(Status.finished) },
    { id: `${matchingId(1)}:1:mentor:promocode`, createdAt: enteredAt(Status.succeed) },
  ]);
});

test('reads a message through the mark of its own side, the marked moment included', () => {
  const marks = { newbieLastReadAt: enteredAt(Status.succeed), mentorLastReadAt: enteredAt(Status.in_progress) };
  const dialog = dialogOf(Status.succeed, { matching: marks });
  expect(composeMessages(dialog, 'mentor', 'ru', named).map(({ read }) => read)).toEqual([true, true, false, false]);
  expect(composeMessages(dialog, 'newbie', 'ru', named).map(({ read }) => read)).toEqual([true, true]);
});

test('starts the dialog anew with a new match', () => {
  const rematched = dialogOf(Status.initialized, { matching: { epoch: 2 } });
  const earlier = move({ ...rematched.matching, epoch: 1 }, Status.matched, Status.initialized);
  const late = { ...earlier, createdAt: earlier.createdAt - dayMs };
  const messages = composeMessages({ ...rematched, transitions: [late, ...rematched.transitions] }, 'mentor', 'ru', named);
  expect(messages).toHaveLength(1);
  expect(messages[0]).toMatchObject({ id: `${matchingId(1)}:2:mentor:new_match`, createdAt: enteredAt(Status.initialized) });
});

test('shows the 7-day figures with the progress and the 14-day ones with the result', () => {
  const dialog = dialogOf(Status.finished, { figures: someFigures });
  expect(textOf(dialog, 'progress')).toBe(
    'Анна: первые 7 дней позади. Вот что получилось:\n• Рейтинг: 4,87\n• Активность: 92\n• На линии: 21 час',
  );
  expect(textOf(dialog, 'result')).toBe(
    'Анна: 14 дней позади. Итоги:\n• Рейтинг: 4,91\n• Активность: 95,5\n• На линии: 43,3 часа\n• Тест: 8 правильных ответов\n• Тест пройден',
  );
  expect(textOf(dialog, 'progress', 'en')).toBe(
    'Анна: the first 7 days are over. Here is how they went:\n• Rating: 4.87\n• Activity: 92\n• Online: 21 hours',
  );
});

test('leaves out the figures that are not numbers', () => {
  const figures = { ...noFigures, rate_avg_7d: 'нет данных', avg_dp_7d: ' 90.0 ', sh_7d: 'NaN' };
  expect(textOf(dialogOf(Status.in_progress, { figures }), 'progress')).toBe('Анна: первые 7 дней позади. Вот что получилось:\n• Активность: 90');
});

test.each(['', ' ', 'NaN', 'Infinity', '-4.5', '4,5', '0x10', '1e3', '12345678901', '4.5 ★', null])('takes %j for no figure', (figure) => {
  const figures = { ...noFigures, rate_avg_7d: figure, avg_dp_7d: figure, sh_7d: figure };
  expect(textOf(dialogOf(Status.in_progress, { figures }), 'progress')).toBe('Анна: первые 7 дней позади. Спасибо, что помогаете!');
});

test.each([
  ['1', 'Тест пройден'],
  ['1.0', 'Тест пройден'],
  ['True', 'Тест пройден'],
  ['0', 'Тест пока не пройден'],
  ['false', 'Тест пока не пройден'],
])('reads the flag %s', (passed_test_flg, line) => {
  expect(textOf(dialogOf(Status.finished, { figures: { ...noFigures, passed_test_flg } }), 'result')).toMatch(new RegExp(`\n• ${line}$`));
});

test('counts the hours that it shows, not those before rounding', () => {
  const figures = { ...noFigures, sh_7d: '0.98' };
  expect(textOf(dialogOf(Status.in_progress, { figures }), 'progress')).toMatch(/• На линии: 1 час$/);
});

test('gives the mentor the promocode', () => {
  expect(textOf(dialogOf(Status.succeed), 'promocode')).toMatch(/Ваш промокод: DRIVE-WELL$/);
});

test('promises no promocode where none is stored', () => {
  expect(kinds(dialogOf(Status.succeed, { matching: { mentorPromocode: null } }), 'mentor')).toEqual(['new_match', 'progress', 'result']);
});

test('introduces a contact whose name is not known', () => {
  const [toNewbie] = composeMessages(dialogOf(Status.initialized), 'newbie', 'ru', unnamed);
  expect(toNewbie?.text).toMatch(/^У вас появился наставник\./);
});

test('nothing on the newbie side depends on the promocode or the figures', () => {
  fc.assert(
    fc.property(somebody, fc.option(fc.string()), fc.option(anyFigures), anyLocale, (dialog, mentorPromocode, figures, locale) => {
      const results = figures === null ? null : { matchingId: dialog.matching.id, newbie, figures, updatedAt: 0 };
      const other = { ...dialog, matching: { ...dialog.matching, mentorPromocode }, results };
      expect(composeMessages(other, 'newbie', locale, named)).toEqual(composeMessages(dialog, 'newbie', locale, named));
    }),
  );
});

test('the unread count equals the number of unread messages', () => {
  fc.assert(
    fc.property(somebody, anyRole, anyLocale, (dialog, viewer, locale) => {
      const unread = composeMessages(dialog, viewer, locale, unnamed).filter(({ read }) => !read);
      expect(countUnread(dialog, viewer)).toBe(unread.length);
    }),
  );
});

test('any figures whatever make a text without gaps', () => {
  fc.assert(
    fc.property(somebody, anyRole, anyLocale, (dialog, viewer, locale) => {
      const silent = { ...dialog, matching: { ...dialog.matching, mentorPromocode: 'CODE' } };
      for (const { text } of composeMessages(silent, viewer, locale, unnamed)) expect(text).not.toMatch(/NaN|null|undefined|Infinity|[{}]/);
    }),
  );
});

test('messages come oldest first under ids of their own', () => {
  fc.assert(
    fc.property(somebody, anyRole, (dialog, viewer) => {
      const messages = composeMessages(dialog, viewer, 'en', named);
      const dates = messages.map(({ createdAt }) => createdAt);
      expect(dates).toEqual(dates.toSorted((a, b) => a - b));
      expect(new Set(messages.map(({ id }) => id)).size).toBe(messages.length);
    }),
  );
});
