// Ids of our own: UUIDs that nobody can guess. See docs/decisions/0022-ids-in-the-order-of-time.md.
import { randomUUID } from 'node:crypto';
import type { EpochMs } from '../machines/matching-record.ts';

/** Gives version 7 of RFC 9562, section 5.7: each begins with its millisecond, and 74 bits after it are random. */
export function timeOrderedIds(nowMs: () => EpochMs = Date.now): () => string {
  // Many are made within one millisecond, and to write it is most of the work.
  let [writtenMs, written] = [Number.NaN, ''];
  return () => {
    const now = nowMs();
    if (now !== writtenMs) [writtenMs, written] = [now, beginningOf(now)];
    return written + randomUUID().slice(written.length);
  };
}

function beginningOf(now: EpochMs): string {
  const time = now.toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7`;
}
