// The task queue port over the tables in memory.
import {
  type ClaimedTask, type ClaimRequest, type NewTask, queues, type QueueStats, roomOf, TaskState, type TaskQueue, type TaskView, unsettledStates,
} from '../../../runtime/tasks.ts';
import type { Access, Session } from './access.ts';
import { pageBy } from './listing.ts';
import type { Numbered, TaskRow } from './tables.ts';

export function enqueue({ tables, now }: Session, { id, queue, matchingId, payload, delayMs }: NewTask): boolean {
  const present = tables.get('tasks', id);
  if (present !== null && present.state !== TaskState.done) return false;
  tables.put('tasks', id, {
    id, queue, matchingId, payload, state: TaskState.pending, attempt: 0, refusals: 0, fence: present?.fence ?? 0, owner: null, lastError: null,
    visibleAtMs: now + delayMs, createdAtMs: now, updatedAtMs: now,
  });
  return true;
}

export function taskView({ id, queue, matchingId, state, attempt, lastError, visibleAtMs, createdAtMs, updatedAtMs }: TaskRow): TaskView {
  return { id, queue, matchingId, state, attempt, lastError, visibleAtMs, createdAtMs, updatedAtMs };
}

export function taskQueue({ read, write }: Pick<Access, 'read' | 'write'>): TaskQueue {
  let turn = 0;
  const settle = (task: ClaimedTask, change: (row: TaskRow, now: number) => Partial<TaskRow>): Promise<boolean> => write(({ tables, now }) => {
    const row = tables.get('tasks', task.id);
    if (row === null || row.fence !== task.fence || row.state !== TaskState.running) return false;
    tables.put('tasks', row.id, { ...row, visibleAtMs: now, updatedAtMs: now, ...change(row, now) });
    return true;
  });
  return {
    claim: (request) => {
      turn += 1;
      const firstQueue = turn;
      return write((session) => claimDue(session, request, firstQueue));
    },
    extend: (task, leaseMs) => settle(task, (_row, now) => ({ visibleAtMs: now + leaseMs })),
    complete: (task) => settle(task, () => ({ state: TaskState.done })),
    retry: (task, { delayMs, error, refused }) => settle(task, ({ refusals }, now) =>
      ({ state: TaskState.pending, visibleAtMs: now + delayMs, lastError: error, refusals: refusals + (refused ? 1 : 0) })),
    bury: (task, lastError) => settle(task, () => ({ state: TaskState.dead, lastError })),
    release: (task) => settle(task, ({ attempt }) => ({ state: TaskState.pending, attempt: attempt - 1 })),
    revive: (id) => write(({ tables, now }) => {
      const row = tables.get('tasks', id);
      if (row === null || (row.state !== TaskState.dead && row.state !== TaskState.pending)) return false;
      tables.put('tasks', id, { ...row, state: TaskState.pending, attempt: 0, refusals: 0, visibleAtMs: now, updatedAtMs: now });
      return true;
    }),
    find: (id) => read(({ tables }) => {
      const row = tables.get('tasks', id);
      return row === null ? null : taskView(row);
    }),
    list: (filter, page) => read((session) => {
      const found = ({ row }: Numbered<TaskRow>): boolean =>
        (filter.queue === undefined || row.queue === filter.queue) && (filter.state === undefined || row.state === filter.state);
      const { items, nextCursor } = pageBy(session, { table: 'tasks', found, moment: (row: TaskRow) => row.createdAtMs, newest: true }, page);
      return { items: items.map(taskView), nextCursor };
    }),
    stats: () => read((session) => queues.flatMap((queue) => unsettledStates.map((state) => statsOf(session, queue, state)))),
    purge: (olderThanMs) => write(({ tables, now }) => {
      const old = tables.rows('tasks').filter(({ state, updatedAtMs }) => state === TaskState.done && updatedAtMs < now - olderThanMs);
      for (const { id } of old) tables.remove('tasks', id);
      return old.length;
    }),
  };
}

/** One of each queue at a time; the first in turn changes with every claim. */
function claimDue({ tables, now }: Session, request: ClaimRequest, firstQueue: number): ClaimedTask[] {
  const { owner, limit, leaseMs } = request;
  const waiting = (state: TaskState): boolean => state === TaskState.pending || state === TaskState.running;
  const due = tables.numbered('tasks').filter(({ row }) => waiting(row.state) && row.visibleAtMs <= now)
    .sort((a, b) => a.row.visibleAtMs - b.row.visibleAtMs || a.seq - b.seq);
  const ofQueue = queues.map((queue) => due.filter(({ row }) => row.queue === queue).slice(0, roomOf(request, queue)));
  const lists = queues.map((_, place) => ofQueue[(place + firstQueue) % queues.length] ?? []);
  const longest = Math.max(...lists.map((list) => list.length));
  const inTurns = Array.from({ length: longest }, (_, place) => lists.flatMap((list) => list[place] ?? [])).flat();
  return inTurns.slice(0, limit).map(({ row }) => {
    const taken = { ...row, state: TaskState.running, attempt: row.attempt + 1, fence: row.fence + 1, owner, visibleAtMs: now + leaseMs, updatedAtMs: now };
    tables.put('tasks', row.id, taken);
    const { id, queue, matchingId, payload, attempt, refusals, fence } = taken;
    return { id, queue, matchingId, payload, attempt, refusals, fence };
  });
}

function statsOf({ tables, now }: Session, queue: TaskRow['queue'], state: TaskState): QueueStats {
  const rows = tables.rows('tasks').filter((row) => row.queue === queue && row.state === state);
  const oldest = rows.length === 0 ? now : Math.min(...rows.map(({ createdAtMs }) => createdAtMs));
  return { queue, state, count: rows.length, oldestAgeMs: now - oldest };
}
