// `archive` (requirements 5.11, A5, S8): what was completed long ago moves to YT in batches. A batch is written down in the database
// first, then appended to the archive exactly once, read back and compared, and only then forgotten here. A run that dies anywhere
// leaves a batch that the next run takes through the same steps.
import type { EpochMs } from '../machines/matching-record.ts';
import { Status } from '../machines/status.ts';
import { archivedState } from '../runtime/retention.ts';
import { batchPlaces, checkBatch, currentBundles, readBatch, writeBatch, type ArchiveBatch } from './archive-batch.ts';
import type { Job, JobRun } from './job.ts';
import { JobName } from './report.ts';
import { pagesOf } from './pages.ts';

export const archive: Job = {
  name: JobName.archive,
  begin(run) {
    return {
      read: async () => {
        await countWaiting(run);
        return true;
      },
      apply: async (signal) => {
        const completedBefore = (await run.ctx.store.now()) - run.ctx.config.programme.archiveAfterMs;
        const { archiveFailed } = run.ctx.config.programme;
        let last = await readBatch(run);
        if (last !== null) await settle(run, last, signal);
        for (const status of archiveFailed ? [Status.succeed, Status.failed] : [Status.succeed]) {
          last = await archiveAll(run, { status, completedBefore, last }, signal);
        }
      },
    };
  },
};

/** Who asked so long ago and was never matched: not archived, told to the operator. */
async function countWaiting({ ctx, tally }: JobRun): Promise<void> {
  const since = (await ctx.store.now()) - ctx.config.programme.archiveAfterMs;
  for (const status of [Status.created, Status.requested]) {
    tally.add(`never_matched_${status}`, await ctx.retention.countWaiting(status, since));
  }
}

interface Archiving {
  readonly status: Status;
  readonly completedBefore: EpochMs;
  readonly last: ArchiveBatch | null;
}

async function archiveAll(run: JobRun, { status, completedBefore, last }: Archiving, signal: AbortSignal): Promise<ArchiveBatch | null> {
  const { retention } = run.ctx;
  let previous = last;
  for await (const ids of pagesOf((page) => retention.archivable({ status, completedBefore }, page), signal)) {
    run.tally.add('archivable', ids.length);
    previous = await writeBatch(run, { ids, previous }, signal);
    await settle(run, previous, signal);
  }
  return previous;
}

/** Safe to repeat from any point. What has changed since the batch was written down stays for a later one. */
async function settle(run: JobRun, batch: ArchiveBatch, signal: AbortSignal): Promise<void> {
  const { ctx, unit, tally } = run;
  if (unit.lease === null) return;
  const bundles = await currentBundles(ctx, batch);
  const places = await batchPlaces(ctx, batch, bundles, signal);
  await checkBatch(ctx, { places, bundles }, signal);
  signal.throwIfAborted();
  const forgotten = bundles.length === 0 ? [] : await ctx.retention.forget(bundles.map(archivedState), unit.lease);
  tally.add('archived', forgotten.length);
  tally.add('kept', bundles.length - forgotten.length);
}
