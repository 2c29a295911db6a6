// One batch of the archive: written down before it goes out, appended once, read back and compared.
import { z } from 'zod';
import { parseMatchingId, type MatchingId } from '../machines/ids.ts';
import type { Context } from '../runtime/context.ts';
import { ServiceError } from '../runtime/errors.ts';
import { archivedState, type MatchingBundle } from '../runtime/retention.ts';
import type { Batch, BatchPlace, OwnTable, YtRow } from '../runtime/yt.ts';
import { archiveTable, historyCopy, matchingsCopy, resultsCopy, rowOf, rowText, transitionsCopy } from './copy-tables.ts';
import type { JobRun } from './job.ts';
import { JobName } from './report.ts';
import { readJobState, writeJobState } from './job-state.ts';

const name = JobName.archive;

const batchSchema = z.object({
  id: z.string(),
  /** The batch before it, which the archive's ledger must show when this one is appended. */
  after: z.string().nullable(),
  /** The states in which the matchings are archived. */
  matchings: z.array(z.object({
    id: z.string().transform((text, issues): MatchingId => {
      const id = parseMatchingId(text);
      if (id === null) issues.addIssue('not an id');
      return id ?? z.NEVER;
    }),
    version: z.int(),
    resultsUpdatedAt: z.int().nullable(),
  })),
});
export type ArchiveBatch = z.output<typeof batchSchema>;

/** The last batch written down, whether or not it was taken to its end. */
export async function readBatch({ ctx }: Pick<JobRun, 'ctx'>): Promise<ArchiveBatch | null> {
  return readJobState(ctx.store, name, batchSchema);
}

export interface NewBatch {
  readonly ids: readonly MatchingId[];
  readonly previous: ArchiveBatch | null;
}

/** A database that knows of no batch before takes the archive as it finds it. */
export async function writeBatch({ ctx, unit }: JobRun, { ids, previous }: NewBatch, signal: AbortSignal): Promise<ArchiveBatch> {
  const after = previous === null ? await ctx.yt.copies.lastBatch(ledgerOf(ctx), signal) : previous.id;
  const matchings = (await ctx.retention.bundles(ids)).map(archivedState);
  const batch: ArchiveBatch = { id: ctx.newId(), after, matchings };
  await unit.commit((tx) => writeJobState<typeof batchSchema>(tx, name, batch), signal);
  return batch;
}

/** The batch's matchings that are still as they were when it was written down. */
export async function currentBundles({ retention }: Context, { matchings }: ArchiveBatch): Promise<MatchingBundle[]> {
  const planned = new Map(matchings.map((state) => [state.id, state]));
  const bundles = await retention.bundles(matchings.map(({ id }) => id));
  return bundles.filter((bundle) => {
    const [state, then] = [archivedState(bundle), planned.get(bundle.matching.id)];
    return state.version === then?.version && state.resultsUpdatedAt === then.resultsUpdatedAt;
  });
}

/** Appends the batch unless it was appended before. An empty one is appended too: it keeps out a writer who slept with it in hand. */
export async function batchPlaces(
  ctx: Context,
  { id, after }: ArchiveBatch,
  bundles: readonly MatchingBundle[],
  signal: AbortSignal,
): Promise<BatchPlace[]> {
  const batch: Batch = { id, after, parts: partsOf(ctx, bundles) };
  return ctx.yt.copies.append(ledgerOf(ctx), batch, signal);
}

export interface WrittenBatch {
  readonly places: readonly BatchPlace[];
  readonly bundles: readonly MatchingBundle[];
}

/** Throws `copy_unverified` unless the archive holds each row of the bundles, once and as it is here. */
export async function checkBatch(ctx: Context, { places, bundles }: WrittenBatch, signal: AbortSignal): Promise<void> {
  if (bundles.length === 0) return;
  for (const part of partsOf(ctx, bundles)) {
    const place = places.find(({ path }) => path === part.table.path);
    const found = place === undefined ? [] : await ctx.yt.copies.rowsAt(place, signal);
    const wrong = differences(part, found);
    if (wrong === 0) continue;
    throw new ServiceError('copy_unverified', `${part.table.path}: ${wrong} rows are not there as they were written; nothing was deleted`);
  }
}

interface Part {
  readonly table: OwnTable;
  readonly rows: readonly YtRow[];
}

/** Rows of matchings that are kept may stand among the found ones; of the others each must be there once, and nothing else. */
function differences({ table, rows }: Part, found: readonly unknown[]): number {
  const wanted = new Map<string, number>();
  for (const row of rows) count(wanted, rowText(table, row), 1);
  for (const row of found) {
    const text = rowText(table, row);
    if (wanted.has(text)) count(wanted, text, -1);
  }
  return [...wanted.values()].reduce((sum, left) => sum + Math.abs(left), 0);
}

function count(counts: Map<string, number>, text: string, more: number): void {
  counts.set(text, (counts.get(text) ?? 0) + more);
}

function partsOf({ config }: Context, bundles: readonly MatchingBundle[]): Part[] {
  const { archiveDir } = config.yt;
  return [
    { table: archiveTable(archiveDir, matchingsCopy), rows: bundles.map(({ matching }) => rowOf(matchingsCopy, matching)) },
    {
      table: archiveTable(archiveDir, transitionsCopy),
      rows: bundles.flatMap(({ transitions }) => transitions.map((transition) => rowOf(transitionsCopy, transition))),
    },
    {
      table: archiveTable(archiveDir, resultsCopy),
      rows: bundles.flatMap(({ results }) => (results === null ? [] : [rowOf(resultsCopy, results)])),
    },
    {
      table: archiveTable(archiveDir, historyCopy),
      rows: bundles.flatMap(({ history }) => history.map((retired) => rowOf(historyCopy, retired))),
    },
  ];
}

function ledgerOf({ config }: Context): string {
  return `${config.yt.archiveDir}/ledger`;
}
