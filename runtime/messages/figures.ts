// The CRM's progress figures as lines of a message. The CRM writes strings of any content: what is not a number is left out.
import type { Locale } from '../mentorship/participant.ts';
import type { ProgressField, ProgressFigures } from '../store.ts';
import { say, type TextKey } from './texts.ts';

interface FigureLine {
  readonly field: ProgressField;
  readonly text: TextKey;
  readonly read: (raw: string) => number | 'yes' | 'no' | null;
}

// Every figure is a count or an average of counts, hence no sign; 9 digits are more than any of them can have.
const plainNumber = /^\d{1,9}(?:\.\d+)?$/;

// Rounded before it is formatted, so that the plural form agrees with the digits shown.
function decimals(digits: number): (raw: string) => number | null {
  return (raw) => (plainNumber.test(raw) ? Number(Number(raw).toFixed(digits)) : null);
}

function flag(raw: string): 'yes' | 'no' | null {
  if (/^(?:1(?:\.0)?|true)$/i.test(raw)) return 'yes';
  return /^(?:0(?:\.0)?|false)$/i.test(raw) ? 'no' : null;
}

export const progressLines: readonly FigureLine[] = [
  { field: 'rate_avg_7d', text: 'figure_rating', read: decimals(2) },
  { field: 'avg_dp_7d', text: 'figure_activity', read: decimals(1) },
  { field: 'sh_7d', text: 'figure_hours', read: decimals(1) },
];

export const resultLines: readonly FigureLine[] = [
  { field: 'rate_avg_14d', text: 'figure_rating', read: decimals(2) },
  { field: 'avg_dp_14d', text: 'figure_activity', read: decimals(1) },
  { field: 'sh_14d', text: 'figure_hours', read: decimals(1) },
  { field: 'correct_answers', text: 'figure_answers', read: decimals(1) },
  { field: 'passed_test_flg', text: 'figure_passed', read: flag },
];

/** One text per figure that can be shown, in the order of `lines`. */
export function describeFigures(lines: readonly FigureLine[], figures: ProgressFigures | null, locale: Locale): string[] {
  return lines.flatMap(({ field, text, read }) => {
    const value = read(figures?.[field]?.trim() ?? '');
    return value === null ? [] : [say(locale, text, { value })];
  });
}
