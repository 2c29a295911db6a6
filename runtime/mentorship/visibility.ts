// Who may see a matching (S5): its two participants, through any of their profiles, in the four visible statuses, until it is hidden.
import { type Profile, sameProfile } from '../../machines/ids.ts';
import type { EpochMs, MatchingRecord } from '../../machines/matching-record.ts';
import { visibleStatuses } from '../../machines/status.ts';
import type { Role } from '../store.ts';

/** The caller's place in a matching that he may see. */
export interface Seat {
  readonly viewer: Role;
  readonly contact: Profile;
  readonly contactRole: Role;
  readonly matchedAt: EpochMs;
}

/**
 * Null for everybody who may not see the matching. A person whom the CRM made his own mentor is its newbie: that side shows less.
 */
export function seatOf(matching: MatchingRecord, profiles: readonly Profile[]): Seat | null {
  const { newbie, mentor, matchedAt } = matching;
  if (!visibleStatuses.includes(matching.status) || mentor === null || matchedAt === null) return null;
  if (includes(profiles, newbie)) return { viewer: 'newbie', contact: mentor, contactRole: 'mentor', matchedAt };
  if (includes(profiles, mentor)) return { viewer: 'mentor', contact: newbie, contactRole: 'newbie', matchedAt };
  return null;
}

export function isHidden(matching: MatchingRecord, now: EpochMs, hideAfterMs: number): boolean {
  return matching.completedAt !== null && now - matching.completedAt >= hideAfterMs;
}

function includes(profiles: readonly Profile[], profile: Profile): boolean {
  return profiles.some((one) => sameProfile(one, profile));
}
