// The requirements' table of moves (section 2), written down a second time from the text, without the machine: which moves there are and
// what must be true of the world at the moment of each.
import { profileKey, type Profile } from '../../../machines/ids.ts';
import type { MatchingRecord } from '../../../machines/matching-record.ts';
import type { ProgressFigures, TransitionRecord } from '../../../runtime/store.ts';
import type { Crm } from '../crm.ts';
import type { World } from '../world.ts';

export interface Move {
  readonly world: World;
  readonly crm: Crm;
  readonly before: MatchingRecord | null;
  readonly after: MatchingRecord;
  readonly transition: TransitionRecord;
  /** Database time of the commit. */
  readonly now: number;
  readonly figures: ProgressFigures | null;
}

/** What is wrong with the move, or null. */
type Guard = (move: Move) => string | null;

interface Row {
  readonly from: readonly (string | null)[];
  readonly event: string;
  readonly to: string;
  readonly guard: Guard;
}

const table: readonly Row[] = [
  { from: [null], event: 'ENROLLED', to: 'created', guard: () => null },
  { from: ['created'], event: 'APPLICATION_WRITTEN', to: 'requested', guard: isWritten },
  { from: ['created', 'requested'], event: 'MATCHED', to: 'matched', guard: isNewer },
  { from: ['matched', 'initialized', 'in_progress'], event: 'MATCHED', to: 'matched', guard: isRematch },
  { from: ['matched'], event: 'MATCH_ANNOUNCED', to: 'initialized', guard: isMatchTold },
  { from: ['initialized'], event: 'PROGRESS_ANNOUNCED', to: 'in_progress', guard: isProgressTold },
  { from: ['in_progress'], event: 'RESULT_ANNOUNCED', to: 'finished', guard: isResultTold },
  { from: ['finished'], event: 'PROMOCODE_ANNOUNCED', to: 'succeed', guard: isCodeTold },
  { from: ['finished'], event: 'DEADLINE_PASSED', to: 'failed', guard: isOverdue },
  { from: ['failed'], event: 'PROMOCODE_ANNOUNCED', to: 'succeed', guard: isLateCodeTold },
];

/** Null for a move that the table allows and whose guard held. */
export function faultOf(move: Move): { readonly promise: string; readonly detail: string } | null {
  const { transition: { from, event, to } } = move;
  const row = table.find((one) => one.from.includes(from) && one.event === event && one.to === to);
  if (row === undefined) return { promise: 'S3', detail: `${from} ${event} ${to} is not in the table` };
  const wrong = row.guard(move);
  return wrong === null ? null : { promise: promiseOf(wrong), detail: `${from} ${event} ${to}: ${wrong}` };
}

function promiseOf(wrong: string): string {
  if (wrong.includes('was not shown')) return 'S7';
  return wrong.includes('too early') ? 'S10' : 'S3';
}

/** Under whatever id: while the store was away two hosts may have written it (A1). */
function isWritten({ world, after }: Move): string | null {
  const { profiles = [] } = world.people.of(after.newbie) ?? {};
  const written = [...world.cluster.applications.values()].some((row) =>
    profiles.some((profile) => profileKey(profile) === `${row.newbie_park_id}_${row.newbie_driver_id}`));
  return written ? null : 'the application is not in YT';
}

function isNewer({ world, crm, before, after, now }: Move): string | null {
  const { mentor, originalConnectedAt, matchedAt } = after;
  if (mentor === null || originalConnectedAt === null) return 'there is no mentor';
  if (matchedAt !== now) return 'the clocks did not start with the match';
  if (before !== null && before.originalConnectedAt !== null && originalConnectedAt <= before.originalConnectedAt) return 'the row is not newer';
  const newbie = world.people.of(after.newbie);
  const published = crm.published.has(`${newbie?.name ?? '?'} ${profileKey(mentor)} ${originalConnectedAt}`);
  return published ? null : 'the CRM never wrote such a row';
}

function isRematch(move: Move): string | null {
  const { before, after, world } = move;
  const mentors = [before?.mentor ?? null, after.mentor].map((profile) => (profile === null ? null : world.people.of(profile)));
  if (mentors[0] !== null && mentors[0] === mentors[1]) return 'it is the same mentor';
  if (after.newbieLastReadAt !== null || after.mentorLastReadAt !== null) return 'read marks outlived the rematch';
  if (after.mentorPromocode !== null) return 'a promocode outlived the rematch';
  if (world.tables.get('results', after.id) !== null) return 'the figures outlived the rematch';
  if (move.figures !== null && world.tables.get('history', `${after.id}:${before?.epoch}`) === null) return 'the figures did not come into the history';
  return isNewer(move);
}

function wasShown({ world, after }: Move, kind: string, to: Profile | null): boolean {
  return to !== null && world.app.wasShown(after.id, kind, profileKey(to), after.matchedAt ?? Infinity);
}

function isMatchTold(move: Move): string | null {
  if (!wasShown(move, 'new_match', move.after.mentor)) return 'it was not shown to the mentor';
  return wasShown(move, 'new_match', move.after.newbie) ? null : 'it was not shown to the newbie';
}

function isProgressTold(move: Move): string | null {
  const { world: { config: { programme: { policy } } }, after, now, figures } = move;
  if (now - (after.matchedAt ?? Infinity) < policy.progressAgeMs) return 'too early';
  if (!has(figures, ['rate_avg_7d', 'avg_dp_7d', 'sh_7d'])) return 'there are no figures of 7 days';
  // One announcement may tell both (A18).
  return wasShown(move, 'progress', after.mentor) || wasShown(move, 'result', after.mentor) ? null : 'it was not shown to the mentor';
}

function isResultTold(move: Move): string | null {
  const { world: { config: { programme: { policy } } }, after, now, figures } = move;
  if (now - (after.matchedAt ?? Infinity) < policy.resultAgeMs) return 'too early';
  if (!has(figures, ['rate_avg_14d', 'avg_dp_14d', 'sh_14d'])) return 'there are no figures of 14 days';
  return wasShown(move, 'result', after.mentor) ? null : 'it was not shown to the mentor';
}

function isCodeTold(move: Move): string | null {
  if (move.after.mentorPromocode === null) return 'there is no promocode';
  return wasShown(move, 'promocode', move.after.mentor) ? null : 'it was not shown to the mentor';
}

function isLateCodeTold(move: Move): string | null {
  return move.world.config.programme.policy.latePromocodeReopens ? isCodeTold(move) : 'late promocodes do not reopen';
}

function isOverdue({ world, before, after, now }: Move): string | null {
  const { policy } = world.config.programme;
  if (after.mentorPromocode !== null) return 'there is a promocode';
  if (now - (after.matchedAt ?? Infinity) <= policy.failAgeMs) return 'too early';
  return now - (before?.statusSince ?? Infinity) < policy.failGraceMs ? 'too early: within the grace' : null;
}

function has(figures: ProgressFigures | null, fields: readonly (keyof ProgressFigures)[]): boolean {
  return figures !== null && fields.some((field) => figures[field] !== null);
}
