// The position in a caller's list of contacts, newest match first, as the opaque text that the app hands back for the next page.
import { createHash } from 'node:crypto';
import { type MatchingId, parseMatchingId, type Profile, profileKey } from '../../machines/ids.ts';
import type { EpochMs } from '../../machines/matching-record.ts';
import { ServiceError } from '../errors.ts';

export interface ContactPosition {
  readonly matchedAt: EpochMs;
  readonly matchingId: MatchingId;
}

/** Newest match first; matches of one moment by id. */
export function comparePositions(a: ContactPosition, b: ContactPosition): number {
  if (a.matchedAt !== b.matchedAt) return b.matchedAt - a.matchedAt;
  if (a.matchingId === b.matchingId) return 0;
  return a.matchingId < b.matchingId ? -1 : 1;
}

export function writeCursor(position: ContactPosition, caller: Profile): string {
  return Buffer.from(`${position.matchedAt}.${position.matchingId}.${seal(position, caller)}`).toString('base64url');
}

/** Throws `bad_cursor` for a text that {@link writeCursor} did not write for this caller. */
export function readCursor(cursor: string, caller: Profile): ContactPosition {
  const [time, id] = Buffer.from(cursor, 'base64url').toString().split('.');
  const matchedAt = Number(time);
  const matchingId = parseMatchingId(id);
  // Written again it must give the same text, seal included: that is the whole check.
  if (!Number.isSafeInteger(matchedAt) || matchingId === null || writeCursor({ matchedAt, matchingId }, caller) !== cursor) {
    throw new ServiceError('bad_cursor', 'cursor: is not one that this list gave to this caller');
  }
  return { matchedAt, matchingId };
}

// Not a secret: a list is always read by the caller's own profiles. It only tells a cursor that went astray from a right one,
// and a digest keeps the caller's ids out of URLs.
function seal({ matchedAt, matchingId }: ContactPosition, caller: Profile): string {
  return createHash('sha256').update(`${profileKey(caller)}:${matchedAt}:${matchingId}`).digest('base64url').slice(0, 22);
}
