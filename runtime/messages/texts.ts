// Everything a driver reads, in Russian and English, as ICU messages. A text takes only the values it is given: a first name when
// one is known, the CRM's figures and the promocode.
import { IntlMessageFormat } from 'intl-messageformat';
import type { Locale } from '../mentorship/participant.ts';

const ru = {
  offer_title: 'Начните с наставником',
  offer_text:
    'Опытный водитель две недели будет рядом: подскажет, как устроена работа, и ответит на любые вопросы. ' +
    'Анкету заполнять не нужно.',
  offer_button: 'Хочу наставника',

  newbie_new_match:
    '{named, select, yes {Знакомьтесь, ваш наставник — {name}.} other {У вас появился наставник.}} ' +
    'Пишите и звоните с любым вопросом: наставник помнит, каково быть новичком.',
  newbie_completed: 'Поздравляем, вы прошли программу наставничества! Спасибо, что учились вместе с нами. Хороших поездок!',

  mentor_new_match:
    '{named, select, yes {Знакомьтесь, ваш новичок — {name}.} other {У вас появился новичок.}} ' +
    'Напишите сами: задать первый вопрос бывает непросто.',
  mentor_progress:
    '{named, select, yes {{name}: первые 7 дней позади.} other {Первые 7 дней вашего новичка позади.}} ' +
    '{shown, select, yes {Вот что получилось:} other {Спасибо, что помогаете!}}',
  mentor_result:
    '{named, select, yes {{name}: 14 дней позади.} other {14 дней вашего новичка позади.}} ' +
    '{shown, select, yes {Итоги:} other {Спасибо, что были рядом!}}',
  mentor_promocode:
    '{named, select, yes {Новичок {name} прошёл программу.} other {Ваш новичок прошёл программу.}} ' +
    'Это и ваша заслуга, спасибо! Ваш промокод: {promocode}',

  figure_rating: 'Рейтинг: {value, number}',
  figure_activity: 'Активность: {value, number}',
  figure_hours: 'На линии: {value, plural, one {# час} few {# часа} many {# часов} other {# часа}}',
  figure_answers:
    'Тест: {value, plural, one {# правильный ответ} few {# правильных ответа} many {# правильных ответов} ' +
    'other {# правильного ответа}}',
  figure_passed: '{value, select, yes {Тест пройден} other {Тест пока не пройден}}',

  greeting_to_mentor:
    '{named, select, yes {Здравствуйте, {name}!} other {Здравствуйте!}} ' +
    'Вы мой наставник в программе для новых водителей. Удобно сейчас поговорить?',
  greeting_to_newbie:
    '{named, select, yes {Здравствуйте, {name}!} other {Здравствуйте!}} ' +
    'Я ваш наставник в программе для новых водителей. С чем помочь в первую очередь?',
} as const;

export type TextKey = keyof typeof ru;

const en: Readonly<Record<TextKey, string>> = {
  offer_title: 'Start with a mentor',
  offer_text:
    'An experienced driver stays by your side for two weeks: shows how things work and answers any question. ' +
    'There is no form to fill in.',
  offer_button: 'Find me a mentor',

  newbie_new_match:
    '{named, select, yes {Meet your mentor, {name}.} other {You have a mentor now.}} ' +
    'Write or call with any question: your mentor remembers what it is like to be new.',
  newbie_completed: 'Congratulations, you have completed the mentorship programme! Thank you for learning with us. Have good rides!',

  mentor_new_match:
    '{named, select, yes {Meet your newbie, {name}.} other {You have a newbie now.}} ' +
    'Write first: asking the first question can be hard.',
  mentor_progress:
    '{named, select, yes {{name}: the first 7 days are over.} other {The first 7 days of your newbie are over.}} ' +
    '{shown, select, yes {Here is how they went:} other {Thank you for helping!}}',
  mentor_result:
    '{named, select, yes {{name}: 14 days are over.} other {14 days of your newbie are over.}} ' +
    '{shown, select, yes {The results:} other {Thank you for being there!}}',
  mentor_promocode:
    '{named, select, yes {Your newbie {name} has completed the programme.} other {Your newbie has completed the programme.}} ' +
    'It is your success too, thank you! Your promo code: {promocode}',

  figure_rating: 'Rating: {value, number}',
  figure_activity: 'Activity: {value, number}',
  figure_hours: 'Online: {value, plural, one {# hour} other {# hours}}',
  figure_answers: 'Test: {value, plural, one {# correct answer} other {# correct answers}}',
  figure_passed: '{value, select, yes {Test passed} other {Test not passed yet}}',

  greeting_to_mentor:
    '{named, select, yes {Hello {name}!} other {Hello!}} ' +
    'You are my mentor in the programme for new drivers. Is it a good time to talk?',
  greeting_to_newbie:
    '{named, select, yes {Hello {name}!} other {Hello!}} ' +
    'I am your mentor in the programme for new drivers. What can I help you with first?',
};

const texts: Readonly<Record<Locale, Readonly<Record<TextKey, string>>>> = { ru, en };
const compiled: Readonly<Record<Locale, Partial<Record<TextKey, IntlMessageFormat>>>> = { ru: {}, en: {} };

/** Parsing a message costs far more than formatting it, so each is parsed once, when it is first said: all of them would delay the start. */
function compile(locale: Locale, key: TextKey): IntlMessageFormat {
  const format = new IntlMessageFormat(texts[locale][key], locale, undefined, { ignoreTag: true });
  compiled[locale][key] = format;
  return format;
}

export const textKeys = Object.keys(ru) as TextKey[];

/** Throws when the text needs a value that is not among `values`. */
export function say(locale: Locale, key: TextKey, values: Readonly<Record<string, string | number>> = {}): string {
  const said = (compiled[locale][key] ?? compile(locale, key)).format<string>({ ...values });
  return Array.isArray(said) ? said.join('') : said;
}

/** The values by which a text speaks of a person whose name may be unknown. */
export function naming(firstName: string | null): { named: 'yes' | 'no'; name: string } {
  return firstName === null ? { named: 'no', name: '' } : { named: 'yes', name: firstName };
}
