// Ids of our own: UUIDs that nobody can guess. See docs/decisions/0022-ids-in-the-order-of-time.md.
import { randomUUID } from 'node:crypto';
import type { EpochMs } from '../machines/matching-record.ts';

/** Version 7 of RFC 9562, section 5.7: sorts by its millisecond, and 74 bits after it are random. */
export function timeOrderedId(nowMs: EpochMs = Date.now()): string {
  const time = nowMs.toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`;
}
