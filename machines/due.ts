// Which announcement a matching is due, asked of the machine itself so that no guard is written twice.
import { EventType, type AnnouncedEventType } from './events.ts';
import type { Facts, MatchingRecord } from './matching-record.ts';
import { step } from './step.ts';

// Late figures may bring both progress moves at once: one announcement then reports both (resolution A18).
const chains: readonly (readonly AnnouncedEventType[])[] = [
  [EventType.MATCH_ANNOUNCED],
  [EventType.PROGRESS_ANNOUNCED, EventType.RESULT_ANNOUNCED],
  [EventType.RESULT_ANNOUNCED],
  [EventType.PROMOCODE_ANNOUNCED],
];

/** The events that one accepted announcement would dispatch now, in order; empty when none is due. */
export function dueAnnouncement(record: MatchingRecord, facts: Facts): AnnouncedEventType[] {
  for (const chain of chains) {
    const due = movesAlong(chain, record, facts);
    if (due.length > 0) return due;
  }
  return [];
}

function movesAlong(chain: readonly AnnouncedEventType[], record: MatchingRecord, facts: Facts): AnnouncedEventType[] {
  const due: AnnouncedEventType[] = [];
  let present = record;
  for (const type of chain) {
    const taken = step(present, { type, epoch: present.epoch }, facts);
    if (taken.outcome !== 'moved') break;
    due.push(type);
    present = taken.record;
  }
  return due;
}
