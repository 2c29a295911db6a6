// Fields that several endpoints share, with the wording of their mistakes.
import { z } from 'zod';
import { statuses } from '../machines/status.ts';
import { timeText } from '../runtime/time-text.ts';
import { localeOf } from './locale.ts';

/** A page size in a query. */
export function limitField(max: number, fallback: number): z.ZodType<number> {
  const message = `must be a whole number from 1 to ${max}`;
  const size = z.int(message).min(1, message).max(max, message);
  return z.preprocess(numeral, size).default(fallback).describe(`Page size, ${fallback} by default.`);
}

export const cursorField = z
  .string()
  .regex(/^[\x21-\x7e]{1,512}$/, 'must be a cursor that an earlier page gave')
  .optional()
  .describe('Where an earlier page ended.');

export function flagField(description: string): z.ZodType<boolean> {
  const flag = z.boolean('must be true or false');
  return z.preprocess((text) => (text === 'true' ? true : text === 'false' ? false : text), flag).default(false).describe(description);
}

export const languageHeaders = z.object({
  'accept-language': z.string().optional().transform(localeOf).describe('The wording: ru (the default) or en.'),
});

export const timeField = timeText.describe('RFC 3339.');

export const statusField = z.enum(statuses, `must be one of ${statuses.join(', ')}`);

/** A text as what `parse` makes of it; null is the mistake. */
export function parsedField<Value>(parse: (text: string) => Value | null, mistake: string): z.ZodType<Value, string> {
  return z.string().transform((text, check) => {
    const value = parse(text);
    if (value === null) check.addIssue(mistake);
    return value ?? z.NEVER;
  });
}

function numeral(text: unknown): unknown {
  return typeof text === 'string' && /^\d{1,9}$/.test(text) ? Number(text) : text;
}
