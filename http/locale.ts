// The wording a client prefers, from Accept-Language (RFC 9110 section 12.5.4).
import type { Locale } from '../runtime/mentorship/participant.ts';

const fallback: Locale = 'ru';
const locales: readonly Locale[] = [fallback, 'en'];

/** Russian unless English is preferred by its weight; between equals, the one listed first. */
export function localeOf(acceptLanguage: string | undefined): Locale {
  const ranges = (acceptLanguage ?? '').split(',').map(parseRange);
  const refused = ranges.filter((range) => range.weight === 0).map(({ locale }) => locale);
  const wanted = ranges.filter((range) => range.weight > 0 && range.locale !== null).sort((a, b) => b.weight - a.weight);
  const first = wanted[0]?.locale ?? null;
  // Any other: the usual one unless it is refused.
  return first === 'any' ? (locales.find((locale) => !refused.includes(locale)) ?? fallback) : (first ?? fallback);
}

function parseRange(text: string): { locale: Locale | 'any' | null; weight: number } {
  const [tag = '', ...parameters] = text.trim().toLowerCase().split(';');
  const quality = parameters.map((parameter) => /^\s*q=(\d(?:\.\d{0,3})?)\s*$/.exec(parameter)?.[1]).find((q) => q !== undefined);
  return { locale: localeOfTag(tag.trim()), weight: quality === undefined ? 1 : Number(quality) };
}

function localeOfTag(tag: string): Locale | 'any' | null {
  const language = tag.split('-')[0];
  if (language === 'ru' || language === 'en') return language;
  return language === '*' ? 'any' : null;
}
