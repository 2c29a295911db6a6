// Task rows: enqueued by the transaction that causes them, claimed under a lease, settled under a fence.
import type { MatchingId } from '../../../machines/ids.ts';
import type { PageRequest } from '../../store.ts';
import {
  type ClaimedTask, type ClaimRequest, type NewTask, Queue, queues, type QueueStats, roomOf, type TaskQueue, TaskState, type TaskView, unsettledStates,
} from '../../tasks.ts';
import { readAs, readInteger, readIntegerOrNull, readMatchingId, readText, readTextOrNull } from './columns.ts';
import type { Row } from './database.ts';
import { newestFirst, pageOf, positionOf } from './paging.ts';
import { longestAheadMs, type Session } from './session.ts';
import type { Work } from './transaction.ts';

const view = 'seq, id, queue, matching_id, state, attempt, last_error, visible_at_ms, created_at_ms, updated_at_ms';
const claimedView = 'seq, id, queue, matching_id, payload, attempt, refusals, fence';
const purgeBatch = 1_000;
const states: readonly TaskState[] = Object.values(TaskState);

export const taskSql = {
  enqueue: `INSERT INTO tasks (id, queue, matching_id, payload, state, attempt, fence, visible_at_ms, created_at_ms, updated_at_ms)
    VALUES (?1, ?2, ?3, ?4, 'pending', 0, 0, ?5, ?6, ?6)
    ON CONFLICT (id) DO UPDATE SET queue = ?2, matching_id = ?3, payload = ?4, state = 'pending', attempt = 0, refusals = 0, owner = NULL,
    last_error = NULL, visible_at_ms = ?5, created_at_ms = ?6, updated_at_ms = ?6 WHERE state = 'done'`,
  due: `SELECT ${claimedView} FROM tasks
    WHERE queue = ? AND state IN ('pending', 'running') AND visible_at_ms <= ? ORDER BY visible_at_ms, seq LIMIT ?`,
  misdated: `SELECT ${claimedView} FROM tasks
    WHERE queue = ? AND state IN ('pending', 'running') AND visible_at_ms > ? ORDER BY visible_at_ms, seq LIMIT ?`,
  take: `UPDATE tasks SET state = 'running', attempt = attempt + 1, fence = fence + 1, owner = ?, visible_at_ms = ?, updated_at_ms = ?
    WHERE seq = ?`,
  settle: `UPDATE tasks SET state = ?, visible_at_ms = ?, attempt = attempt - ?, refusals = refusals + ?, last_error = coalesce(?, last_error), updated_at_ms = ?
    WHERE id = ? AND fence = ? AND state = 'running'`,
  revive: `UPDATE tasks SET state = 'pending', attempt = 0, refusals = 0, visible_at_ms = ?1, updated_at_ms = ?1
    WHERE id = ?2 AND state IN ('dead', 'pending')`,
  byId: `SELECT ${view} FROM tasks WHERE id = ?`,
  ofMatching: `SELECT ${view} FROM tasks WHERE matching_id = ? ORDER BY seq`,
  inState: `SELECT ${view} FROM tasks WHERE queue = ? AND state = ? AND (created_at_ms, seq) < (?, ?)
    ORDER BY created_at_ms DESC, seq DESC LIMIT ?`,
  stats: 'SELECT count(*) AS tasks, min(created_at_ms) AS oldest FROM tasks WHERE queue = ? AND state = ?',
  purge: `DELETE FROM tasks WHERE seq IN
    (SELECT seq FROM tasks WHERE state = 'done' AND updated_at_ms < ? ORDER BY updated_at_ms LIMIT ${purgeBatch})`,
} as const;

export interface Access {
  readonly read: <Result>(query: (session: Session) => Result) => Promise<Result>;
  readonly write: <Result>(work: Work<Result>) => Promise<Result>;
}

export function taskQueue({ read, write }: Access): TaskQueue {
  let turn = 0;
  const settle = (task: ClaimedTask, change: Change): Promise<boolean> => write((session) => settleTask(session, task, change));
  return {
    claim: (request) => {
      turn += 1;
      const firstQueue = turn;
      return write((session) => claimDue(session, request, firstQueue));
    },
    extend: (task, leaseMs) => settle(task, { state: TaskState.running, delayMs: leaseMs }),
    complete: (task) => settle(task, { state: TaskState.done }),
    retry: (task, { refused, ...when }) => settle(task, { state: TaskState.pending, ...when, refusals: refused ? 1 : 0 }),
    bury: (task, error) => settle(task, { state: TaskState.dead, error }),
    release: (task) => settle(task, { state: TaskState.pending, uncounted: 1 }),
    revive: (id) => write((session) => session.run(taskSql.revive, session.databaseMs, id) > 0),
    find: (id) => read((session) => session.all(taskSql.byId, id).map(taskFrom)[0] ?? null),
    list: (filter, page) => read((session) => listTasks(session, filter, page)),
    stats: () => read((session) => queues.flatMap((queue) => unsettledStates.map((state) => countTasks(session, queue, state)))),
    purge: (olderThanMs) => purgeDone(write, olderThanMs),
  };
}

