// Claiming tasks: a look at what is due, then a claim of those rows by key, so that workers meet only over the same task.
import { type ClaimedTask, type ClaimRequest, queues, roomOf } from '../../tasks.ts';
import type { YdbClient } from './client.ts';
import { readAs, readInteger, readMatchingId, readText } from './columns.ts';
import { YdbFailure } from './failure.ts';
import { bind } from './query.ts';
import { isQueue } from './result-columns.ts';
import { type RetryOptions, retrying } from './retry.ts';
import { taskParts } from './task-parts.ts';
import type { Row } from './values.ts';

export interface TurnedRequest extends ClaimRequest {
  /** The queue whose turn it is to be first. */
  readonly turn: number;
}

type TaskKey = { readonly bucket: number; readonly id: string };

/** Looks after a lost race for all tasks seen: somebody else works, so there may be others. */
const maxLooks = 5;

export async function claimTasks(client: YdbClient, retry: RetryOptions, request: TurnedRequest): Promise<ClaimedTask[]> {
  let attempted: readonly TaskKey[] = [];
  return retrying(retry, async (previous) => {
    if (previous instanceof YdbFailure && previous.kind === 'undetermined') {
      const held = await heldTasks(client, attempted, request);
      if (held.length > 0) return held;
    }
    for (let look = 1; ; look += 1) {
      attempted = await dueTasks(client, request);
      if (attempted.length === 0) return [];
      const claimed = await claimKeys(client, attempted, request);
      if (claimed.length > 0 || look === maxLooks) return claimed;
    }
  });
}

async function dueTasks(client: YdbClient, request: TurnedRequest): Promise<TaskKey[]> {
  const { limit, turn } = request;
  const { parts } = await client.read([bind(taskParts.due, { page_limit: limit })]);
  const rows = (parts[0] ?? []).flat();
  const due = queues.map((queue) => rows.filter((row) => row['queue'] === queue).sort(dueFirst).slice(0, roomOf(request, queue)));
  return inTurns(due, turn).slice(0, limit).map((row) => ({ bucket: readInteger(row, 'bucket'), id: readText(row, 'id') }));
}

function dueFirst(a: Row, b: Row): number {
  return readInteger(a, 'visible_at') - readInteger(b, 'visible_at') || readInteger(a, 'seq') - readInteger(b, 'seq');
}

/** One of each queue at a time, so that no backlog keeps the others waiting; the first in turn changes with every claim. */
function inTurns(lists: readonly (readonly Row[])[], start: number): Row[] {
  const longest = Math.max(...lists.map((list) => list.length));
  const rotated = lists.map((_, place) => lists[(place + start) % lists.length] ?? []);
  return Array.from({ length: longest }, (_, place) => rotated.flatMap((list) => list.slice(place, place + 1))).flat();
}

function claimKeys(client: YdbClient, keys: readonly TaskKey[], { owner, leaseMs }: ClaimRequest): Promise<ClaimedTask[]> {
  return client.transaction(async ({ run }) => {
    const { parts } = await run([bind(taskParts.claim, { task_keys: keys, owner, lease: leaseMs })]);
    const claimed = (parts[0]?.[0] ?? []).map(claimedFrom);
    return { commit: claimed.length > 0, result: inOrder(keys, claimed) };
  });
}

function inOrder(keys: readonly TaskKey[], tasks: readonly ClaimedTask[]): ClaimedTask[] {
  const byId = new Map(tasks.map((task) => [task.id, task]));
  return keys.flatMap(({ id }) => byId.get(id) ?? []);
}

// The owner's name is his alone, and he had none of these before: what he holds now he got by the unanswered commit. Should that still
// come later, the tasks return when the lease that nobody knows of runs out.
async function heldTasks(client: YdbClient, keys: readonly TaskKey[], { owner }: ClaimRequest): Promise<ClaimedTask[]> {
  const { parts } = await client.read([bind(taskParts.held, { task_keys: keys, owner })]);
  return inOrder(keys, (parts[0]?.[0] ?? []).map(claimedFrom));
}

function claimedFrom(row: Row): ClaimedTask {
  return {
    id: readText(row, 'id'),
    queue: readAs(row, 'queue', isQueue),
    matchingId: readMatchingId(row),
    payload: readText(row, 'payload'),
    attempt: readInteger(row, 'attempt'),
    refusals: readInteger(row, 'refusals'),
    fence: readInteger(row, 'fence'),
  };
}
