// The statements of the task queue. One column says when a task is due and, while it runs, when its lease ends; NULL once it is settled.
import { queues } from '../../tasks.ts';
import { bucketedList } from './bucketed-page.ts';
import { bucketCount, perBucket } from './buckets.ts';
import type { Part } from './query.ts';
import { taskColumns } from './result-columns.ts';

const columns = taskColumns.join(', ');
const byKey = { bucket: 'Uint32', id: 'Utf8' } as const;
const isTask = 'bucket = $bucket AND id = $id';
const isWaiting = `state IN ('dead'u, 'pending'u)`;
const joined = 'FROM AS_TABLE($task_keys) AS k INNER JOIN tasks AS t ON t.bucket = k.bucket AND t.id = k.id';
const claimed = 't.bucket AS bucket, t.id AS id, t.queue AS queue, t.matching_id AS matching_id, t.payload AS payload';

/** One statement per bucket and queue, buckets first. */
function perQueue(text: (place: string) => string): string {
  return perBucket((bucket) => queues.map((queue) => text(`bucket = ${bucket} AND queue = '${queue}'u`)).join('\n'));
}

export const taskParts = {
  // In a snapshot: a range read in the claiming transaction would meet every task enqueued meanwhile.
  due: {
    name: 'due_tasks',
    parameters: { page_limit: 'Uint64' },
    body: perQueue((place) => `SELECT bucket, id, seq, queue, visible_at FROM tasks VIEW by_due WHERE ${place} AND visible_at <= $now
ORDER BY bucket, queue, visible_at, seq, id LIMIT $page_limit;`),
    sets: bucketCount * queues.length,
  },
  // The rows are read before they are changed: the named expression would find them taken afterwards.
  claim: {
    name: 'claim_tasks',
    parameters: { task_keys: byKey, owner: 'Utf8', lease: 'Interval' },
    body: `$claim_tasks_due = (SELECT ${claimed}, t.attempt + 1u AS attempt, COALESCE(t.refusals, 0u) AS refusals, t.fence + 1ul AS fence
${joined} WHERE t.visible_at <= $now);
SELECT * FROM $claim_tasks_due;
UPDATE tasks ON SELECT bucket, id, 'running'u AS state, attempt, refusals, fence, $owner AS owner, $now + $lease AS visible_at, $now AS updated_at
FROM $claim_tasks_due;`,
    sets: 1,
  },
  held: {
    name: 'held_tasks',
    parameters: { task_keys: byKey, owner: 'Utf8' },
    body: `SELECT ${claimed}, t.attempt AS attempt, t.refusals AS refusals, t.fence AS fence ${joined} WHERE t.state = 'running'u AND t.owner = $owner;`,
    sets: 1,
  },
  settle: {
    name: 'settle_task',
    parameters: { ...byKey, fence: 'Uint64', state: 'Utf8', delay: 'Interval?', uncounted: 'Uint32', refusals: 'Uint32', error: 'Utf8?', keep: 'Interval?' },
    body: `SELECT state, fence FROM tasks WHERE ${isTask};
UPDATE tasks SET state = $state, visible_at = $now + $delay, attempt = attempt - $uncounted, refusals = refusals + $refusals,
last_error = COALESCE($error, last_error), expire_at = $now + $keep, updated_at = $now WHERE ${isTask} AND fence = $fence AND state = 'running'u;`,
    sets: 1,
  },
  revive: {
    name: 'revive_task',
    parameters: byKey,
    body: `SELECT id FROM tasks WHERE ${isTask} AND ${isWaiting};
UPDATE tasks SET state = 'pending'u, attempt = 0u, refusals = 0u, visible_at = $now, updated_at = $now WHERE ${isTask} AND ${isWaiting};`,
    sets: 1,
  },
  find: { name: 'find_task', parameters: byKey, body: `SELECT ${columns} FROM tasks WHERE ${isTask};`, sets: 1 },
  ofMatching: {
    name: 'tasks_of_matching',
    parameters: { matching_id: 'Utf8' },
    body: `SELECT ${columns} FROM tasks VIEW by_matching WHERE matching_id = $matching_id;`,
    sets: 1,
  },
  stats: {
    name: 'task_stats',
    parameters: {},
    body: perQueue((place) => `SELECT queue, state, COUNT(*) AS tasks, MIN(created_at) AS oldest FROM tasks VIEW by_state
WHERE ${place} AND state IN ('pending'u, 'running'u, 'dead'u) GROUP BY queue, state;`),
    sets: bucketCount * queues.length,
  },
  settled: {
    name: 'settled_tasks',
    parameters: { age: 'Interval', page_limit: 'Uint64' },
    body: perQueue((place) => `SELECT bucket, id FROM tasks VIEW by_state
WHERE ${place} AND state = 'done'u AND updated_at < $now - $age LIMIT $page_limit;`),
    sets: bucketCount * queues.length,
  },
  purge: {
    name: 'purge_tasks',
    parameters: { task_keys: byKey, age: 'Interval' },
    body: `$purge_tasks_old = (SELECT t.bucket AS bucket, t.id AS id ${joined} WHERE t.state = 'done'u AND t.updated_at < $now - $age);
SELECT id FROM $purge_tasks_old;
DELETE FROM tasks ON SELECT bucket, id FROM $purge_tasks_old;`,
    sets: 1,
  },
} as const satisfies Record<string, Part>;

export const taskLists = {
  inState: bucketedList({
    name: 'tasks_in_state', table: 'tasks', view: 'by_state', columns, equal: { queue: 'Utf8', state: 'Utf8' },
    at: 'created_at', atType: 'Uint64', descending: true,
  }),
} as const;
