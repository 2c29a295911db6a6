// The CRM's dates: offsets, zones with their jumps, and dates that never were.
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { createDateReader } from '../../jobs/dates.ts';

const utc = createDateReader('UTC');
const moscow = createDateReader('Europe/Moscow');
const newYork = createDateReader('America/New_York');
const lordHowe = createDateReader('Australia/Lord_Howe');
const at = (text: string): number => Date.parse(text);

test.each([
  ['2026-03-01 10:20:30', '2026-03-01T10:20:30Z'],
  ['2026-03-01T10:20:30', '2026-03-01T10:20:30Z'],
  ['2026-03-01T10:20:30Z', '2026-03-01T10:20:30Z'],
  ['2026-03-01T10:20:30.123456Z', '2026-03-01T10:20:30.123Z'],
  ['2026-03-01T10:20:30.5', '2026-03-01T10:20:30.500Z'],
  ['2026-03-01T10:20:30+03:00', '2026-03-01T07:20:30Z'],
  ['2026-03-01 10:20:30-0530', '2026-03-01T15:50:30Z'],
  ['2026-03-01T10:20:30+03', '2026-03-01T07:20:30Z'],
  ['2026-03-01 10:20:30.5-11', '2026-03-01T21:20:30.500Z'],
  ['2026-03-01T10:20Z', '2026-03-01T10:20:00Z'],
  ['2024-02-29 00:00:00', '2024-02-29T00:00:00Z'],
])('reads %s', (text, moment) => {
  expect(utc(text)).toBe(at(moment));
});

test.each([
  '2026-02-30 10:00:00', '2025-02-29 10:00:00', '2026-13-01 10:00:00', '2026-00-10 10:00:00', '2026-04-31T00:00:00Z', '2026-03-01 24:00:00',
  '2026-03-01 10:60:00', '2026-03-01 10:00:60', '2026-03-01', '10:00:00', '', '2026-03-01T10:00:00+24:00', '2026-03-01T10:00:00+03:60', '2026-03-01T10:00:00+3', '2026-03-01T10:00:00+03:', '2026-03-01T10:00:00+24',
  '01.03.2026 10:00:00', '2026-3-1 10:00:00', ' 2026-03-01 10:00:00', '2026-03-01 10:00:00 UTC', '1772359200',
])('takes %j for no date', (text) => {
  expect(utc(text)).toBeNull();
});

test('a time without an offset is of the zone, one with an offset is not', () => {
  expect(moscow('2026-03-01 10:00:00')).toBe(at('2026-03-01T07:00:00Z'));
  expect(moscow('2026-03-01T10:00:00Z')).toBe(at('2026-03-01T10:00:00Z'));
});

test('summer and winter have their own offsets', () => {
  expect(newYork('2026-01-15 12:00:00')).toBe(at('2026-01-15T17:00:00Z'));
  expect(newYork('2026-07-15 12:00:00')).toBe(at('2026-07-15T16:00:00Z'));
});

test('a time that the clocks skip is read with the offset before, one they repeat is the first', () => {
  expect(newYork('2026-03-08 02:30:00')).toBe(at('2026-03-08T07:30:00Z'));
  expect(newYork('2026-11-01 01:30:00')).toBe(at('2026-11-01T05:30:00Z'));
  expect(newYork('2026-11-01 02:00:00')).toBe(at('2026-11-01T07:00:00Z'));
});

test('half an hour of summer time is minded too', () => {
  expect(lordHowe('2026-01-15 12:00:00')).toBe(at('2026-01-15T01:00:00Z'));
  expect(lordHowe('2026-07-15 12:00:00')).toBe(at('2026-07-15T01:30:00Z'));
});

test('every moment is read back from what the zone shows of it, or from its other occurrence', () => {
  const moments = fc.integer({ min: at('2015-01-02T00:00:00Z'), max: at('2037-01-01T00:00:00Z') }).map((ms) => ms - (ms % 1000));
  const zones = fc.constantFrom(
    'Europe/Moscow', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'America/St_Johns', 'Pacific/Apia', 'Africa/Casablanca',
  );
  fc.assert(
    fc.property(zones, moments, (timeZone, moment) => {
      const wall = wallClock(timeZone, moment);
      const read = createDateReader(timeZone)(wall);
      expect(read).not.toBeNull();
      expect(wallClock(timeZone, read!)).toBe(wall);
      expect(read!).toBeLessThanOrEqual(moment);
      expect(moment - read!).toBeLessThanOrEqual(3_600_000);
    }),
    { numRuns: 300 },
  );
});

function wallClock(timeZone: string, moment: number): string {
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' });
  return format.format(moment);
}

test('any text is a date or none', () => {
  fc.assert(fc.property(fc.string(), (text) => {
    const read = newYork(text);
    expect(read === null || Number.isInteger(read)).toBe(true);
  }));
});
