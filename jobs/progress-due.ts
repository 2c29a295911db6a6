// One batch of candidates inside a transaction: new figures are merged, and the machine is asked which announcements are due.
import { dueAnnouncement } from '../machines/due.ts';
import type { MatchingId } from '../machines/ids.ts';
import type { MatchingRecord } from '../machines/matching-record.ts';
import { announcedStatus } from '../machines/step.ts';
import { Status } from '../machines/status.ts';
import type { Context } from '../runtime/context.ts';
import { announceTask } from '../runtime/mentorship/effects.ts';
import { factsOf } from '../runtime/mentorship/facts.ts';
import type { ProgressFigures, StoreTx } from '../runtime/store.ts';
import type { JobChange } from './report.ts';
import type { Candidate } from './progress-candidates.ts';

/** Old enough, but the CRM has not written the figures of that age. */
export const Stage = { overdue_7d: 'overdue_7d', overdue_14d: 'overdue_14d' } as const;
export type Stage = (typeof Stage)[keyof typeof Stage];

export interface Settled {
  readonly changed: number;
  readonly announced: readonly JobChange[];
  readonly overdue: readonly Stage[];
}

/** Runs inside the caller's transaction. */
export async function settleCandidates(
  tx: StoreTx,
  ctx: Context,
  batch: readonly Candidate[],
  figuresOf: ReadonlyMap<MatchingId, ProgressFigures>,
): Promise<Settled> {
  const records = stillTheSame(batch, await tx.matchings(batch.map(({ id }) => id)));
  let changed = 0;
  for (const { id, newbie } of records) {
    const figures = figuresOf.get(id);
    if (figures !== undefined && (await tx.mergeResults(id, newbie, figures))) changed += 1;
  }
  return { changed, ...(await announceDue(tx, ctx, records)) };
}

/** A rematch since the figures were read belongs to another mentor: they must not be told to him. */
function stillTheSame(batch: readonly Candidate[], records: readonly MatchingRecord[]): MatchingRecord[] {
  const before = new Map(batch.map((candidate) => [candidate.id, candidate]));
  return records.filter(({ id, status, epoch }) => before.get(id)?.status === status && before.get(id)?.epoch === epoch);
}

async function announceDue(tx: StoreTx, ctx: Context, records: readonly MatchingRecord[]): Promise<Omit<Settled, 'changed'>> {
  const [now, results] = await Promise.all([tx.now(), tx.results(records.map(({ id }) => id))]);
  const figures = new Map(results.map((result) => [result.matchingId, result.figures]));
  const announced: JobChange[] = [];
  const overdue: Stage[] = [];
  for (const record of records) {
    const facts = factsOf(now, figures.get(record.id) ?? null, ctx.config.programme.policy);
    const last = dueAnnouncement(record, facts).at(-1);
    if (last === undefined) overdue.push(record.status === Status.initialized ? Stage.overdue_7d : Stage.overdue_14d);
    else if (await tx.enqueue(announceTask(record.id, last, record.epoch))) {
      announced.push({ matchingId: record.id, event: last, from: record.status, to: announcedStatus[last] });
    }
  }
  return { announced, overdue };
}
