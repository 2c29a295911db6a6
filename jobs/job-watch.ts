// What the process shows of its jobs: live progress for the console, metrics for the monitoring.
import type { Context } from '../runtime/context.ts';
import { overdueStage } from '../runtime/gauges.ts';
import type { JobName, JobProgress, JobReport } from './report.ts';

type Shown = Pick<Context, 'operations' | 'metrics'>;

export function noteStart({ operations }: Shown, job: JobName): void {
  operations.trigger.jobStarted({ job, atMs: Date.now() });
}

export function noteProgress({ operations }: Shown, job: JobName, { rows, counts }: JobProgress): void {
  operations.trigger.jobProgressed({ job, rows, counts: { ...counts } });
}

export function noteEnd(shown: Shown, { job, outcome, counts, dryRun }: JobReport): void {
  const atMs = Date.now();
  const { rows = 0, ...named } = counts;
  noteProgress(shown, job, { rows, counts: named });
  shown.operations.trigger.jobEnded({ job, outcome, atMs });
  if (dryRun) return;
  shown.metrics.jobRuns.inc({ job, outcome });
  for (const [name, count] of Object.entries(counts)) {
    const stage = overdueStage(name);
    if (stage === null) shown.metrics.jobRows.inc({ job, outcome: name }, count);
    else if (outcome === 'succeeded') shown.metrics.overdue.set({ stage }, count);
  }
  if (outcome === 'succeeded') shown.metrics.jobLastSuccess.set({ job }, atMs / 1000);
}
