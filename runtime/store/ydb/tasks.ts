// The task queue: claimed under a lease, settled under a fence. Enqueueing belongs to the transaction that causes the task.
import type { MatchingId } from '../../../machines/ids.ts';
import type { PageRequest } from '../../store.ts';
import { type ClaimedTask, type Queue, queues, type QueueStats, type TaskQueue, TaskState, type TaskView, unsettledStates } from '../../tasks.ts';
import { positionOfRow, rowsAfter, sortRows } from './bucketed-page.ts';
import { claimTasks } from './claim.ts';
import type { Answer, YdbClient } from './client.ts';
import { readInteger, readMoment, readText } from './columns.ts';
import { YdbFailure } from './failure.ts';
import { newestFirst, pageOf, positionOf } from './paging.ts';
import { Permits } from './permits.ts';
import { bind, type BoundPart } from './query.ts';
import { taskFrom } from './result-columns.ts';
import { type RetryOptions, retrying } from './retry.ts';
import { taskLists, taskParts } from './task-parts.ts';
import { taskKey } from './transaction.ts';
import type { Row } from './values.ts';

const purgeLimit = 100;
/** A finished task is kept this long at most, whether anybody purges or not. */
const keepDoneMs = 7 * 86_400_000;
const states: readonly TaskState[] = Object.values(TaskState);

export interface TaskAccess {
  readonly client: YdbClient;
  readonly retry: RetryOptions;
}

export function taskQueue(access: TaskAccess): TaskQueue {
  const settle = (task: ClaimedTask, change: Change): Promise<boolean> => settleTask(access, task, change);
  // Workers of one process would only meet over the same rows.
  const claiming = new Permits(1);
  let turn = 0;
  return {
    claim: async (request) => {
      const done = await claiming.take();
      try {
        return await claimTasks(access.client, access.retry, { ...request, turn: (turn += 1) });
      } finally {
        done();
      }
    },
    extend: (task, leaseMs) => settle(task, { state: TaskState.running, delayMs: leaseMs }),
    complete: (task) => settle(task, { state: TaskState.done, delayMs: null }),
    retry: (task, { refused, ...when }) => settle(task, { state: TaskState.pending, ...when, refusals: refused ? 1 : 0 }),
    bury: (task, error) => settle(task, { state: TaskState.dead, delayMs: null, error }),
    release: (task) => settle(task, { state: TaskState.pending, delayMs: 0, uncounted: 1 }),
    revive: (id) => revive(access, id),
    find: async (id) => (await rowsOf(access, bind(taskParts.find, taskKey(id)))).map(taskFrom)[0] ?? null,
    list: (filter, page) => listTasks(access, filter, page),
    stats: () => countTasks(access),
    purge: (olderThanMs) => purgeDone(access, olderThanMs),
  };
}

function reading({ client, retry }: TaskAccess, part: BoundPart): Promise<Answer> {
  return retrying(retry, () => client.read([part]));
}

async function rowsOf(access: TaskAccess, part: BoundPart): Promise<Row[]> {
  return ((await reading(access, part)).parts[0] ?? []).flat();
}

/** Oldest first. */
export async function tasksOfMatching(access: TaskAccess, id: MatchingId): Promise<TaskView[]> {
  const rows = await rowsOf(access, bind(taskParts.ofMatching, { matching_id: id }));
  return sortRows(rows, { at: 'created_at', descending: false }).map(taskFrom);
}

interface Change {
  readonly state: TaskState;
  /** Null for a task that will not be due again. */
  readonly delayMs: number | null;
  readonly error?: string;
  /** Attempts to take back. */
  readonly uncounted?: number;
  /** To add. */
  readonly refusals?: number;
}

/**
 * Only the holder of a fence settles under it. So after a commit of unknown outcome the row tells: still running under this fence, it
 * was not settled yet; in the wanted state under it, it was.
 */
