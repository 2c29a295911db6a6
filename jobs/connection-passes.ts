// Applying the distribution table in its own order, with nothing of it held: a row is applied when no newer one names the same person.
// Where that newest row turns out unusable, the person's older rows get their chance in a pass of their own, newest first.
import { EventType } from '../machines/events.ts';
import { profileKey, type ProfileKey } from '../machines/ids.ts';
import type { EpochMs } from '../machines/matching-record.ts';
import { Status } from '../machines/status.ts';
import type { Outcome } from '../runtime/mentorship/dispatch.ts';
import type { Person } from '../runtime/upstream.ts';
import { batchSize, forEachBatch } from './batches.ts';
import { createConnections } from './connections.ts';
import { carryOut, planBatch, type Plan, type PlannedRows } from './connection-plans.ts';
import type { FreshRows } from './connection-scan.ts';
import type { JobRun } from './job.ts';
import { isNewer, type NewestRows } from './newest-rows.ts';
import type { ConnectionRow } from './rows.ts';

/** People whose newest row was rejected and who have others; and the rows that were. */
interface Reopened {
  readonly keys: Set<ProfileKey>;
  readonly rejected: Set<number>;
}

/** Answers the date of the newest row whose newbie is unknown yet. */
export async function applyConnections(run: JobRun, fresh: FreshRows, signal: AbortSignal): Promise<EpochMs | null> {
  if (fresh.size === 0) return null;
  const reopened: Reopened = { keys: new Set(), rejected: new Set() };
  const unknownAt = await applyNewest(run, fresh, reopened, signal);
  if (reopened.keys.size === 0) return unknownAt;
  return latest(unknownAt, await applyReopened(run, fresh, reopened, signal));
}

async function applyNewest(run: JobRun, fresh: FreshRows, reopened: Reopened, signal: AbortSignal): Promise<EpochMs | null> {
  const { newest } = fresh;
  let unknownAt: EpochMs | null = null;
  let superseded = 0;
  let batch = new Map<ConnectionRow, number>();
  const apply = async (): Promise<void> => {
    signal.throwIfAborted();
    const isSuperseded = (row: ConnectionRow, newbie: Person): boolean =>
      hasNewer(newest, newbie, { connectedAt: row.connectedAt, index: batch.get(row) ?? 0 });
    const plans = await applyBatch(run, { rows: [...batch.keys()], isSuperseded }, signal);
    for (const plan of plans) if (plan.kind === 'reject') reopen(reopened, newest, plan, batch.get(plan.row) ?? 0);
    unknownAt = latest(unknownAt, unknownIn(plans));
    batch = new Map();
  };
  for await (const { row, index } of fresh.rows()) {
    if (newest.of(profileKey(row.newbie))?.index === index) batch.set(row, index);
    else superseded += 1;
    if (batch.size === batchSize) await apply();
  }
  if (batch.size > 0) await apply();
  countLeft(run, fresh, superseded);
  return unknownAt;
}

/** Every newbie has one newest row: from that follows how many of the rows left out were superseded, without knowing which. */
function countLeft({ tally }: JobRun, { size, newest, left }: FreshRows, supersededHere: number): void {
  const superseded = size - newest.size;
  if (superseded > 0) tally.add('superseded', superseded);
  if (left > 0) tally.add('unchanged', left - (superseded - supersededHere));
}

async function applyReopened(
  run: JobRun,
  fresh: FreshRows,
  { keys, rejected }: Reopened,
  signal: AbortSignal,
): Promise<EpochMs | null> {
  const rows = createConnections();
  for await (const { row, index } of fresh.rows()) {
    if (keys.has(profileKey(row.newbie)) && !rejected.has(index)) rows.add(row);
  }
  let unknownAt: EpochMs | null = null;
  await forEachBatch(rows.newestFirst(), async (batch) => {
    const plans = await applyBatch(run, { rows: batch, isSuperseded: () => false }, signal);
    unknownAt = latest(unknownAt, unknownIn(plans));
  }, signal);
  return unknownAt;
}

function hasNewer(newest: NewestRows, { profiles }: Person, row: { readonly connectedAt: EpochMs; readonly index: number }): boolean {
  return profiles.some((profile) => {
    const other = newest.of(profileKey(profile));
    return other !== null && isNewer(other, row);
  });
}

function reopen({ keys, rejected }: Reopened, newest: NewestRows, { row, newbie }: Plan & { kind: 'reject' }, index: number): void {
  const named = new Set([row.newbie, ...newbie.profiles].map(profileKey));
  const present = [...named].flatMap((key) => newest.of(key) ?? []);
  if (present.length === 1 && !present.some(({ hasOlder }) => hasOlder)) return;
  for (const key of named) keys.add(key);
  rejected.add(index);
}

async function applyBatch(run: JobRun, planned: PlannedRows, signal: AbortSignal): Promise<Plan[]> {
  const plans = await planBatch(run.ctx, planned, signal);
  run.tally.add('unchanged', planned.rows.length - plans.length);
  if (plans.length === 0) return plans;
  const outcomes = await run.unit.commit((tx) => carryOut(tx, run, plans), signal);
  run.unit.settle(outcomes);
  count(run, plans, outcomes);
  return plans;
}

function count({ tally }: JobRun, plans: readonly Plan[], outcomes: readonly Outcome[]): void {
  tally.addEach(plans.filter(({ kind }) => kind === 'reject').map(() => 'rejected'));
  tally.addEach(outcomes.map(countName));
}

function countName({ event, outcome, from }: Outcome): string {
  if (event === EventType.ENROLLED) return 'enrolled';
  if (outcome !== 'moved') return 'unchanged';
  return from === Status.created || from === Status.requested ? 'matched' : 'rematched';
}

function unknownIn(plans: readonly Plan[]): EpochMs | null {
  const unknown = plans.filter((plan) => plan.kind === 'reject' && plan.reason !== 'self_match');
  return unknown.reduce<EpochMs | null>((newest, { row }) => latest(newest, row.connectedAt), null);
}

function latest(a: EpochMs | null, b: EpochMs | null): EpochMs | null {
  if (a === null || b === null) return a ?? b;
  return Math.max(a, b);
}
