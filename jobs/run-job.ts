// One run of one job, on any host: lock, read, apply, and a record of it. The import machine holds the order; this file gives it
// the stages and turns the end into a report.
import { createActor, waitFor, type InspectionEvent, type Observer, type SnapshotFrom } from 'xstate';
import { importMachine, type Counts } from '../machines/import.ts';
import { tellSteps, type ActorStep } from '../runtime/actor-steps.ts';
import type { Context } from '../runtime/context.ts';
import { asServiceError, describeError, ServiceError } from '../runtime/errors.ts';
import type { HeldLock } from '../runtime/lock.ts';
import type { JobRunRecord } from '../runtime/store.ts';
import { inRootSpan } from '../runtime/trace.ts';
import type { Job, JobRun, JobStages } from './job.ts';
import type { JobOutcome, JobProgress, JobReport } from './report.ts';
import { closeRecord, isDue, openRecord } from './run-record.ts';
import { createTally, type Tally } from './tally.ts';
import { dryRunUnit, leasedUnit, type DryRun } from './unit-of-work.ts';

export interface RunOptions {
  /** Takes no lock, writes nothing, and reports what would change. */
  readonly dryRun: boolean;
  /** A scheduled run of a daily job ends as `not_due` when today's has succeeded; without this it runs all the same. */
  readonly onlyIfDue?: boolean;
  readonly onProgress?: (progress: JobProgress) => void;
  /** Told of each state the run comes to: a handful. */
  readonly onStep?: (step: ActorStep) => void;
}

/** Does not throw: whatever goes wrong is in the report. */
export async function runJob(ctx: Context, job: Job, options: RunOptions, signal: AbortSignal): Promise<JobReport> {
  const attributes = { 'mentorship.job': job.name, 'mentorship.dry_run': options.dryRun };
  return inRootSpan(ctx.tracing, null, { name: `job ${job.name}`, kind: 'internal', attributes }, async (span) => {
    const report = await runTraced(ctx, job, options, signal);
    span.set({ 'mentorship.outcome': report.outcome, 'mentorship.rows': report.counts['rows'] ?? 0 });
    return report;
  });
}

async function runTraced(ctx: Context, job: Job, options: RunOptions, signal: AbortSignal): Promise<JobReport> {
  const attempt: Attempt = {
    ctx, job, options,
    tally: createTally(options.onProgress),
    dry: options.dryRun ? dryRunUnit(ctx, { actor: `job:${job.name}` }) : null,
    stop: new AbortController(),
    lock: null, hold: null, record: null, due: true, working: Promise.resolve(),
  };
  const stopTimer = ctx.metrics.jobDuration.startTimer({ job: job.name });
  const end = await record(attempt, await drive(attempt, signal));
  await release(attempt);
  // A run that found the lock taken or nothing due would drown the figures of the real ones.
  if (!options.dryRun && isOver(end)) stopTimer();
  const error = end.error === null ? null : describeError(end.error);
  const counts = attempt.tally.counts();
  ctx.log.info({ job: job.name, outcome: end.outcome, counts, dry_run: options.dryRun, error }, 'job run ended');
  const { name } = job;
  const report = { job: name, outcome: end.outcome, counts, error, dryRun: options.dryRun };
  return attempt.dry === null ? report : { ...report, changes: attempt.dry.changes };
}

interface End {
  readonly outcome: JobOutcome;
  readonly error: unknown;
}

/** A run under way, and what it has taken hold of. */
interface Attempt {
  readonly ctx: Context;
  readonly job: Job;
  readonly options: RunOptions;
  readonly tally: Tally;
  readonly dry: DryRun | null;
  /** Aborted by the caller or by the loss of the lock. */
  readonly stop: AbortController;
  lock: HeldLock | null;
  hold: { readonly run: JobRun; readonly stages: JobStages } | null;
  record: JobRunRecord | null;
  due: boolean;
  /** The present stage. A cancelled machine walks away from it, but the lock must not be released before it has ended. */
  working: Promise<unknown>;
}

