// Compares what clients were promised with what there is: the database, the CRM's table, the events that the app accepted.
import { EventType, type AnnouncedEventType } from '../../machines/events.ts';
import type { MatchingRecord } from '../../machines/matching-record.ts';
import { Status } from '../../machines/status.ts';
import { announcedStatus } from '../../machines/step.ts';
import type { Store, TransitionRecord } from '../../runtime/store.ts';
import { passes, type Application } from './crm.ts';
import type { AcceptedEvent } from './outside-link.ts';
import type { Promises, Testimony } from './promises.ts';

export interface Verdict {
  readonly lost: string[];
  readonly duplicates: string[];
  readonly violations: string[];
}

export interface Evidence {
  readonly store: Pick<Store, 'matchingsOfNewbies' | 'transitions'>;
  readonly applications: readonly Application[];
  readonly events: readonly AcceptedEvent[];
}

const recipients: Readonly<Record<AnnouncedEventType, readonly string[]>> = {
  [EventType.MATCH_ANNOUNCED]: ['mentor', 'newbie'],
  [EventType.PROGRESS_ANNOUNCED]: ['mentor'],
  [EventType.RESULT_ANNOUNCED]: ['mentor'],
  [EventType.PROMOCODE_ANNOUNCED]: ['mentor'],
};

/** The way of one matching, oldest move first. */
interface Story {
  readonly matching: MatchingRecord;
  readonly moves: readonly TransitionRecord[];
}

export async function judge(promises: Promises, evidence: Evidence): Promise<Verdict> {
  const verdict: Verdict = { lost: [], duplicates: [], violations: [] };
  const stories: Story[] = [];
  for (const testimony of promises.testimonies) {
    const matchings = await evidence.store.matchingsOfNewbies(testimony.person.profiles);
    const told = await Promise.all(matchings.map(async (matching) => ({ matching, moves: await evidence.store.transitions(matching.id) })));
    judgePerson(testimony, told, verdict);
    stories.push(...told);
  }
  for (const story of stories) judgeMoves(story, verdict);
  judgeOperator(promises, stories, verdict);
  judgeApplications(promises, stories, evidence.applications, verdict);
  judgeEvents(stories, evidence.events, verdict);
  return verdict;
}

function judgePerson({ person, enrolments, seen, readMarks, forgotten }: Testimony, stories: readonly Story[], verdict: Verdict): void {
  const who = `newbie ${person.ordinal}`;
  if (stories.length > 1) verdict.duplicates.push(`${who} has ${stories.length} matchings`);
  const [story] = stories;
  if (story === undefined) {
    if (enrolments.length > 0) verdict.lost.push(`${who} was acknowledged and has no matching`);
    return;
  }
  const { matching, moves } = story;
  for (const { matchingId, degraded } of enrolments) {
    if (!degraded && matchingId !== matching.id) verdict.lost.push(`${who} was promised ${matchingId} and has ${matching.id}`);
  }
  if (forgotten > 0) verdict.violations.push(`${who} was told ${forgotten} times that he does not take part`);
  const own = seen.filter(({ matchingId }) => matchingId === matching.id).map(({ status }) => status);
  if (!isAlong(own, moves.map(({ to }) => to))) {
    verdict.violations.push(`${who} saw his status go back: ${own.join(' ')} along ${moves.map(({ to }) => to).join(' ')}`);
  }
  const rematchedAt = Math.max(0, ...moves.filter(({ event }) => event === EventType.MATCHED).map(({ createdAt }) => createdAt));
  const marks = readMarks.filter(({ matchingId, askedAtMs }) => matchingId === matching.id && askedAtMs > rematchedAt);
  const furthest = Math.max(0, ...marks.map(({ askedAtMs }) => askedAtMs));
  if (furthest > (matching.newbieLastReadAt ?? 0)) verdict.lost.push(`the read mark of ${who} at ${furthest} is ${matching.newbieLastReadAt}`);
}

