// In-process operational state: progress of this host's jobs and the upstreams' breakers. Never anything that must survive.
import { createStore } from '@xstate/store';

export interface JobProgress {
  readonly state: 'idle' | 'running';
  readonly startedAtMs: number | null;
  readonly rows: number;
  readonly counts: Readonly<Record<string, number>>;
  readonly lastOutcome: string | null;
  readonly lastFinishedAtMs: number | null;
}
export type BreakerState = 'closed' | 'half_open' | 'open';

interface OperationsContext {
  readonly jobs: Readonly<Record<string, JobProgress>>;
  readonly breakers: Readonly<Record<string, BreakerState>>;
  readonly draining: boolean;
}

const idle: JobProgress = { state: 'idle', startedAtMs: null, rows: 0, counts: {}, lastOutcome: null, lastFinishedAtMs: null };

function updateJob(context: OperationsContext, job: string, change: Partial<JobProgress>): OperationsContext {
  return { ...context, jobs: { ...context.jobs, [job]: { ...(context.jobs[job] ?? idle), ...change } } };
}

const nothingYet: OperationsContext = { jobs: {}, breakers: {}, draining: false };

// The store's type is inferred from its transitions: spelling it out would repeat every payload.
// oxlint-disable-next-line typescript/explicit-module-boundary-types
export function createOperations() {
  return createStore({
    context: nothingYet,
    on: {
      jobStarted: (context, event: { job: string; atMs: number }) =>
        updateJob(context, event.job, { state: 'running', startedAtMs: event.atMs, rows: 0, counts: {} }),
      jobProgressed: (context, event: { job: string; rows: number; counts: Record<string, number> }) =>
        updateJob(context, event.job, { rows: event.rows, counts: event.counts }),
      jobEnded: (context, event: { job: string; outcome: string; atMs: number }) =>
        updateJob(context, event.job, { state: 'idle', lastOutcome: event.outcome, lastFinishedAtMs: event.atMs }),
      breakerChanged: (context, event: { upstream: string; state: BreakerState }) => ({
        ...context,
        breakers: { ...context.breakers, [event.upstream]: event.state },
      }),
      drainStarted: (context) => ({ ...context, draining: true }),
    },
  });
}

export type Operations = ReturnType<typeof createOperations>;
