// Moves and figures of dialogs, remembered between reads: an app asks for its contacts far more often than anything moves there. A row
// of `matchings` tells whether they are still the same: a move makes a new version of it, new figures touch its moment.
import { LRUCache } from 'lru-cache';
import type { MatchingId } from '../../../machines/ids.ts';
import type { EpochMs, MatchingRecord } from '../../../machines/matching-record.ts';
import type { DialogRecord } from '../../store.ts';

type Part = Pick<DialogRecord, 'transitions' | 'results'>;

interface Remembered extends Part {
  readonly version: number;
  readonly updatedAt: EpochMs;
}

const mostDialogs = 10_000;
/** Two changes within one of these may leave the same moment behind. */
const settledAfterMs = 1_000;

export class DialogMemory {
  readonly #dialogs = new LRUCache<MatchingId, Remembered>({ max: mostDialogs });

  /** What `read` answers now, or answered when the matching was as it is now. `now` is the moment of the snapshot. */
  partOf({ id, version, updatedAt }: MatchingRecord, now: EpochMs, read: () => Part): Part {
    const known = this.#dialogs.get(id);
    if (known !== undefined && known.version === version && known.updatedAt === updatedAt) return known;
    const { transitions, results } = read();
    const part = { version, updatedAt, transitions, results };
    if (now - updatedAt > settledAfterMs) this.#dialogs.set(id, part);
    return part;
  }
}
