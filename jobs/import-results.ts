// `import-results` (requirements 5.9, A18): the CRM's progress figures, and the announcements that have become due.
import type { MatchingId } from '../machines/ids.ts';
import type { ProgressFigures } from '../runtime/store.ts';
import type { TableSnapshot } from '../runtime/yt.ts';
import { forEachBatch } from './batches.ts';
import type { Job, JobRun } from './job.ts';
import { JobName } from './report.ts';
import { settleCandidates, Stage } from './progress-due.ts';
import { findCandidates, type Candidate, type Candidates } from './progress-candidates.ts';
import { ifThere } from './missing-table.ts';
import { createRejectLog, RejectSource } from './rejects.ts';
import { decodeResult, resultColumns, type ResultRow } from './rows.ts';

type FiguresOf = Map<MatchingId, ProgressFigures>;

export const importResults: Job = {
  name: JobName['import-results'],
  begin(run) {
    let candidates: readonly Candidate[] = [];
    let figures: FiguresOf = new Map();
    return {
      read: async (signal) => {
        const found = await findCandidates(run.ctx, signal);
        candidates = found.all;
        run.tally.add('candidates', candidates.length);
        // Present even when zero, so that the gauge falls back once nobody is overdue.
        for (const stage of Object.values(Stage)) run.tally.add(stage, 0);
        if (candidates.length === 0) return false;
        figures = await readFigures(run, found, signal);
        return true;
      },
      apply: (signal) => forEachBatch(candidates, (batch) => applyBatch(run, batch, figures, signal), signal),
    };
  },
};

async function readFigures(run: JobRun, candidates: Candidates, signal: AbortSignal): Promise<FiguresOf> {
  const { yt, config } = run.ctx;
  const path = config.yt.results;
  const read = (): Promise<FiguresOf> => yt.readTable(path, resultColumns, (table) => collect(run, table, candidates, signal), signal);
  return (await ifThere(run, { source: RejectSource.results, path }, read, signal)) ?? new Map();
}

async function collect(run: JobRun, table: TableSnapshot, candidates: Candidates, signal: AbortSignal): Promise<FiguresOf> {
  const rejects = createRejectLog(run, RejectSource.results, await run.ctx.store.now());
  const figures: FiguresOf = new Map();
  for await (const raw of table.rows()) {
    run.tally.row();
    const decoded = decodeResult(raw);
    if ('reject' in decoded) await rejects.add(raw, decoded, signal);
    else for (const id of candidates.byUdid.get(decoded.row.udid) ?? []) figures.set(id, merged(figures.get(id), decoded.row));
  }
  await rejects.flush(signal);
  return figures;
}

/** A person's rows complete one another; where they differ the later one holds. */
function merged(earlier: ProgressFigures | undefined, { figures }: ResultRow): ProgressFigures {
  if (earlier === undefined) return figures;
  const present = Object.entries(figures).filter(([, figure]) => figure !== null);
  return { ...earlier, ...Object.fromEntries(present) };
}

async function applyBatch(run: JobRun, batch: readonly Candidate[], figures: FiguresOf, signal: AbortSignal): Promise<void> {
  const { unit, tally, ctx } = run;
  const settled = await unit.commit((tx) => settleCandidates(tx, ctx, batch, figures), signal);
  tally.add('figures_changed', settled.changed);
  tally.add('announced', settled.announced.length);
  tally.addEach(settled.overdue);
  unit.foresee(settled.announced);
}
