// `import-matchings` (requirements 5.8, A6): the CRM's distribution table becomes MATCHED events.
import { z } from 'zod';
import type { EpochMs } from '../machines/matching-record.ts';
import type { TableSnapshot } from '../runtime/yt.ts';
import { applyConnections } from './connection-passes.ts';
import { scanFreshRows } from './connection-scan.ts';
import type { Job, JobRun } from './job.ts';
import { JobName } from './report.ts';
import { readJobState, writeJobState } from './job-state.ts';
import { ifThere } from './missing-table.ts';
import { createRejectLog, RejectSource } from './rejects.ts';
import { connectionColumns, connectionDecoder } from './rows.ts';

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

export const importMatchings: Job = {
  name,
  begin(run) {
    let start: Start | null = null;
    return {
      read: async (signal) => {
        start = await look(run, signal);
        return start !== null;
      },
      apply: async (signal) => {
        const from = start;
        if (from !== null) await readDistribution(run, (table) => importTable(run, table, from, signal), signal);
      },
    };
  },
};

interface Start {
  readonly now: EpochMs;
  readonly mark: Mark | null;
}

/** Null when there is no table. */
function readDistribution<Result>(run: JobRun, read: (table: TableSnapshot) => Promise<Result>, signal: AbortSignal): Promise<Result | null> {
  const { yt, config } = run.ctx;
  const path = config.yt.distribution;
  return ifThere(run, { source: RejectSource.distribution, path }, () => yt.readTable(path, connectionColumns, read, signal), signal);
}

/** Null when the table has nothing new, or is not there. */
async function look(run: JobRun, signal: AbortSignal): Promise<Start | null> {
  const { store, config } = run.ctx;
  const [now, mark] = await Promise.all([store.now(), readJobState(store, name, markSchema)]);
  const revision = await readDistribution(run, async (table) => table.revision, signal);
  return revision === null || isDone(mark, revision, config.programme.importOverlapMs) ? null : { now, mark };
}

/** The same revision has nothing new, save that a newbie whom it named too early, within the overlap, may have enrolled since. */
function isDone(mark: Mark | null, revision: string, overlapMs: number): boolean {
  if (mark === null || mark.revision !== revision) return false;
  return mark.newestUnknownAt === null || mark.newestUnknownAt <= (mark.highWaterMark ?? 0) - overlapMs;
}

/** All passes go over one version of the table, however often it is replaced meanwhile. */
async function importTable(run: JobRun, table: TableSnapshot, { now, mark }: Start, signal: AbortSignal): Promise<void> {
  const { programme, yt } = run.ctx.config;
  const decode = connectionDecoder(now, yt.connectedTz);
  const rejects = createRejectLog(run, RejectSource.distribution, now);
  const before = mark?.highWaterMark ?? null;
  const from = before === null ? -Infinity : before - programme.importOverlapMs;
  const scan = scanFreshRows(run, { table, decode, from });
  let newestAt = -Infinity;
  let index = 0;
  for await (const batch of table.batches()) {
    for (const raw of batch) {
      run.tally.row();
      const decoded = decode(raw);
      if ('reject' in decoded) await rejects.add(raw, decoded, signal);
      else {
        const { connectedAt } = decoded.row;
        if (connectedAt > newestAt) newestAt = connectedAt;
        const sifting = connectedAt > from ? scan.add(decoded.row, index) : null;
        // Not every row: waiting for nothing costs as much as decoding.
        if (sifting !== null) await sifting;
      }
      index += 1;
    }
  }
  await rejects.flush(signal);
  const newestUnknownAt = await applyConnections(run, await scan.end(), signal);
  // Only now: rows are applied in the table's order, so a mark moved any earlier would hide older ones after a crash.
  const done: Mark = { revision: table.revision, highWaterMark: highWaterMarkOf(before, newestAt, now), newestUnknownAt };
  await run.unit.commit((tx) => writeJobState<typeof markSchema>(tx, name, done), signal);
}

/** A date tolerated ahead of the clock must not carry the mark past rows that are still to be written. */
function highWaterMarkOf(before: EpochMs | null, newestAt: EpochMs, now: EpochMs): EpochMs | null {
  return newestAt === -Infinity ? before : Math.max(before ?? 0, Math.min(newestAt, now));
}
