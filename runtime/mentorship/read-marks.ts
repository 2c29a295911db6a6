// Up to which moment each side of a dialog has read. A mark moves forward only, and never past the store's present moment.
import type { MatchingId, Profile } from '../../machines/ids.ts';
import type { EpochMs, MatchingRecord } from '../../machines/matching-record.ts';
import type { Role } from '../store.ts';
import type { DriverDeps } from './driver-deps.ts';
import { isHidden, seatOf } from './visibility.ts';

export interface ReadRequest {
  readonly caller: Profile;
  readonly matchingId: MatchingId;
  /** Null for everything there is by now. */
  readonly readThrough: EpochMs | null;
}

const markOf = { newbie: 'newbieLastReadAt', mentor: 'mentorLastReadAt' } as const satisfies Record<Role, keyof MatchingRecord>;

/** False alike for a dialog that does not exist and for one that the caller may not see. */
export async function markRead(deps: DriverDeps, { caller, matchingId, readThrough }: ReadRequest, signal?: AbortSignal): Promise<boolean> {
  const { profiles } = await deps.identity.identify(caller, { fresh: false }, signal);
  const { hideAfterMs } = deps.ctx.config.programme;
  return deps.ctx.store.transact(async (tx) => {
    const [matching] = await tx.matchings([matchingId]);
    const seat = matching === undefined ? null : seatOf(matching, profiles);
    if (matching === undefined || seat === null) return false;
    const now = await tx.now();
    if (isHidden(matching, now, hideAfterMs)) return false;
    const next = moved(matching, markOf[seat.viewer], Math.min(readThrough ?? now, now));
    if (next !== null) await tx.updateMatching({ ...next, version: matching.version + 1, updatedAt: now }, matching);
    return true;
  }, signal);
}

/** Null when the mark is already there or further. */
function moved(matching: MatchingRecord, mark: (typeof markOf)[Role], to: EpochMs): MatchingRecord | null {
  const at = matching[mark];
  return at !== null && at >= to ? null : { ...matching, [mark]: to };
}
