// `import-matchings` (requirements 5.8, A6): the CRM's distribution table becomes MATCHED events.
import { z } from 'zod';
import { EventType } from '../machines/events.ts';
import type { EpochMs } from '../machines/matching-record.ts';
import { Status } from '../machines/status.ts';
import type { Outcome } from '../runtime/mentorship/dispatch.ts';
import type { TableSnapshot } from '../runtime/yt.ts';
import { forEachBatch } from './batches.ts';
import { createConnections, type Connections } from './connections.ts';
import { carryOut, planBatch, type Plan } from './connection-plans.ts';
import { JobName, type Job, type JobRun } from './job.ts';
import { readJobState, writeJobState } from './job-state.ts';
import { createRejectLog, RejectSource } from './rejects.ts';
import { connectionColumns, connectionDecoder, type ConnectionRow } from './rows.ts';

const name = JobName['import-matchings'];

const markSchema = z.object({
  /** Revision of the table at the last success. */
  revision: z.string(),
  /** The newest date read so far. */
  highWaterMark: z.int().nullable(),
  /** Date of the newest row whose newbie had not enrolled by then. */
  newestUnknownAt: z.int().nullable(),
});
type Mark = z.output<typeof markSchema>;

/** One reading of the table; `mark` is what to remember once all of it is applied. */
interface Reading {
  readonly connections: Connections;
  readonly mark: Mark;
}

export const importMatchings: Job = {
  name,
  begin(run) {
    let reading: Reading | null = null;
    return {
      read: async (signal) => {
        reading = await readTable(run, signal);
        return reading !== null;
      },
      apply: async (signal) => {
        if (reading !== null) await applyReading(run, reading, signal);
      },
    };
  },
};

async function readTable(run: JobRun, signal: AbortSignal): Promise<Reading | null> {
  const { store, yt, config } = run.ctx;
  const [now, mark] = await Promise.all([store.now(), readJobState(store, name, markSchema)]);
  const read = async (table: TableSnapshot): Promise<Reading | null> =>
    isDone(mark, table.revision, now - config.programme.importOverlapMs) ? null : collect(run, { table, mark, now }, signal);
  return yt.readTable(config.yt.distribution, connectionColumns, read, signal);
}

/** The same revision has nothing new, save that a newbie whom it named too early may have enrolled since. */
function isDone(mark: Mark | null, revision: string, overlapStart: EpochMs): boolean {
  if (mark === null || mark.revision !== revision) return false;
  return mark.newestUnknownAt === null || mark.newestUnknownAt <= overlapStart;
}

interface Source {
  readonly table: TableSnapshot;
  readonly mark: Mark | null;
  readonly now: EpochMs;
}

async function collect(run: JobRun, { table, mark, now }: Source, signal: AbortSignal): Promise<Reading> {
  const { programme, yt } = run.ctx.config;
  const decode = connectionDecoder(now, yt.connectedTz);
  const rejects = createRejectLog(run, RejectSource.distribution, now);
  const connections = createConnections();
  const before = mark?.highWaterMark ?? null;
  let newest = before;
  for await (const raw of table.rows()) {
    run.tally.row();
    const decoded = decode(raw);
    if ('reject' in decoded) {
      await rejects.add(raw, decoded, signal);
      continue;
    }
    const { connectedAt } = decoded.row;
    if (before === null || connectedAt > before - programme.importOverlapMs) connections.add(decoded.row);
    // A date tolerated ahead of the clock must not carry the mark past rows that are still to be written.
    newest = Math.max(newest ?? 0, Math.min(connectedAt, now));
  }
  await rejects.flush(signal);
  return { connections, mark: { revision: table.revision, highWaterMark: newest, newestUnknownAt: null } };
}

async function applyReading(run: JobRun, { connections, mark }: Reading, signal: AbortSignal): Promise<void> {
  let newestUnknownAt: EpochMs | null = null;
  const apply = async (rows: readonly ConnectionRow[]): Promise<void> => {
    const unknownAt = await applyBatch(run, rows, signal);
    newestUnknownAt = newestUnknownAt ?? unknownAt;
  };
  // Newest first, so that of several rows for one newbie the first applied wins and all later ones are no-ops.
  await forEachBatch(connections.newestFirst(), apply, signal);
  // Only now: the newest rows went first, so a mark moved any earlier would hide the older ones after a crash.
  await run.unit.commit((tx) => writeJobState<typeof markSchema>(tx, name, { ...mark, newestUnknownAt }), signal);
}

/** Answers the date of the newest row whose newbie is unknown. */
async function applyBatch(run: JobRun, rows: readonly ConnectionRow[], signal: AbortSignal): Promise<EpochMs | null> {
  const plans = await planBatch(run.ctx, rows, signal);
  run.tally.add('unchanged', rows.length - plans.length);
  if (plans.length === 0) return null;
  const outcomes = await run.unit.commit((tx) => carryOut(tx, run, plans), signal);
  run.unit.settle(outcomes);
  count(run, plans, outcomes);
  const unknown = plans.find((plan) => plan.kind === 'reject' && plan.reason === 'unknown_newbie');
  return unknown?.row.connectedAt ?? null;
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
