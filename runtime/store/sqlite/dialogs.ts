// What a participant may see: his contacts with their moves and figures, each answer from one snapshot.
import type { MatchingId } from '../../../machines/ids.ts';
import type { MatchingRecord } from '../../../machines/matching-record.ts';
import { visibleStatuses } from '../../../machines/status.ts';
import type { ContactsQuery, ContactsRecord, DialogRecord } from '../../store.ts';
import { matchingFrom } from './columns.ts';
import type { DialogMemory } from './dialog-memory.ts';
import { distinctRows, rowsOfMentors, rowsOfNewbies, selectMatchings, selectTransitions } from './matchings.ts';
import { selectResults } from './results.ts';
import type { Session } from './session.ts';

export function selectContacts(session: Session, memory: DialogMemory, { profiles, hideAfterMs }: ContactsQuery): ContactsRecord {
  const shown = (record: MatchingRecord): boolean => record.completedAt === null || session.now - record.completedAt < hideAfterMs;
  const asNewbie = rowsOfNewbies(session, profiles);
  const eitherSide = distinctRows([...asNewbie, ...rowsOfMentors(session, profiles)]).map(matchingFrom);
  const visible = eitherSide.filter((record) => visibleStatuses.includes(record.status) && shown(record));
  return {
    dialogs: visible.sort(newestMatchFirst).map((record) => dialogOf(session, memory, record)),
    participation: asNewbie.map(matchingFrom).sort(newestFirst).find(shown) ?? null,
  };
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
