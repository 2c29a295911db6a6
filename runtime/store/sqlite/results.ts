// The CRM's progress figures, the acceptances of announcements, and promocodes that came too early.
import { z } from 'zod';
import type { MatchingId, Profile, ProfileKey } from '../../../machines/ids.ts';
import { isEventType } from '../../../machines/events.ts';
import {
  type AnnouncementRecord, type Page, type PageRequest, type PendingPromocode, type ProgressFigures, progressFields, type ResultRecord,
  type Role,
} from '../../store.ts';
import { packEventId, packId, readAs, readId, readInteger, readNewbie, readText, readTextOrNull } from './columns.ts';
import type { Row } from './database.ts';
import { decodeCursor, first, pageOf } from './paging.ts';
import type { Session } from './session.ts';

export const figureColumns = progressFields.join(', ');
const merged = progressFields.map((field) => `${field} = coalesce(excluded.${field}, results.${field})`).join(', ');
const differs = progressFields.map((field) => `coalesce(excluded.${field}, results.${field}) IS NOT results.${field}`).join(' OR ');

export const resultSql = {
  byMatching: `SELECT matching, newbie_park_id, newbie_driver_id, ${figureColumns}, updated_at FROM results WHERE matching = ?`,
  merge: `INSERT INTO results (matching, newbie_park_id, newbie_driver_id, updated_at, ${figureColumns})
    VALUES (?, ?, ?, ?, ${progressFields.map(() => '?').join(', ')})
    ON CONFLICT (matching) DO UPDATE SET ${merged}, updated_at = excluded.updated_at WHERE ${differs}`,
  touchMatching: 'UPDATE matchings SET updated_at = ? WHERE uuid = ?',
  keepHistory: `INSERT INTO results_history (matching, epoch, newbie_park_id, newbie_driver_id, ${figureColumns}, updated_at)
    SELECT matching, ?, newbie_park_id, newbie_driver_id, ${figureColumns}, updated_at FROM results WHERE matching = ?`,
  clear: 'DELETE FROM results WHERE matching = ?',
  announcements: `SELECT event_id, matching, epoch, event, recipient, accepted_at FROM announcements
    WHERE matching = ? ORDER BY epoch, accepted_at, event, recipient`,
  recordAnnouncement: `INSERT INTO announcements (packed_event_id, matching, epoch, event, recipient, accepted_at) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (matching, epoch, event, recipient) DO NOTHING`,
  pendingPromocodes: `SELECT entity, promocode, first_seen_at FROM pending_promocodes
    WHERE (first_seen_at, entity, promocode) > (?, ?, ?) ORDER BY first_seen_at, entity, promocode LIMIT ?`,
  putPendingPromocode: `INSERT INTO pending_promocodes (entity, promocode, first_seen_at) VALUES (?, ?, ?)
    ON CONFLICT (entity, promocode) DO NOTHING`,
  deletePendingPromocode: 'DELETE FROM pending_promocodes WHERE entity = ? AND promocode = ?',
} as const;

export function selectResults(session: Session, ids: readonly MatchingId[]): ResultRecord[] {
  return [...new Set(ids)].flatMap((id) => session.all(resultSql.byMatching, packId(id)).map(resultFrom));
}

export function resultFrom(row: Row): ResultRecord {
  const figures = Object.fromEntries(progressFields.map((field) => [field, readTextOrNull(row, field)]));
  return {
    matchingId: readId(row, 'matching') as MatchingId,
    newbie: readNewbie(row),
    figures: figures as ProgressFigures,
    updatedAt: readInteger(row, 'updated_at'),
  };
}

/** Answers whether a figure was added or changed; figures that say nothing make no row. */
export function mergeResults(session: Session, id: MatchingId, newbie: Profile, figures: ProgressFigures): boolean {
  const values = progressFields.map((field) => figures[field]);
  if (values.every((value) => value === null)) return false;
  const changed = session.run(resultSql.merge, packId(id), newbie.parkId, newbie.driverId, session.now, ...values) > 0;
  // Figures are found by their matching's moment too: an index of their own would take more room than the limit of a matching leaves.
  if (!changed) return false;
  session.changes.changedMatching(id, null);
  session.run(resultSql.touchMatching, session.now, packId(id));
  return true;
}

export function retireResults(session: Session, id: MatchingId, epoch: number): void {
  session.run(resultSql.keepHistory, epoch, packId(id));
  session.run(resultSql.clear, packId(id));
}

function isRole(value: unknown): value is Role {
  return value === 'newbie' || value === 'mentor';
}

function isAnnounced(value: unknown): value is AnnouncementRecord['event'] {
  return isEventType(value);
}

export function selectAnnouncements(session: Session, id: MatchingId): AnnouncementRecord[] {
  return session.all(resultSql.announcements, packId(id)).map((row) => ({
    eventId: readText(row, 'event_id'),
    matchingId: readId(row, 'matching') as MatchingId,
    epoch: readInteger(row, 'epoch'),
    event: readAs(row, 'event', isAnnounced),
    recipient: readAs(row, 'recipient', isRole),
    acceptedAt: readInteger(row, 'accepted_at'),
  }));
}

/** The first acceptance stays: a repeated one is a replay. */
export function recordAnnouncement(session: Session, record: AnnouncementRecord): void {
  const { eventId, matchingId, epoch, event, recipient, acceptedAt } = record;
  session.run(resultSql.recordAnnouncement, packEventId(eventId, matchingId), packId(matchingId), epoch, event, recipient, acceptedAt);
}

const pendingPosition = z.tuple([z.int(), z.string(), z.string()]);

/** Oldest first. */
export function selectPendingPromocodes(session: Session, page: PageRequest): Page<PendingPromocode> {
  const after = page.cursor === null ? ([first, '', ''] as const) : decodeCursor(page.cursor, pendingPosition);
  const rows = session.all(resultSql.pendingPromocodes, ...after, page.limit + 1).map((row): PendingPromocode => ({
    entity: readText(row, 'entity') as ProfileKey,
    promocode: readText(row, 'promocode'),
    firstSeenAt: readInteger(row, 'first_seen_at'),
  }));
  return pageOf(rows, page.limit, (item) => item, (item) => [item.firstSeenAt, item.entity, item.promocode]);
}

export function putPendingPromocode(session: Session, { entity, promocode, firstSeenAt }: PendingPromocode): void {
  session.run(resultSql.putPendingPromocode, entity, promocode, firstSeenAt);
}

export function deletePendingPromocode(session: Session, entity: ProfileKey, promocode: string): void {
  session.run(resultSql.deletePendingPromocode, entity, promocode);
}
