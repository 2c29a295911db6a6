// The commonest writing of a date, `2026-01-02T03:04:05.678Z`, read without a pattern or an object: a table has a million of them.
import type { EpochMs } from '../machines/matching-record.ts';

const daysOfMonth = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;
const zero = 48;
const [hyphen, colon, T, Z, point] = [45, 58, 84, 90, 46] as const;
const wholeSeconds = 'YYYY-MM-DDTHH:MM:SSZ'.length;
const milliseconds = 'YYYY-MM-DDTHH:MM:SS.mmmZ'.length;

/** Null for every other text, dates in other forms and February 29 included: those are for the careful reader. */
export function readUtcDate(text: string): EpochMs | null {
  const { length } = text;
  if (length !== wholeSeconds && !(length === milliseconds && text.charCodeAt(19) === point)) return null;
  if (text.charCodeAt(4) !== hyphen || text.charCodeAt(7) !== hyphen || text.charCodeAt(10) !== T) return null;
  if (text.charCodeAt(13) !== colon || text.charCodeAt(16) !== colon || text.charCodeAt(length - 1) !== Z) return null;
  const year = pair(text, 0) * 100 + pair(text, 2);
  const [month, day, hour, minute, second] = [pair(text, 5), pair(text, 8), pair(text, 11), pair(text, 14), pair(text, 17)];
  const ms = length === milliseconds ? digit(text, 20) * 100 + pair(text, 21) : 0;
  const inRange = year >= 1970 && day >= 1 && day <= (daysOfMonth[month - 1] ?? 0) && hour <= 23 && minute <= 59 && second <= 59 && ms >= 0;
  return inRange ? Date.UTC(year, month - 1, day, hour, minute, second, ms) : null;
}

/** NaN, which no comparison lets through, when either is no digit. */
function pair(text: string, at: number): number {
  return digit(text, at) * 10 + digit(text, at + 1);
}

function digit(text: string, at: number): number {
  const value = text.charCodeAt(at) - zero;
  return value >= 0 && value <= 9 ? value : Number.NaN;
}