async function drive(attempt: Attempt, signal: AbortSignal): Promise<End> {
  const { stop } = attempt;
  const stage = <Result>(work: (attempt: Attempt) => Promise<Result>) => (): Promise<Result> => {
    const working = work(attempt);
    attempt.working = working;
    return working;
  };
  const input = { lock: stage(takeLock), read: stage(read), apply: stage(apply) };
  const actor = createActor(importMachine, { input, ...inspection(attempt) });
  stop.signal.addEventListener('abort', () => actor.send({ type: 'CANCELLED', error: stop.signal.reason }), { once: true });
  const cancel = (): void => stop.abort(new ServiceError('cancelled', 'the run was cancelled'));
  signal.addEventListener('abort', cancel, { once: true });
  actor.start();
  if (signal.aborted) cancel();
  const ended = await waitFor(actor, ({ status }) => status === 'done');
  await Promise.allSettled([attempt.working]);
  signal.removeEventListener('abort', cancel);
  if (ended.matches('failed')) return { outcome: signal.aborted ? 'cancelled' : 'failed', error: ended.context.error };
  if (ended.matches('busy')) return { outcome: 'busy', error: null };
  return { outcome: attempt.due ? 'succeeded' : 'not_due', error: null };
}

type ImportContext = SnapshotFrom<typeof importMachine>['context'];

function inspection({ job, options }: Attempt): { readonly inspect?: Observer<InspectionEvent> } {
  if (options.onStep === undefined) return {};
  return { inspect: tellSteps<ImportContext>({ machine: 'import', entity: job.name, redact: shown, tell: options.onStep }) };
}

function shown({ counts, error }: ImportContext): ActorStep['context'] {
  return { counts, error: error === null ? null : asServiceError(error).code };
}

async function takeLock(attempt: Attempt): Promise<boolean> {
  const { ctx, job, stop, tally, dry } = attempt;
  if (dry !== null) {
    hold(attempt, { ctx, unit: dry, tally });
    return true;
  }
  const lock = await ctx.locks.tryAcquire(`job:${job.name}`);
  if (lock === null) return false;
  attempt.lock = lock;
  const lost = (): void => stop.abort(new ServiceError('lock_lost', 'the lock of the job was lost', { cause: lock.signal.reason }));
  lock.signal.addEventListener('abort', lost, { once: true });
  if (lock.signal.aborted) lost();
  hold(attempt, { ctx, unit: leasedUnit(ctx, { actor: `job:${job.name}` }, lock.lease), tally });
  return true;
}

function hold(attempt: Attempt, run: JobRun): void {
  attempt.hold = { run, stages: attempt.job.begin(run) };
}

async function read(attempt: Attempt): Promise<boolean> {
  const { run, stages } = held(attempt);
  const { ctx, job, options, stop } = attempt;
  attempt.due = options.onlyIfDue !== true || (await isDue(ctx, job.name));
  if (!attempt.due) return false;
  if (!options.dryRun) attempt.record = await openRecord(run, job.name);
  stop.signal.throwIfAborted();
  return stages.read(stop.signal);
}

async function apply(attempt: Attempt): Promise<Counts> {
  await held(attempt).stages.apply(attempt.stop.signal);
  return attempt.tally.counts();
}

function held({ hold: taken }: Attempt): { readonly run: JobRun; readonly stages: JobStages } {
  if (taken === null) throw new TypeError('a stage runs only after the lock was taken');
  return taken;
}

/** A success that could not be written down is none: the next run must do the work again. */
async function record(attempt: Attempt, end: End): Promise<End> {
  const { record: opened, hold: taken, ctx, job } = attempt;
  if (opened === null || taken === null || !isOver(end)) return end;
  try {
    await closeRecord(taken.run, opened, end);
    return end;
  } catch (error) {
    ctx.log.warn({ job: job.name, code: asServiceError(error).code }, 'the end of a job run could not be recorded');
    return end.outcome === 'succeeded' ? { outcome: 'failed', error } : end;
  }
}

function isOver(end: End): end is End & { readonly outcome: 'succeeded' | 'failed' | 'cancelled' } {
  return end.outcome !== 'busy' && end.outcome !== 'not_due';
}

async function release({ lock, ctx, job }: Attempt): Promise<void> {
  try {
    await lock?.release();
  } catch (error) {
    // The lease runs out by itself.
    ctx.log.warn({ job: job.name, code: asServiceError(error).code }, 'the lock of a job could not be released');
  }
}
