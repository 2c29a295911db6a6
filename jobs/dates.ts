// Reading the CRM's dates (resolution A17): ISO 8601 with an offset, or a wall-clock time in the configured zone.
import type { EpochMs } from '../machines/matching-record.ts';

/** Null for anything that is not a moment, impossible dates included. */
export type ReadDate = (text: string) => EpochMs | null;

const form = /^(\d{4})-(\d{2})-(\d{2})[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?(?:([Zz])|([+-])(\d{2})(?::?(\d{2}))?)?$/;

const minuteMs = 60_000;
const dayMs = 86_400_000;

/** `timeZone` is an IANA name. */
export function createDateReader(timeZone: string): ReadDate {
  const offsetAt = zoneOffsets(timeZone);
  return (text) => {
    const match = form.exec(text);
    if (match === null) return null;
    const wall = wallClock(match);
    if (wall === null) return null;
    if (match[8] !== undefined) return wall;
    return match[9] === undefined ? instantOf(wall, offsetAt) : withOffset(wall, match);
  };
}

/** The fields as if they were UTC; null when there is no such day or time. */
function wallClock(match: RegExpExecArray): number | null {
  const parts = [1, 2, 3, 4, 5, 6].map((group) => Number(match[group] ?? 0)) as [number, number, number, number, number, number];
  const ms = Number((match[7] ?? '').padEnd(3, '0').slice(0, 3));
  const at = Date.UTC(parts[0], parts[1] - 1, parts[2], parts[3], parts[4], parts[5], ms);
  // Date.UTC carries February 30 over into March; only a real date reads back as it was written.
  const read = new Date(at);
  const back = [
    read.getUTCFullYear(), read.getUTCMonth() + 1, read.getUTCDate(), read.getUTCHours(), read.getUTCMinutes(), read.getUTCSeconds(),
  ];
  return back.every((part, index) => part === parts[index]) ? at : null;
}

function withOffset(wall: number, match: RegExpExecArray): EpochMs | null {
  const [hours, minutes] = [Number(match[10]), Number(match[11] ?? 0)];
  if (hours > 23 || minutes > 59) return null;
  const offset = (hours * 60 + minutes) * minuteMs;
  return match[9] === '-' ? wall + offset : wall - offset;
}

/**
 * A time that the clocks skip is read with the offset before the change, one that they repeat is its first occurrence: the rule of
 * RFC 5545 section 3.3.5 and of Temporal's `compatible`.
 */
function instantOf(wall: number, offsetAt: (at: EpochMs) => number): EpochMs {
  const before = offsetAt(wall - dayMs);
  const after = offsetAt(wall + dayMs);
  const fits = [wall - before, wall - after].filter((at) => at + offsetAt(at) === wall);
  return fits.length === 0 ? wall - before : Math.min(...fits);
}

const quarterMs = 15 * minuteMs;

// Zones change on quarters of an hour at the finest, so one answer of Intl, which takes microseconds, serves a whole quarter.
function zoneOffsets(timeZone: string): (at: EpochMs) => number {
  if (timeZone === 'UTC') return () => 0;
  const format = new Intl.DateTimeFormat('en', { timeZone, timeZoneName: 'longOffset' });
  const known = new Map<number, number>();
  return (at) => {
    const quarter = Math.floor(at / quarterMs);
    const offset = known.get(quarter) ?? longOffset(format, at);
    known.set(quarter, offset);
    return offset;
  };
}

/** Intl writes `GMT`, `GMT+05:30` or, for zones before standard time, `GMT+02:30:17`. */
function longOffset(format: Intl.DateTimeFormat, at: EpochMs): number {
  const name = format.formatToParts(at).find((part) => part.type === 'timeZoneName')?.value ?? '';
  const match = /^GMT(?:([+-])(\d{2}):(\d{2})(?::(\d{2}))?)?$/.exec(name);
  if (match === null) throw new TypeError('Intl gave an offset of unknown form');
  const size = (Number(match[2] ?? 0) * 60 + Number(match[3] ?? 0)) * minuteMs + Number(match[4] ?? 0) * 1000;
  return match[1] === '-' ? -size : size;
}
