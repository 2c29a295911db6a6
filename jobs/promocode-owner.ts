// Whose is a promocode (A14, A15): a pure decision over all matchings of the person whom the CRM named.
import { profileKey } from '../machines/ids.ts';
import type { MatchingRecord } from '../machines/matching-record.ts';
import { finalStatuses, Status } from '../machines/status.ts';
import type { ProgrammeConfig } from '../runtime/config/config.ts';

/** All matchings of one person, by the side he is on. */
export interface OwnMatchings {
  readonly asNewbie: readonly MatchingRecord[];
  readonly asMentor: readonly MatchingRecord[];
}

export type Ruling =
  /** The code is known already: a replay. */
  | { readonly ruling: 'known' }
  | { readonly ruling: 'grant'; readonly matchings: readonly MatchingRecord[] }
  /** Some matching of the person has yet to finish. */
  | { readonly ruling: 'wait' }
  | { readonly ruling: 'reject'; readonly reason: 'second_promocode' | 'late_promocode' | 'unknown_entity' };

export function ruleOn(promocode: string, own: OwnMatchings, programme: ProgrammeConfig): Ruling {
  const all = [...own.asNewbie, ...own.asMentor];
  if (all.some(({ mentorPromocode }) => mentorPromocode === promocode)) return { ruling: 'known' };
  const matchings = receivers(own, programme);
  if (matchings.length > 0) return { ruling: 'grant', matchings };
  if (all.some(isUnderWay)) return { ruling: 'wait' };
  return { ruling: 'reject', reason: reasonAgainst(all) };
}

/** Who waits for a code comes before who may be reopened by a late one. */
function receivers(own: OwnMatchings, { policy, promocodePolicy }: ProgrammeConfig): readonly MatchingRecord[] {
  const finished = inTurn(own, Status.finished);
  if (finished.length > 0) return promocodePolicy === 'all_finished' ? finished : finished.slice(0, 1);
  return policy.latePromocodeReopens ? inTurn(own, Status.failed).slice(0, 1) : [];
}

/** The person's last matching as a newbie; else those whom he is the mentor of. */
function inTurn({ asNewbie, asMentor }: OwnMatchings, status: Status): MatchingRecord[] {
  const last = waitingIn(status, asNewbie).at(-1);
  return last === undefined ? waitingIn(status, asMentor) : [last];
}

/** Those in `status` without a code, the oldest match first. */
function waitingIn(status: Status, records: readonly MatchingRecord[]): MatchingRecord[] {
  return records.filter((record) => record.status === status && record.mentorPromocode === null).sort(byMatch);
}

/** Matches of one import share their moment: the CRM's date and the newbie tell them apart, as an id made at random would not. */
function byMatch(a: MatchingRecord, b: MatchingRecord): number {
  const since = (a.matchedAt ?? 0) - (b.matchedAt ?? 0) || (a.originalConnectedAt ?? 0) - (b.originalConnectedAt ?? 0);
  return since || (profileKey(a.newbie) < profileKey(b.newbie) ? -1 : 1);
}

function isUnderWay({ status }: MatchingRecord): boolean {
  return status !== Status.finished && !finalStatuses.includes(status);
}

function reasonAgainst(all: readonly MatchingRecord[]): 'second_promocode' | 'late_promocode' | 'unknown_entity' {
  if (all.some(({ mentorPromocode }) => mentorPromocode !== null)) return 'second_promocode';
  return all.length > 0 ? 'late_promocode' : 'unknown_entity';
}
