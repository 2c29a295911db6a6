// Applying the distribution table in its own order, with nothing of it held: a row is applied when no newer one names the same person.
// Where that newest row turns out unusable, the person's older rows get their chance in a pass of their own, newest first.
import { EventType } from '../machines/events.ts';
import { profileKey, type ProfileKey } from '../machines/ids.ts';
import type { EpochMs } from '../machines/matching-record.ts';
import { Status } from '../machines/status.ts';
import type { Outcome } from '../runtime/mentorship/dispatch.ts';
import type { Person } from '../runtime/upstream.ts';
import type { TableSnapshot } from '../runtime/yt.ts';
import { batchSize, forEachBatch } from './batches.ts';
import { createConnections } from './connections.ts';
import { carryOut, planBatch, type Plan, type PlannedRows } from './connection-plans.ts';
import type { JobRun } from './job.ts';
import { isNewer, type NewestRows } from './newest-rows.ts';
import type { ConnectionRow, Decoded } from './rows.ts';

export interface ConnectionTable {
  readonly table: TableSnapshot;
  readonly decode: (raw: unknown) => Decoded<ConnectionRow>;
  /** Rows at or before this moment were applied by earlier runs. */
  readonly from: EpochMs;
  readonly newest: NewestRows;
}

/** People whose newest row was rejected and who have others; and the rows that were. */
interface Reopened {
  readonly keys: Set<ProfileKey>;
  readonly rejected: Set<number>;
}

/** Answers the date of the newest row whose newbie is unknown. */
export async function applyConnections(run: JobRun, source: ConnectionTable, signal: AbortSignal): Promise<EpochMs | null> {
  if (source.newest.size === 0) return null;
  const reopened: Reopened = { keys: new Set(), rejected: new Set() };
  const unknownAt = await applyNewest(run, source, reopened, signal);
  if (reopened.keys.size === 0) return unknownAt;
  return latest(unknownAt, await applyReopened(run, source, reopened, signal));
}

interface NumberedRow {
  readonly row: ConnectionRow;
  readonly index: number;
}

async function* freshRows({ table, decode, from }: ConnectionTable): AsyncGenerator<NumberedRow, void> {
  let index = 0;
  for await (const raw of table.rows()) {
    const decoded = decode(raw);
    if ('row' in decoded && decoded.row.connectedAt > from) yield { row: decoded.row, index };
    index += 1;
  }
}

async function applyNewest(run: JobRun, source: ConnectionTable, reopened: Reopened, signal: AbortSignal): Promise<EpochMs | null> {
  const { newest } = source;
  let unknownAt: EpochMs | null = null;
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
  for await (const { row, index } of freshRows(source)) {
    if (newest.of(profileKey(row.newbie))?.index === index) batch.set(row, index);
    else run.tally.add('superseded', 1);
    if (batch.size === batchSize) await apply();
  }
  if (batch.size > 0) await apply();
  return unknownAt;
}

async function applyReopened(
  run: JobRun,
  source: ConnectionTable,
  { keys, rejected }: Reopened,
  signal: AbortSignal,
): Promise<EpochMs | null> {
  const rows = createConnections();
  for await (const { row, index } of freshRows(source)) {
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
  const unknown = plans.filter((plan) => plan.kind === 'reject' && plan.reason === 'unknown_newbie');
  return unknown.reduce<EpochMs | null>((newest, { row }) => latest(newest, row.connectedAt), null);
}

function latest(a: EpochMs | null, b: EpochMs | null): EpochMs | null {
  if (a === null || b === null) return a ?? b;
  return Math.max(a, b);
}
