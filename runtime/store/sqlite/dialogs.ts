// What a participant may see: his contacts with their moves and figures, each answer from one snapshot.
import type { MatchingId } from '../../../machines/ids.ts';
import type { MatchingRecord } from '../../../machines/matching-record.ts';
import { visibleStatuses } from '../../../machines/status.ts';
import type { ContactsQuery, ContactsRecord, DialogRecord } from '../../store.ts';
import type { DialogMemory } from './dialog-memory.ts';
import type { MatchingMemory } from './matching-memory.ts';
import { selectMatchings, selectTransitions } from './matchings.ts';
import { selectResults } from './results.ts';
import type { Session } from './session.ts';

export interface Memories {
  readonly matchings: MatchingMemory;
  readonly dialogs: DialogMemory;
}

export function selectContacts(session: Session, memories: Memories, { profiles, hideAfterMs }: ContactsQuery): ContactsRecord {
  const shown = (record: MatchingRecord): boolean => record.completedAt === null || session.now - record.completedAt < hideAfterMs;
  const own = profiles.map((profile) => memories.matchings.matchingsOf(session, profile));
  const asNewbie = own.flatMap((each) => each.asNewbie);
  const visible = distinct([...asNewbie, ...own.flatMap((each) => each.asMentor)]).filter((record) => visibleStatuses.includes(record.status) && shown(record));
  return {
    dialogs: visible.sort(newestMatchFirst).map((record) => dialogOf(session, memories.dialogs, record)),
    participation: asNewbie.sort(newestFirst).find(shown) ?? null,
  };
}

/** A matching whose two sides are both asked for is found twice. */
function distinct(matchings: readonly MatchingRecord[]): MatchingRecord[] {
  return [...new Map(matchings.map((matching) => [matching.id, matching])).values()];
}

export function selectDialog(session: Session, memory: DialogMemory, id: MatchingId): DialogRecord | null {
  const [matching] = selectMatchings(session, [id]);
  return matching === undefined ? null : dialogOf(session, memory, matching);
}

// Moves of an earlier epoch belong to another mentor.
function dialogOf(session: Session, memory: DialogMemory, matching: MatchingRecord): DialogRecord {
  return memory.dialogOf(matching, session.now, () => ({
    matching,
    transitions: selectTransitions(session, matching.id).filter(({ epoch, from }) => epoch === matching.epoch || from === null),
    results: selectResults(session, [matching.id])[0] ?? null,
  }));
}

function newestMatchFirst(a: MatchingRecord, b: MatchingRecord): number {
  return (b.matchedAt ?? 0) - (a.matchedAt ?? 0) || byId(a, b);
}

function newestFirst(a: MatchingRecord, b: MatchingRecord): number {
  return b.createdAt - a.createdAt || byId(a, b);
}

/** A fixed order among equals: pages of a list must not depend on where a row lies. */
function byId(a: MatchingRecord, b: MatchingRecord): number {
  return a.id < b.id ? -1 : 1;
}
