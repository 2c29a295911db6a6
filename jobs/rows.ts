// YT rows, which anyone may have written, become typed rows or named faults. Details name fields, never values.
import {
  parseProfile, parseProfileKey, parseUdid, profileKey, sameProfile, type Profile, type ProfileKey, type Udid,
} from '../machines/ids.ts';
import type { EpochMs } from '../machines/matching-record.ts';
import { mostAheadMs } from '../runtime/clock.ts';
import { progressFields, type ProgressFigures } from '../runtime/store.ts';
import { createDateReader } from './dates.ts';
import { readUtcDate } from './utc-dates.ts';

export type RowFault =
  | 'malformed_row'
  | 'missing_field'
  | 'mistyped_field'
  | 'malformed_id'
  | 'malformed_date'
  | 'future_date'
  | 'ancient_date'
  | 'self_match'
  | 'too_long';

export interface Fault {
  readonly reject: RowFault;
  /** Names of the fields at fault. */
  readonly detail: string;
}

export type Decoded<Row> = { readonly row: Row } | Fault;

export interface ConnectionRow {
  readonly newbie: Profile;
  readonly mentor: Profile;
  readonly connectedAt: EpochMs;
}

export interface ResultRow {
  readonly udid: Udid;
  readonly figures: ProgressFigures;
}

export interface PromocodeRow {
  readonly entity: ProfileKey;
  readonly profile: Profile;
  readonly promocode: string;
}

export const connectionColumns = ['newbie_park_id', 'newbie_driver_id', 'mentor_park_id', 'mentor_driver_id', 'connected_dttm'] as const;
export const resultColumns = ['udid', ...progressFields] as const;
export const promocodeColumns = ['entity_id', 'promocode'] as const;

const maxLength = 64;
const earliestMs = Date.UTC(2015, 0, 1);

/** `now` is database time; `timeZone` is that of dates without an offset. */
export function connectionDecoder(now: EpochMs, timeZone: string): (raw: unknown) => Decoded<ConnectionRow> {
  const readDate = createDateReader(timeZone);
  return (raw) => {
    const plain = plainConnection(raw, now);
    if (plain !== null) return { row: plain };
    const texts = requiredTexts(raw, connectionColumns);
    if ('reject' in texts) return texts;
    const pair = profilesOf(texts.row);
    if ('reject' in pair) return pair;
    const connectedAt = readDate(texts.row.connected_dttm);
    const late = dateFault(connectedAt, now);
    if (connectedAt === null || late !== null) return { reject: late ?? 'malformed_date', detail: 'connected_dttm' };
    return { row: { ...pair.row, connectedAt } };
  };
}

/** A row with nothing unusual about it, which almost all of a million are; null leaves it to the careful reading, whatever is the matter. */
function plainConnection(raw: unknown, now: EpochMs): ConnectionRow | null {
  if (typeof raw !== 'object' || raw === null) return null;
  const row = raw as Partial<Record<(typeof connectionColumns)[number], unknown>>;
  if (typeof row.connected_dttm !== 'string') return null;
  const connectedAt = readUtcDate(row.connected_dttm);
  if (connectedAt === null || dateFault(connectedAt, now) !== null) return null;
  const newbie = parseProfile(row.newbie_park_id, row.newbie_driver_id);
  const mentor = parseProfile(row.mentor_park_id, row.mentor_driver_id);
  return newbie === null || mentor === null || sameProfile(newbie, mentor) ? null : { newbie, mentor, connectedAt };
}

function profilesOf(texts: Record<(typeof connectionColumns)[number], string>): Decoded<Omit<ConnectionRow, 'connectedAt'>> {
  const newbie = parseProfile(texts.newbie_park_id, texts.newbie_driver_id);
  const mentor = parseProfile(texts.mentor_park_id, texts.mentor_driver_id);
  if (newbie === null) return { reject: 'malformed_id', detail: 'newbie_park_id, newbie_driver_id' };
  if (mentor === null) return { reject: 'malformed_id', detail: 'mentor_park_id, mentor_driver_id' };
  if (sameProfile(newbie, mentor)) return { reject: 'self_match', detail: 'mentor_park_id, mentor_driver_id' };
  return { row: { newbie, mentor } };
}

function dateFault(at: EpochMs | null, now: EpochMs): RowFault | null {
  if (at === null) return 'malformed_date';
  if (at > now + mostAheadMs) return 'future_date';
  return at < earliestMs ? 'ancient_date' : null;
}

export function decodeResult(raw: unknown): Decoded<ResultRow> {
  const texts = requiredTexts(raw, ['udid']);
  if ('reject' in texts) return texts;
  const udid = parseUdid(texts.row.udid);
  if (udid === null) return { reject: 'malformed_id', detail: 'udid' };
  const figures = figuresOf(raw as Record<string, unknown>);
  return 'reject' in figures ? figures : { row: { udid, figures: figures.row } };
}

/** Neither a blank nor YT's text of what is no number is a figure: it moves nobody, and takes no figure away that is stored. */
function isNoFigure(text: string): boolean {
  return isBlank(text) || /^[-+]?(?:nan|inf)$/i.test(text);
}

function figuresOf(raw: Readonly<Record<string, unknown>>): Decoded<ProgressFigures> {
  const figures: Partial<Record<keyof ProgressFigures, string | null>> = {};
  for (const field of progressFields) {
    const value = raw[field] ?? null;
    const text = typeof value === 'number' ? String(value) : value;
    if (text !== null && typeof text !== 'string') return { reject: 'mistyped_field', detail: field };
    if (text !== null && text.length > maxLength) return { reject: 'too_long', detail: field };
    figures[field] = text === null || isNoFigure(text) ? null : text;
  }
  return { row: figures as ProgressFigures };
}

export function decodePromocode(raw: unknown): Decoded<PromocodeRow> {
  const texts = requiredTexts(raw, promocodeColumns);
  if ('reject' in texts) return texts;
  const { entity_id: entity } = texts.row;
  const promocode = texts.row.promocode.trim();
  const profile = parseProfileKey(entity);
  if (profile === null) return { reject: 'malformed_id', detail: 'entity_id' };
  if (promocode.length > maxLength) return { reject: 'too_long', detail: 'promocode' };
  return { row: { entity: profileKey(profile), profile, promocode } };
}

function requiredTexts<Column extends string>(raw: unknown, columns: readonly Column[]): Decoded<Record<Column, string>> {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) return { reject: 'malformed_row', detail: columns.join(', ') };
  const row = raw as Record<Column, unknown>;
  const missing = columns.filter((column) => !Object.hasOwn(row, column) || isBlank(row[column]));
  if (missing.length > 0) return { reject: 'missing_field', detail: missing.join(', ') };
  const mistyped = columns.filter((column) => typeof row[column] !== 'string');
  if (mistyped.length > 0) return { reject: 'mistyped_field', detail: mistyped.join(', ') };
  return { row: row as Record<Column, string> };
}

function isBlank(value: unknown): boolean {
  return value === null || value === undefined || (typeof value === 'string' && value.trim() === '');
}