export function enqueueTask(session: Session, task: NewTask): boolean {
  const { id, queue, matchingId, payload, delayMs } = task;
  const now = session.databaseMs;
  return session.run(taskSql.enqueue, id, queue, matchingId, payload, now + delayMs, now) > 0;
}

export function tasksOfMatching(session: Session, id: MatchingId): TaskView[] {
  return session.all(taskSql.ofMatching, id).map(taskFrom);
}

function claimDue(session: Session, request: ClaimRequest, firstQueue: number): ClaimedTask[] {
  const { owner, limit, leaseMs } = request;
  const due = queues.map((queue) => dueIn(session, queue, roomOf(request, queue)));
  const chosen = inTurns(due, firstQueue).slice(0, limit);
  for (const row of chosen) session.run(taskSql.take, owner, session.databaseMs + leaseMs, session.databaseMs, readInteger(row, 'seq'));
  return chosen.map(claimedFrom);
}

function dueIn(session: Session, queue: Queue, room: number): Row[] {
  const due = session.all(taskSql.due, queue, session.databaseMs, room);
  return due.length === room ? due : [...due, ...session.all(taskSql.misdated, queue, session.databaseMs + longestAheadMs, room - due.length)];
}

/** One of each queue at a time, so that no backlog keeps the others waiting; the first in turn changes with every claim. */
function inTurns(lists: readonly (readonly Row[])[], start: number): Row[] {
  const longest = Math.max(...lists.map((list) => list.length));
  const rotated = lists.map((_, place) => lists[(place + start) % lists.length] ?? []);
  return Array.from({ length: longest }, (_, place) => rotated.flatMap((list) => list.slice(place, place + 1))).flat();
}

// The row is as it was before it was taken.
function claimedFrom(row: Row): ClaimedTask {
  return {
    id: readText(row, 'id'),
    queue: readAs(row, 'queue', isQueue),
    matchingId: readMatchingId(row),
    payload: readText(row, 'payload'),
    attempt: readInteger(row, 'attempt') + 1,
    refusals: readInteger(row, 'refusals'),
    fence: readInteger(row, 'fence') + 1,
  };
}

interface Change {
  readonly state: TaskState;
  readonly delayMs?: number;
  readonly error?: string;
  /** Attempts to take back. */
  readonly uncounted?: number;
  /** To add. */
  readonly refusals?: number;
}

function settleTask(session: Session, { id, fence }: ClaimedTask, { state, delayMs = 0, error, uncounted = 0, refusals = 0 }: Change): boolean {
  const now = session.databaseMs;
  return session.run(taskSql.settle, state, now + delayMs, uncounted, refusals, error ?? null, now, id, fence) > 0;
}

interface TaskFilter {
  readonly queue?: Queue;
  readonly state?: TaskState;
}

/** Newest first. */
function listTasks(session: Session, filter: TaskFilter, page: PageRequest): { items: TaskView[]; nextCursor: string | null } {
  const position = positionOf(page, newestFirst);
  const wantedQueues = filter.queue === undefined ? queues : [filter.queue];
  const wantedStates = filter.state === undefined ? states : [filter.state];
  const rows = wantedQueues.flatMap((queue) =>
    wantedStates.flatMap((state) => session.all(taskSql.inState, queue, state, ...position, page.limit + 1)));
  const { items, nextCursor } = pageOf(rows.sort(newestTaskFirst), page.limit, taskFrom, placeOf);
  return { items: [...items], nextCursor };
}

function placeOf(row: Row): [number, number] {
  return [readInteger(row, 'created_at_ms'), readInteger(row, 'seq')];
}

function newestTaskFirst(a: Row, b: Row): number {
  const [[createdA, seqA], [createdB, seqB]] = [placeOf(a), placeOf(b)];
  return createdB - createdA || seqB - seqA;
}

function countTasks(session: Session, queue: Queue, state: TaskState): QueueStats {
  const row = session.get(taskSql.stats, queue, state) ?? {};
  const oldest = readIntegerOrNull(row, 'oldest');
  return { queue, state, count: readInteger(row, 'tasks'), oldestAgeMs: oldest === null ? 0 : session.databaseMs - oldest };
}

// In batches: a long delete would keep the write lock from everybody.
async function purgeDone(write: Access['write'], olderThanMs: number): Promise<number> {
  for (let total = 0; ; ) {
    const removed = await write((session) => session.run(taskSql.purge, session.databaseMs - olderThanMs));
    total += removed;
    if (removed < purgeBatch) return total;
  }
}

function isQueue(value: unknown): value is Queue {
  return typeof value === 'string' && Object.hasOwn(Queue, value);
}

function isTaskState(value: unknown): value is TaskState {
  return typeof value === 'string' && Object.hasOwn(TaskState, value);
}

function taskFrom(row: Row): TaskView {
  return {
    id: readText(row, 'id'),
    queue: readAs(row, 'queue', isQueue),
    matchingId: readMatchingId(row),
    state: readAs(row, 'state', isTaskState),
    attempt: readInteger(row, 'attempt'),
    lastError: readTextOrNull(row, 'last_error'),
    visibleAtMs: readInteger(row, 'visible_at_ms'),
    createdAtMs: readInteger(row, 'created_at_ms'),
    updatedAtMs: readInteger(row, 'updated_at_ms'),
  };
}
