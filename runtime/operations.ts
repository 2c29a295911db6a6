// In-process operational state: progress of this host's jobs, the upstreams' breakers, the actors of running tasks and jobs. Never anything that must survive.
import { createStore } from '@xstate/store';
import type { ActorStep } from './actor-steps.ts';

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
  /** Whether anybody looks at live actors: tasks tell their steps only then. */
  readonly actorsWatched: boolean;
  /** Subscribers see each step here once: the store tells them of every one as it comes. */
  readonly lastStep: ActorStep | null;
  /** The last step of each running task told of, and of each job. */
  readonly actors: Readonly<Record<string, ActorStep>>;
}

const idle: JobProgress = { state: 'idle', startedAtMs: null, rows: 0, counts: {}, lastOutcome: null, lastFinishedAtMs: null };

function updateJob(context: OperationsContext, job: string, change: Partial<JobProgress>): OperationsContext {
  return { ...context, jobs: { ...context.jobs, [job]: { ...(context.jobs[job] ?? idle), ...change } } };
}

/** A job is one of five and stays until its next run; tasks come and go. */
function keepStep(actors: OperationsContext['actors'], step: ActorStep): OperationsContext['actors'] {
  const key = `${step.machine}:${step.entity}`;
  if (step.machine === 'import' || step.status === 'active') return { ...actors, [key]: step };
  return Object.fromEntries(Object.entries(actors).filter(([name]) => name !== key));
}

const nothingYet: OperationsContext = { jobs: {}, breakers: {}, draining: false, actorsWatched: false, lastStep: null, actors: {} };

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
      actorMoved: (context, { step }: { step: ActorStep }) => ({ ...context, lastStep: step, actors: keepStep(context.actors, step) }),
      actorsWatched: (context, { watched }: { watched: boolean }) => ({ ...context, actorsWatched: watched }),
    },
  });
}

export type Operations = ReturnType<typeof createOperations>;
