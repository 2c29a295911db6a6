// What a participant may see: his contacts with their moves and figures, in one query from one snapshot.
import type { MatchingId } from '../../../machines/ids.ts';
import type { MatchingRecord } from '../../../machines/matching-record.ts';
import { visibleStatuses } from '../../../machines/status.ts';
import { programmeTime, type Timescale } from '../../clock.ts';
import type { ContactsQuery, ContactsRecord, DialogRecord } from '../../store.ts';
import type { Answer } from './client.ts';
import { matchingFrom, matchingShape, readMatchingId, transitionFrom, transitionShape } from './columns.ts';
import { distinctKeys, matchingReads, type Sight } from './matching-reads.ts';
import { bind, type BoundPart, type Part } from './query.ts';
import { resultFrom, resultShape } from './result-columns.ts';
import type { Row } from './values.ts';

const matching = Object.keys(matchingShape).map((column) => `t.${column} AS ${column}`).join(', ');
const transition = Object.keys(transitionShape)
  .map((column) => `t.${{ from_status: '`from`', to_status: '`to`' }[column] ?? column} AS ${column}`)
  .join(', ');
const result = Object.keys(resultShape).map((column) => `t.${column} AS ${column}`).join(', ');
const visible = visibleStatuses.map((status) => `'${status}'u`).join(', ');

function side(name: 'newbie' | 'mentor'): string {
  return `(SELECT ${matching}
FROM AS_TABLE($profiles) AS k INNER JOIN matchings VIEW by_${name} AS t
ON t.${name}_driver_id = k.driver_id AND t.${name}_park_id = k.park_id)`;
}

const contactsPart: Part = {
  name: 'contacts',
  parameters: { profiles: { park_id: 'Utf8', driver_id: 'Utf8' } },
  body: `$contacts_newbie = ${side('newbie')};
$contacts_mentor = ${side('mentor')};
$contacts_both = (SELECT id, status FROM $contacts_newbie UNION ALL SELECT id, status FROM $contacts_mentor);
$contacts_shown = (SELECT DISTINCT id FROM $contacts_both WHERE status IN (${visible}));
SELECT * FROM $contacts_newbie;
SELECT * FROM $contacts_mentor;
SELECT ${transition} FROM $contacts_shown AS s INNER JOIN status_transitions AS t ON t.matching_id = s.id;
SELECT ${result} FROM $contacts_shown AS s INNER JOIN results AS t ON t.matching_id = s.id;`,
  sets: 4,
};

export const dialogParts = { contacts: contactsPart } as const;

type Ask = (parts: readonly BoundPart[]) => Promise<Answer>;

export async function selectContacts(ask: Ask, timescale: Timescale, { profiles, hideAfterMs }: ContactsQuery): Promise<ContactsRecord> {
  const answer = await ask([bind(contactsPart, { profiles: distinctKeys(profiles) })]);
  const [newbies = [], mentors = [], transitions = [], results = []] = answer.parts[0] ?? [];
  const now = programmeTime(timescale, Number(answer.nowMicros / 1_000n));
  const shown = (record: MatchingRecord): boolean => record.completedAt === null || now - record.completedAt < hideAfterMs;
  const asNewbie = newbies.map(matchingFrom);
  const eitherSide = new Map([...asNewbie, ...mentors.map(matchingFrom)].map((record) => [record.id, record]));
  const seen = [...eitherSide.values()].filter((record) => visibleStatuses.includes(record.status) && shown(record));
  return {
    dialogs: seen.sort(newestMatchFirst).map((record) => dialogOf(record, transitions, results)),
    participation: asNewbie.sort(newestFirst).find(shown) ?? null,
  };
}

export async function selectDialog(sight: Sight, id: MatchingId): Promise<DialogRecord | null> {
  const key = { matching_id: id };
  const [[record], transitions, results] = await Promise.all([
    matchingReads(sight).matchings([id]), sight.reads.load('transitions', [key]), sight.reads.load('results', [key]),
  ]);
  return record === undefined ? null : dialogOf(record, transitions, results);
}

// Moves of an earlier epoch belong to another mentor.
function dialogOf(record: MatchingRecord, transitions: readonly Row[], results: readonly Row[]): DialogRecord {
  const own = (row: Row): boolean => readMatchingId(row) === record.id;
  const moves = transitions.filter(own).map(transitionFrom).sort((a, b) => a.version - b.version);
  return {
    matching: record,
    transitions: moves.filter(({ epoch, from }) => epoch === record.epoch || from === null),
    results: results.filter(own).map(resultFrom)[0] ?? null,
  };
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