async function settleTask({ client, retry }: TaskAccess, { id, fence }: ClaimedTask, change: Change): Promise<boolean> {
  const { state, delayMs, error = null, uncounted = 0, refusals = 0 } = change;
  const keep = state === TaskState.done ? keepDoneMs : null;
  const values = { ...taskKey(id), fence, state, delay: delayMs, uncounted, refusals, error, keep };
  let unsure = false;
  return retrying(retry, (previous) => {
    unsure ||= previous instanceof YdbFailure && previous.kind === 'undetermined';
    return client.transaction(async ({ run }) => {
      const { parts } = await run([bind(taskParts.settle, values)]);
      const [row] = parts[0]?.[0] ?? [];
      const mine = row !== undefined && readInteger(row, 'fence') === fence;
      const running = mine && readText(row, 'state') === TaskState.running;
      return { commit: running, result: running || (unsure && mine && readText(row, 'state') === state) };
    });
  });
}

function revive({ client, retry }: TaskAccess, id: string): Promise<boolean> {
  return retrying(retry, () => client.transaction(async ({ run }) => {
    const { parts } = await run([bind(taskParts.revive, taskKey(id))]);
    const found = (parts[0]?.[0] ?? []).length > 0;
    return { commit: found, result: found };
  }));
}

interface TaskFilter {
  readonly queue?: Queue;
  readonly state?: TaskState;
}

/** Newest first. */
async function listTasks(access: TaskAccess, filter: TaskFilter, page: PageRequest): Promise<{ items: TaskView[]; nextCursor: string | null }> {
  const place = { position: positionOf(page, newestFirst), limit: page.limit };
  const wantedStates = filter.state === undefined ? states : [filter.state];
  const wanted = (filter.queue === undefined ? queues : [filter.queue]).flatMap((queue) => wantedStates.map((state) => ({ queue, state })));
  const ask = { query: (parts: readonly BoundPart[]) => retrying(access.retry, () => access.client.read(parts)) };
  const lists = await Promise.all(wanted.map((values) => rowsAfter(ask, taskLists.inState, values, place)));
  const rows = sortRows(lists.flat(), taskLists.inState);
  const { items, nextCursor } = pageOf(rows, page.limit, taskFrom, (row) => positionOfRow(row, taskLists.inState));
  return { items: [...items], nextCursor };
}

async function countTasks(access: TaskAccess): Promise<QueueStats[]> {
  const { parts, nowMicros } = await reading(access, bind(taskParts.stats, {}));
  const rows = (parts[0] ?? []).flat();
  const nowMs = Number(nowMicros / 1_000n);
  return queues.flatMap((queue) => unsettledStates.map((state) => {
    // One row for each bucket that has such tasks.
    const found = rows.filter((each) => each['queue'] === queue && each['state'] === state);
    const count = found.reduce((sum, row) => sum + readInteger(row, 'tasks'), 0);
    const oldestAgeMs = Math.max(0, ...found.map((row) => nowMs - readMoment(row, 'oldest')));
    return { queue, state, count, oldestAgeMs };
  }));
}

/** In batches, each by key: a range would meet the tasks that finish meanwhile. */
async function purgeDone(access: TaskAccess, age: number): Promise<number> {
  for (let total = 0; ; ) {
    const settled = await rowsOf(access, bind(taskParts.settled, { age, page_limit: purgeLimit }));
    if (settled.length === 0) return total;
    total += await purgeKeys(access, settled, age);
  }
}

function purgeKeys({ client, retry }: TaskAccess, rows: readonly Row[], age: number): Promise<number> {
  const keys = rows.map((row) => ({ bucket: readInteger(row, 'bucket'), id: readText(row, 'id') }));
  return retrying(retry, () => client.transaction(async ({ run }) => {
    const { parts } = await run([bind(taskParts.purge, { task_keys: keys, age })]);
    const removed = (parts[0]?.[0] ?? []).length;
    return { commit: removed > 0, result: removed };
  }));
}