/** Whether each sighting, in order, is of the present stage of the way or a later one. */
function isAlong<Stage>(sightings: readonly Stage[], way: readonly Stage[]): boolean {
  let at = 0;
  for (const sighting of sightings) {
    const found = way.indexOf(sighting, at);
    if (found === -1) return false;
    at = found;
  }
  return true;
}

/** L1: whether the matching has come to the end that the CRM decided. */
export function isOver({ newbieUdid, status }: MatchingRecord): boolean {
  return status === (passes(newbieUdid ?? '') ? Status.succeed : Status.failed);
}

/** S3: one transition for each move, each from where the last one ended. */
function judgeMoves({ matching, moves }: Story, verdict: Verdict): void {
  const chained = moves.every((move, index) => move.from === (moves[index - 1]?.to ?? null));
  if (!chained || moves.at(-1)?.to !== matching.status) verdict.violations.push(`the moves of ${matching.id} do not follow from each other`);
  if (!isOver(matching)) verdict.violations.push(`${matching.id} is still ${matching.status}`);
}

function judgeOperator({ operatorEvents }: Promises, stories: readonly Story[], verdict: Verdict): void {
  const byReason = Map.groupBy(stories.flatMap(({ moves }) => moves), ({ reason }) => reason);
  for (const { reason, outcome } of operatorEvents) {
    const moves = byReason.get(reason)?.length ?? 0;
    if (moves > 1) verdict.duplicates.push(`the ${reason} moved ${moves} times`);
    if (moves === 0 && outcome === 'moved') verdict.lost.push(`the ${reason} was acknowledged and moved nothing`);
    if (moves > 0 && outcome === 'ignored') verdict.violations.push(`the ${reason} was said to be ignored and moved`);
  }
}

function judgeApplications({ testimonies }: Promises, stories: readonly Story[], applications: readonly Application[], verdict: Verdict): void {
  const byNewbie = Map.groupBy(applications, ({ newbie_key: key }) => key);
  for (const [key, rows] of byNewbie) {
    if (rows.length > 1) verdict.duplicates.push(`${rows.length} applications of ${key}`);
    if (!testimonies.some(({ person }) => person.udid === key)) verdict.violations.push(`an application of nobody: ${key}`);
  }
  for (const { matching } of stories) {
    const [row] = byNewbie.get(matching.newbieUdid ?? '') ?? [];
    if (row === undefined) verdict.lost.push(`no application of ${matching.id}`);
    else if (row.matching_id !== matching.id) verdict.violations.push(`the application of ${matching.id} names ${row.matching_id}`);
  }
}

/** S7: what a status claims was accepted; what was accepted belongs to a status reached, or to a match that another one replaced. */
function judgeEvents(stories: readonly Story[], events: readonly AcceptedEvent[], verdict: Verdict): void {
  const accepted = new Set(events.map(({ id }) => id));
  const due = new Set<string>();
  for (const { matching, moves } of stories) {
    for (const { event, epoch } of moves.filter((move) => isAnnounced(move.event))) {
      const type = event as AnnouncedEventType;
      for (const recipient of recipients[type]) due.add(`${matching.id}:${announcedStatus[type]}:${epoch}:${recipient}`);
    }
  }
  // A later announcement may carry the move of the one before it.
  const latest = [...due].filter((id) => !accepted.has(id) && !id.includes(':in_progress:'));
  for (const id of latest) verdict.lost.push(`${id} was never accepted`);
  const byId = new Map(stories.map(({ matching }) => [matching.id as string, matching]));
  for (const id of accepted) {
    const [matchingId = '', , epoch = ''] = id.split(':');
    const matching = byId.get(matchingId);
    const isReplaced = matching !== undefined && matching.epoch > Number(epoch);
    if (!due.has(id) && !isReplaced) verdict.violations.push(`${id} was announced and never came to be`);
  }
}

function isAnnounced(type: string): type is AnnouncedEventType {
  return Object.hasOwn(announcedStatus, type);
}
