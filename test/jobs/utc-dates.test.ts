// The quick reading of dates and rows says what the careful one says, or nothing.
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { createDateReader } from '../../jobs/dates.ts';
import { connectionDecoder } from '../../jobs/rows.ts';
import { readUtcDate } from '../../jobs/utc-dates.ts';

const careful = createDateReader('Europe/Moscow');
const number = (width: number, max: number): fc.Arbitrary<string> => fc.nat({ max }).map((value) => String(value).padStart(width, '0'));
const parts = fc.tuple(
  number(4, 9_999), fc.constantFrom('-', '/'), number(2, 14), number(2, 33), fc.constantFrom('T', ' ', 't'), number(2, 26), number(2, 62), number(2, 62),
  fc.constantFrom('', '.5', '.678', ',678', '.123456', '.1a3', '. 12'), fc.constantFrom('Z', 'z', '', '+03:00'),
);
const dates = parts.map(([year, dash, month, day, letter, hour, minute, second, fraction, zone]) =>
  `${year}${dash}${month}${dash}${day}${letter}${hour}:${minute}:${second}${fraction}${zone}`);
const moments = fc.date({ min: new Date('1970-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true });

test('a date read quickly is the date read carefully', () => {
  fc.assert(fc.property(fc.oneof(dates, fc.string(), moments.map((at) => at.toISOString())), (text) => {
    const quick = readUtcDate(text);
    if (quick !== null) expect(quick).toBe(careful(text));
  }), { numRuns: 5_000 });
});

test('every moment as the CRM commonly writes it is read quickly, but for leap days', () => {
  fc.assert(fc.property(moments, (at) => {
    const text = at.toISOString();
    expect(readUtcDate(text)).toBe(text.includes('-02-29T') ? null : at.getTime());
    const whole = `${text.slice(0, 19)}Z`;
    expect(readUtcDate(whole)).toBe(text.includes('-02-29T') ? null : Date.parse(whole));
  }), { numRuns: 2_000 });
});

const id = fc.constantFrom('a', 'b', 'park-1', 'under_score', '', 'й', 'x'.repeat(65), 7, null);
const date = fc.constantFrom('2026-01-02T03:04:05Z', '2026-01-02T03:04:05.6Z', '2026-02-30T00:00:00Z', '2014-01-01T00:00:00Z', '2031-01-01T00:00:00Z', '', null, 1);
const row = fc.record({ newbie_park_id: id, newbie_driver_id: id, mentor_park_id: id, mentor_driver_id: id, connected_dttm: date }, { requiredKeys: [] });

test('a row is decoded the same whether its date allows the quick reading or not', () => {
  const decode = connectionDecoder(Date.UTC(2026, 5, 1), 'UTC');
  fc.assert(fc.property(fc.oneof({ weight: 9, arbitrary: row }, { weight: 1, arbitrary: fc.jsonValue() }), (raw) => {
    const text = (raw as { connected_dttm?: unknown } | null)?.connected_dttm;
    // The same moment in a form that only the careful reading takes.
    const slow = typeof text === 'string' && text.endsWith('Z') ? { ...(raw as object), connected_dttm: text.replace('Z', 'z') } : raw;
    expect(decode(raw)).toEqual(decode(slow));
  }), { numRuns: 5_000 });
});
