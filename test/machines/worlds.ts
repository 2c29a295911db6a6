// Records, facts and events for tests of the machines, with every guard satisfied unless a test says otherwise.
import type { LifecycleEvent, MatchedEvent } from '../../machines/events.ts';
import { EventType } from '../../machines/events.ts';
import { parseMatchingId, parseProfile, parseUdid, type Profile } from '../../machines/ids.ts';
import type { Facts, MatchingRecord } from '../../machines/matching-record.ts';
import type { Status } from '../../machines/status.ts';

export const dayMs = 86_400_000;
export const start = Date.UTC(2026, 0, 1);

export function profile(parkId: string, driverId: string): Profile {
  const parsed = parseProfile(parkId, driverId);
  if (parsed === null) throw new TypeError(`not a profile: ${parkId} ${driverId}`);
  return parsed;
}

export const newbie = profile('park1', 'newbie1');
export const mentor = profile('park2', 'mentor1');
export const otherMentor = profile('park3', 'mentor2');
export const matchingId = parseMatchingId('6f3f1c62-5a0e-4c0e-9a35-3f0f6c1d2b4a')!;

export function facts(overrides: Partial<Facts> = {}): Facts {
  return {
    now: start + 40 * dayMs,
    hasProgress7d: true,
    hasProgress14d: true,
    policy: {
      progressAgeMs: 7 * dayMs,
      resultAgeMs: 14 * dayMs,
      failAgeMs: 14 * dayMs,
      failGraceMs: 7 * dayMs,
      latePromocodeReopens: true,
    },
    ...overrides,
  };
}

/** A matching in `status`, matched at `start`, with a promocode stored where one may be. */
export function record(status: Status, overrides: Partial<MatchingRecord> = {}): MatchingRecord {
  const isMatched = status !== 'created' && status !== 'requested';
  const isOver = status === 'succeed' || status === 'failed';
  return {
    id: matchingId,
    createdAt: start - dayMs,
    updatedAt: start,
    version: 3,
    status,
    statusSince: start,
    epoch: isMatched ? 1 : 0,
    newbie,
    newbieUdid: parseUdid('udid1'),
    mentor: isMatched ? mentor : null,
    mentorUdid: isMatched ? parseUdid('udid2') : null,
    matchedAt: isMatched ? start : null,
    originalConnectedAt: isMatched ? start - 3600_000 : null,
    mentorPromocode: null,
    completedAt: isOver ? start + 30 * dayMs : null,
    newbieLastReadAt: null,
    mentorLastReadAt: null,
    ...overrides,
  };
}

export function matched(overrides: Partial<MatchedEvent> = {}): LifecycleEvent {
  return { type: EventType.MATCHED, mentor: otherMentor, mentorUdid: parseUdid('udid3'), connectedAt: start, ...overrides };
}

/** One event of each type as it would come for `stored` at a time when it is welcome. */
export function welcomeEvent(type: EventType, stored: MatchingRecord | null): LifecycleEvent {
  if (type === EventType.ENROLLED) return { type, matchingId, newbie, newbieUdid: null };
  if (type === EventType.MATCHED) return newerMatch(stored);
  if (type === EventType.APPLICATION_WRITTEN || type === EventType.DEADLINE_PASSED) return { type };
  return { type, epoch: stored?.epoch ?? 0 };
}

function newerMatch(stored: MatchingRecord | null): LifecycleEvent {
  const connectedAt = (stored?.originalConnectedAt ?? start) + 1;
  const another = stored?.mentor === otherMentor ? { mentor, mentorUdid: parseUdid('udid2') } : {};
  return matched({ connectedAt, ...another });
}
