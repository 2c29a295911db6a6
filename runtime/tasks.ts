// The task queue port: rows committed with the state change that caused them, run at least once, leased while they run.
// Leases and delays are elapsed time on the database's real clock, never programme time.
import type { MatchingId } from '../machines/ids.ts';
import type { EpochMs } from '../machines/matching-record.ts';

export const Queue = {
  create_application: 'create_application',
  announce: 'announce',
} as const;
export type Queue = (typeof Queue)[keyof typeof Queue];
export const queues: readonly Queue[] = Object.values(Queue);

export const TaskState = { pending: 'pending', running: 'running', done: 'done', dead: 'dead' } as const;
export type TaskState = (typeof TaskState)[keyof typeof TaskState];
/** Those in which a task has something ahead of it: a worker, or an operator. */
export const unsettledStates: readonly TaskState[] = [TaskState.pending, TaskState.running, TaskState.dead];

export interface NewTask {
  /** Deterministic: `application:<person>`, `announce:<matching>:<status>:<epoch>`. */
  readonly id: string;
  readonly queue: Queue;
  readonly matchingId: MatchingId;
  /** superjson text. */
  readonly payload: string;
  /** Earliest start, from now. */
  readonly delayMs: number;
}

export interface ClaimRequest {
  readonly owner: string;
  readonly limit: number;
  readonly leaseMs: number;
  /** Of one queue; without it each may have all of `limit`. */
  readonly room?: Readonly<Record<Queue, number>>;
}

/** How many tasks of the queue may be claimed. */
export function roomOf({ limit, room }: ClaimRequest, queue: Queue): number {
  return Math.max(0, Math.min(limit, room?.[queue] ?? limit));
}

/** A task in the hands of one worker. `fence` grows with each claim: an older holder can no longer settle the task. */
export interface ClaimedTask {
  readonly id: string;
  readonly queue: Queue;
  readonly matchingId: MatchingId;
  readonly payload: string;
  /** 1 on the first run. */
  readonly attempt: number;
  /** Runs before this one that failed by no outage. */
  readonly refusals: number;
  readonly fence: number;
}

export interface Failure {
  readonly delayMs: number;
  readonly error: string;
  /** True when it was no outage: counted in `refusals`. */
  readonly refused: boolean;
}

export interface TaskView {
  readonly id: string;
  readonly queue: Queue;
  readonly matchingId: MatchingId;
  readonly state: TaskState;
  readonly attempt: number;
  readonly lastError: string | null;
  /** Database time: due for a pending task, lease end for a running one. */
  readonly visibleAtMs: EpochMs;
  readonly createdAtMs: EpochMs;
  readonly updatedAtMs: EpochMs;
}

export interface QueueStats {
  readonly queue: Queue;
  readonly state: TaskState;
  readonly count: number;
  /** Age of the oldest task in this state. */
  readonly oldestAgeMs: number;
}

export interface TaskQueue {
  /** Takes up to `limit` due tasks, those whose lease ran out included. */
  claim(request: ClaimRequest): Promise<ClaimedTask[]>;
  /** Each settles the task only while `fence` is still the newest; false means the lease was lost. */
  extend(task: ClaimedTask, leaseMs: number): Promise<boolean>;
  complete(task: ClaimedTask): Promise<boolean>;
  retry(task: ClaimedTask, failure: Failure): Promise<boolean>;
  bury(task: ClaimedTask, error: string): Promise<boolean>;
  /** Gives the task back as if it had never been claimed: due now, the attempt not counted. */
  release(task: ClaimedTask): Promise<boolean>;
  /** An operator's retry of a dead or waiting task: due now, attempts and refusals from zero. False when there is no such task to retry. */
  revive(id: string): Promise<boolean>;
  find(id: string): Promise<TaskView | null>;
  list(filter: { queue?: Queue; state?: TaskState }, page: { limit: number; cursor: string | null }): Promise<{ items: TaskView[]; nextCursor: string | null }>;
  /** By queue and unsettled state. Done tasks are not counted: there may be millions. */
  stats(): Promise<QueueStats[]>;
  /** Removes done tasks settled longer ago than `olderThanMs`. Answers how many. */
  purge(olderThanMs: number): Promise<number>;
}
