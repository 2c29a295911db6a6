// `replicate` (requirements 5.11): rows changed since the last run go to YT by key, are read back and compared; only then the cursor
// moves. A repeat writes the same rows again, so a run may die anywhere.
import { z } from 'zod';
import type { EpochMs, MatchingRecord } from '../machines/matching-record.ts';
import type { Context } from '../runtime/context.ts';
import type { Tombstone } from '../runtime/retention.ts';
import type { Page, PageRequest } from '../runtime/store.ts';
import { matchingsCopy, replicaTable, resultsCopy, rowOf, transitionsCopy, type CopyTable } from './copy-tables.ts';
import type { Job, JobRun } from './job.ts';
import { JobName } from './report.ts';
import { readJobState, writeJobState } from './job-state.ts';
import { pagesOf } from './pages.ts';
import { dropClearedResults, markDeleted, writeVerified } from './replica-writes.ts';

const name = JobName.replicate;

/**
 * A transaction takes its moment when it begins and shows its rows when it commits: rows older than the newest one read may appear
 * after it, by the length of a transaction. In the database's own time.
 */
const overlapMs = 10 * 60_000;

/** The newest moment read to the end, by source. */
const cursorSchema = z.object({ matchings: z.int(), transitions: z.int(), results: z.int(), tombstones: z.int() });
type Cursor = z.output<typeof cursorSchema>;
const beginning: Cursor = { matchings: 0, transitions: 0, results: 0, tombstones: 0 };

export const replicate: Job = {
  name,
  begin(run) {
    let cursor = beginning;
    return {
      read: async () => {
        const { store } = run.ctx;
        const [now, kept] = await Promise.all([store.now(), readJobState(store, name, cursorSchema)]);
        cursor = notAfter(now, kept ?? beginning);
        return true;
      },
      apply: async (signal) => {
        const overlap = overlapMs * Math.max(1, run.ctx.config.timescale.rate);
        // In this order: a matching that is forgotten meanwhile is marked by its tombstone after its row was written.
        for (const stream of streams) cursor = await follow(run, { stream, cursor, overlap }, signal);
      },
    };
  },
};

/** Moments that a clock which was ahead has left must not hide what is written until it gets there again. */
function notAfter(now: EpochMs, { matchings, transitions, results, tombstones }: Cursor): Cursor {
  return {
    matchings: Math.min(now, matchings), transitions: Math.min(now, transitions), results: Math.min(now, results), tombstones: Math.min(now, tombstones),
  };
}

interface Stream {
  readonly source: keyof Cursor;
  /** Copies rows from `since` on; answers the newest moment among them, or null when there are none. */
  readonly copy: (run: JobRun, since: EpochMs, signal: AbortSignal) => Promise<EpochMs | null>;
}

const streams: readonly Stream[] = [
  {
    source: 'matchings',
    copy: (run, since, signal) => {
      const read = (page: PageRequest) => run.ctx.retention.changedMatchings(since, page);
      const after = (rows: readonly MatchingRecord[]) => dropClearedResults(run, rows, signal);
      return copyRows(run, { copy: matchingsCopy, read, momentOf: (row) => row.updatedAt, after }, signal);
    },
  },
  {
    source: 'transitions',
    copy: (run, since, signal) => {
      const read = (page: PageRequest) => run.ctx.retention.changedTransitions(since, page);
      return copyRows(run, { copy: transitionsCopy, read, momentOf: (row) => row.createdAt }, signal);
    },
  },
  {
    source: 'results',
    copy: (run, since, signal) => {
      const read = (page: PageRequest) => run.ctx.retention.changedResults(since, page);
      return copyRows(run, { copy: resultsCopy, read, momentOf: (row) => row.updatedAt }, signal);
    },
  },
  { source: 'tombstones', copy: copyTombstones },
];

interface Following {
  readonly stream: Stream;
  readonly cursor: Cursor;
  readonly overlap: number;
}

async function follow(run: JobRun, { stream, cursor, overlap }: Following, signal: AbortSignal): Promise<Cursor> {
  const reached = await stream.copy(run, cursor[stream.source] - overlap, signal);
  if (reached === null || reached <= cursor[stream.source]) return cursor;
  const next = { ...cursor, [stream.source]: reached };
  await run.unit.commit((tx) => writeJobState<typeof cursorSchema>(tx, name, next), signal);
  return next;
}

interface Source<Item> {
  readonly copy: CopyTable<Item>;
  readonly read: (page: PageRequest) => Promise<Page<Item>>;
  readonly momentOf: (item: Item) => EpochMs;
  readonly after?: (items: readonly Item[]) => Promise<void>;
}

async function copyRows<Item>(run: JobRun, { copy, read, momentOf, after }: Source<Item>, signal: AbortSignal): Promise<EpochMs | null> {
  const table = replicaTable(run.ctx.config.yt.replicaDir, copy);
  let newest: EpochMs | null = null;
  for await (const items of pagesOf(read, signal)) {
    await writeVerified(run, { table, rows: items.map((item) => ({ ...rowOf(copy, item), deleted: false })) }, signal);
    await after?.(items);
    newest = Math.max(newest ?? 0, ...items.map(momentOf));
    run.tally.add(copy.name, items.length);
  }
  return newest;
}

async function copyTombstones(run: JobRun, since: EpochMs, signal: AbortSignal): Promise<EpochMs | null> {
  const { retention } = run.ctx;
  let newest: EpochMs | null = null;
  for await (const tombstones of pagesOf((page) => retention.tombstones(since, page), signal)) {
    await markForgotten(run, tombstones, signal);
    newest = Math.max(newest ?? 0, ...tombstones.map(({ deletedAt }) => deletedAt));
    run.tally.add('deleted', tombstones.length);
  }
  // What every later run would read no more has done its work.
  if (run.unit.lease !== null) await retention.dropTombstones(since, run.unit.lease);
  return newest;
}

async function markForgotten({ ctx, unit }: JobRun, tombstones: readonly Tombstone[], signal: AbortSignal): Promise<void> {
  if (unit.lease === null) return;
  const ids = tombstones.map(({ matchingId }) => matchingId);
  await markDeleted(ctx, tableIn(ctx, matchingsCopy), ids, signal);
  await markDeleted(ctx, tableIn(ctx, resultsCopy), ids, signal);
  await markDeleted(ctx, tableIn(ctx, transitionsCopy), tombstones.flatMap(({ transitionIds }) => transitionIds), signal);
}

function tableIn<Item>({ config }: Context, copy: CopyTable<Item>) {
  return replicaTable(config.yt.replicaDir, copy);
}
