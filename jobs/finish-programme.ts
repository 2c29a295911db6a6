// `finish-programme` (requirements 5.10): promocodes reach their matchings, then those past the deadline without one fail. In this
// order within one run (A4): a code that came in time must not find its matching failed by the same run.
import { EventType } from '../machines/events.ts';
import { Status } from '../machines/status.ts';
import { dispatchIn } from '../runtime/mentorship/dispatch.ts';
import { forEachBatch } from './batches.ts';
import type { Job, JobRun } from './job.ts';
import { JobName } from './report.ts';
import { pagesOf } from './pages.ts';
import { applyPromocodes } from './promocode-batch.ts';
import { pendingPromocodes, readNewTables, rememberTables, type PromocodeSource } from './promocode-tables.ts';

export const finishProgramme: Job = {
  name: JobName['finish-programme'],
  begin(run) {
    let source: PromocodeSource = { rows: [], tables: {} };
    return {
      read: async (signal) => {
        source = await readNewTables(run, signal);
        return true;
      },
      apply: async (signal) => {
        const rows = [...(await pendingPromocodes(run.ctx, signal)), ...source.rows];
        await forEachBatch(rows, (batch) => applyPromocodes(run, batch, signal), signal);
        await rememberTables(run, source.tables, signal);
        await sweepDeadlines(run, signal);
      },
    };
  },
};

/** Offers the event to every old enough matching; the machine's guard decides. */
async function sweepDeadlines(run: JobRun, signal: AbortSignal): Promise<void> {
  const { ctx, unit, tally } = run;
  const before = (await ctx.store.now()) - ctx.config.programme.policy.failAgeMs;
  for await (const records of pagesOf((page) => ctx.store.matchedBefore(Status.finished, before, page), signal)) {
    const commands = records.map(({ id }) => ({ matchingId: id, event: { type: EventType.DEADLINE_PASSED } }));
    const outcomes = await unit.commit((tx) => dispatchIn(tx, ctx, commands, unit.cause), signal);
    unit.settle(outcomes);
    tally.add('failed', outcomes.filter(({ outcome }) => outcome === 'moved').length);
  }
}
