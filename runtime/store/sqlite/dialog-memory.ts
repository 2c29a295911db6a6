// Dialogs as they were read last: an app asks for its contacts far more often than anything moves there. The row of `matchings` tells
// whether moves and figures are still the same: a move makes a new version of it, new figures touch its moment.
import { LRUCache } from 'lru-cache';
import type { MatchingId } from '../../../machines/ids.ts';
import type { EpochMs, MatchingRecord } from '../../../machines/matching-record.ts';
import type { DialogRecord } from '../../store.ts';

const mostDialogs = 10_000;
/** Two changes within one of these may leave the same moment behind. */
const settledAfterMs = 1_000;

export class DialogMemory {
  readonly #dialogs = new LRUCache<MatchingId, DialogRecord>({ max: mostDialogs });

  /** What `read` answers, or the very record that it answered while the matching was as it is. `now` is the moment of the snapshot. */
  dialogOf(matching: MatchingRecord, now: EpochMs, read: () => DialogRecord): DialogRecord {
    const { id, version, updatedAt } = matching;
    const known = this.#dialogs.get(id);
    if (known !== undefined && known.matching.version === version && known.matching.updatedAt === updatedAt) return known;
    const dialog = read();
    if (now - updatedAt > settledAfterMs) this.#dialogs.set(id, dialog);
    return dialog;
  }
}
