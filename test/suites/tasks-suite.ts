// What every task queue adapter promises: at least once, leased, fenced, fair.
import { describe, expect, test } from 'vitest';
import { type ClaimedTask, type NewTask, Queue, queues, TaskState, unsettledStates } from '../../runtime/tasks.ts';
import { newTask, suiteStartMs } from './records.ts';
import { allPages, type OpenStore, storeOfEachTest } from './store-under-test.ts';

const leaseMs = 30_000;

export function tasksSuite(name: string, open: OpenStore): void {
  describe(`${name}: tasks`, () => {
    const under = storeOfEachTest(open);
    const enqueue = (task: NewTask): Promise<boolean> => under().store.transact((tx) => tx.enqueue(task));
    const claim = (limit = 10, owner = 'worker'): Promise<ClaimedTask[]> => under().tasks.claim({ owner, limit, leaseMs });
    const claimOne = async (): Promise<ClaimedTask> => {
      const [task] = await claim(1);
      if (task === undefined) throw new TypeError('nothing is due');
      return task;
    };

    test('hands a task out as it was given in', async () => {
      const longPayload = `{"json":"${'ж'.repeat(2_000)}"}`;
      const task = newTask({ id: `application:${'p'.repeat(200)}`, queue: 'create_application', payload: longPayload });
      expect(await enqueue(task)).toBe(true);
      const { id, queue, matchingId, payload } = task;
      expect(await claim()).toEqual([{ id, queue, matchingId, payload, attempt: 1, refusals: 0, fence: 1 }]);
      expect(await claim()).toEqual([]);
    });

    test('adds a waiting, running or dead task no second time', async () => {
      const { tasks } = under();
      const task = newTask();
      await enqueue(task);
      expect(await enqueue({ ...task, payload: 'second' })).toBe(false);
      const claimed = await claimOne();
      expect(claimed.payload).toBe(task.payload);
      expect(await enqueue(task)).toBe(false);
      await tasks.bury(claimed, 'internal: no');
      expect(await enqueue(task)).toBe(false);
      expect(await tasks.find(task.id)).toMatchObject({ state: 'dead' });
    });

    test('starts a finished task anew with its new payload, under a higher fence', async () => {
      const { tasks } = under();
      const task = newTask();
      await enqueue(task);
      const before = await claimOne();
      await tasks.complete(before);
      expect(await enqueue({ ...task, payload: 'new' })).toBe(true);
      const after = await claimOne();
      expect(after).toMatchObject({ id: task.id, payload: 'new', attempt: 1 });
      expect(after.fence).toBeGreaterThan(before.fence);
      expect(await tasks.complete(before)).toBe(false);
    });

    test('waits out the delay of a task on the database’s clock', async () => {
      const { passTime } = under();
      await enqueue(newTask({ delayMs: 1_000 }));
      passTime(999);
      expect(await claim()).toEqual([]);
      passTime(1);
      expect(await claim()).toHaveLength(1);
    });

    test('takes the tasks that were due first', async () => {
      const { passTime } = under();
      await enqueue(newTask({ id: 'later', delayMs: 2 }));
      await enqueue(newTask({ id: 'sooner', delayMs: 1 }));
      passTime(5);
      expect((await claim(1)).map(({ id }) => id)).toEqual(['sooner']);
      expect((await claim(1)).map(({ id }) => id)).toEqual(['later']);
    });

    test.each([
      { full: Queue.announce, other: Queue.create_application },
      { full: Queue.create_application, other: Queue.announce },
    ])('lets no backlog of $full keep $other waiting', async ({ full, other }) => {
      const { store, passTime } = under();
      await store.transact(async (tx) => {
        for (let index = 0; index < 50; index += 1) await tx.enqueue(newTask({ queue: full }));
      });
      passTime(1_000);
      await enqueue(newTask({ id: 'alone', queue: other }));
      expect((await claim(2)).map(({ id }) => id)).toContain('alone');
      await enqueue(newTask({ id: 'alone again', queue: other }));
      const inTurn = [...await claim(1), ...await claim(1)];
      expect(inTurn.map(({ id }) => id)).toContain('alone again');
    });

    test('gives no more of a queue than there is room for, and the rest of the limit to the others', async () => {
      for (let index = 0; index < 4; index += 1) {
        for (const queue of queues) await enqueue(newTask({ id: `${queue}:${index}`, queue }));
      }
      const asked = { owner: 'worker', limit: 4, leaseMs, room: { create_application: 1, announce: 8 } };
      expect((await under().tasks.claim(asked)).map(({ queue }) => queue).sort()).toEqual(['announce', 'announce', 'announce', 'create_application']);
      const full = { ...asked, room: { create_application: -1, announce: 0 } };
      expect(await under().tasks.claim(full)).toEqual([]);
    });

    test('gives one task to one of many workers that ask at once', async () => {
      const { store } = under();
      await store.transact(async (tx) => {
        for (let index = 0; index < 20; index += 1) await tx.enqueue(newTask());
      });
      const claimed = (await Promise.all(Array.from({ length: 10 }, (_, index) => claim(3, `worker-${index}`)))).flat();
      expect(claimed).toHaveLength(20);
      expect(new Set(claimed.map(({ id }) => id)).size).toBe(20);
    });

    test('hands a task out again once its lease has run out, and counts the attempt', async () => {
      const { tasks, passTime } = under();
      await enqueue(newTask());
      const lost = await claimOne();
      passTime(leaseMs - 1);
      expect(await claim()).toEqual([]);
      passTime(1);
      const taken = await claimOne();
      expect(taken).toMatchObject({ id: lost.id, attempt: 2, fence: lost.fence + 1 });
      expect(await tasks.complete(lost)).toBe(false);
      expect(await tasks.retry(lost, { delayMs: 0, error: 'x', refused: true })).toBe(false);
      expect(await tasks.bury(lost, 'x')).toBe(false);
      expect(await tasks.release(lost)).toBe(false);
      expect(await tasks.extend(lost, 1)).toBe(false);
      expect(await tasks.find(lost.id)).toMatchObject({ state: 'running', attempt: 2, lastError: null });
      expect(await tasks.complete(taken)).toBe(true);
    });

    test('keeps a task whose lease is extended', async () => {
      const { tasks, passTime } = under();
      await enqueue(newTask());
      const task = await claimOne();
      passTime(leaseMs - 1);
      expect(await tasks.extend(task, leaseMs)).toBe(true);
      passTime(leaseMs - 1);
      expect(await claim()).toEqual([]);
      expect(await tasks.find(task.id)).toMatchObject({ state: 'running', visibleAtMs: suiteStartMs + 2 * leaseMs - 1 });
    });

    test('settles a task once', async () => {
      const { tasks } = under();
      await enqueue(newTask());
      const task = await claimOne();
      expect(await tasks.complete(task)).toBe(true);
      expect(await tasks.complete(task)).toBe(false);
      expect(await tasks.retry(task, { delayMs: 0, error: 'late', refused: true })).toBe(false);
      expect(await tasks.find(task.id)).toMatchObject({ state: 'done' });
    });

    test('runs a failed task again after its delay, with the error kept', async () => {
      const { tasks, passTime } = under();
      await enqueue(newTask());
      const task = await claimOne();
      expect(await tasks.retry(task, { delayMs: 5_000, error: 'yt_unavailable: busy', refused: false })).toBe(true);
      const waiting = { state: 'pending', attempt: 1, lastError: 'yt_unavailable: busy', visibleAtMs: suiteStartMs + 5_000 };
      expect(await tasks.find(task.id)).toMatchObject(waiting);
      expect(await claim()).toEqual([]);
      passTime(5_000);
      expect(await claim()).toMatchObject([{ id: task.id, attempt: 2 }]);
    });

    test('counts apart the failures that were no outages, until the task is revived or begins anew', async () => {
      const { tasks } = under();
      const task = newTask();
      await enqueue(task);
      const failed = async (refused: boolean): Promise<number> => {
        const claimed = await claimOne();
        await tasks.retry(claimed, { delayMs: 0, error: 'internal: unexpected failure', refused });
        return claimed.refusals;
      };
      const seen = [await failed(true), await failed(false), await failed(true)];
      const third = await claimOne();
      expect([...seen, third.refusals]).toEqual([0, 1, 1, 2]);
      expect(third.attempt).toBe(4);
      await tasks.release(third);
      expect((await claimOne()).refusals).toBe(2);
      const dying = { ...third, fence: third.fence + 1 };
      await tasks.bury(dying, 'internal: unexpected failure');
      await tasks.revive(task.id);
      expect([await failed(true), await failed(false)]).toEqual([0, 1]);
      await tasks.complete(await claimOne());
      await enqueue(task);
      expect(await claimOne()).toMatchObject({ attempt: 1, refusals: 0 });
    });

    test('takes a released task back as if it had never been claimed', async () => {
      const { tasks } = under();
      await enqueue(newTask());
      const task = await claimOne();
      expect(await tasks.release(task)).toBe(true);
      expect(await tasks.find(task.id)).toMatchObject({ state: 'pending', attempt: 0 });
      expect(await claim()).toMatchObject([{ id: task.id, attempt: 1, fence: task.fence + 1 }]);
    });

    test('revives a dead or waiting task at an operator’s word, and no other', async () => {
      const { tasks, passTime } = under();
      await enqueue(newTask({ id: 'buried' }));
      await tasks.bury(await claimOne(), 'announcement_refused: no');
      await enqueue(newTask({ id: 'waiting', delayMs: 60_000 }));
      passTime(10);
      expect(await tasks.revive('buried')).toBe(true);
      expect(await tasks.revive('waiting')).toBe(true);
      expect(await tasks.revive('unknown')).toBe(false);
      const claimed = await claim();
      expect(claimed.map(({ id, attempt }) => `${id} ${attempt}`).sort()).toEqual(['buried 1', 'waiting 1']);
      expect(await tasks.revive('waiting')).toBe(false);
      await tasks.complete(claimed[0] ?? newClaim());
      expect(await tasks.revive(claimed[0]?.id ?? '')).toBe(false);
    });

    test('commits a task with the transaction that causes it, or not at all', async () => {
      const { store, tasks } = under();
      await expect(store.transact(async (tx) => {
        await tx.enqueue(newTask({ id: 'rolled back' }));
        throw new RangeError('no');
      })).rejects.toThrow('no');
      expect(await tasks.find('rolled back')).toBeNull();
    });

    test('lists by queue and state in pages, newest first', async () => {
      const { tasks, passTime } = under();
      const ids = ['a', 'b', 'c', 'd', 'e'];
      for (const [index, id] of ids.entries()) {
        await enqueue(newTask({ id, queue: index % 2 === 0 ? 'announce' : 'create_application', delayMs: id === 'a' ? 0 : 1_000 }));
        passTime(1);
      }
      const found = async (filter: { queue?: Queue; state?: TaskState }) => {
        const pages = await allPages(2, (page) => tasks.list(filter, page));
        return pages.flat().map(({ id }) => id);
      };
      await claim();
      expect(await found({})).toEqual(['e', 'd', 'c', 'b', 'a']);
      expect(await found({ queue: 'announce' })).toEqual(['e', 'c', 'a']);
      expect(await found({ state: TaskState.running })).toEqual(['a']);
      expect(await found({ queue: 'create_application', state: TaskState.pending })).toEqual(['d', 'b']);
      expect(await found({ state: TaskState.dead })).toEqual([]);
    });

    test('counts unsettled tasks by queue and state, with the age of the oldest', async () => {
      const { tasks, passTime } = under();
      await enqueue(newTask());
      passTime(40);
      await enqueue(newTask());
      passTime(2);
      const stats = await tasks.stats();
      expect(stats).toHaveLength(queues.length * unsettledStates.length);
      expect(stats).toContainEqual({ queue: 'announce', state: 'pending', count: 2, oldestAgeMs: 42 });
      expect(stats).toContainEqual({ queue: 'create_application', state: 'dead', count: 0, oldestAgeMs: 0 });
    });

    test('purges only done tasks that were settled long enough ago', async () => {
      const { tasks, passTime } = under();
      for (const id of ['old', 'fresh', 'dead', 'waiting']) await enqueue(newTask({ id, delayMs: id === 'waiting' ? 1e9 : 0 }));
      const claimed = new Map((await claim()).map((task) => [task.id, task]));
      await tasks.complete(claimed.get('old') ?? newClaim());
      await tasks.bury(claimed.get('dead') ?? newClaim(), 'internal: no');
      passTime(1_000);
      await tasks.complete(claimed.get('fresh') ?? newClaim());
      passTime(1);
      expect(await tasks.purge(1_000)).toBe(1);
      expect(await tasks.find('old')).toBeNull();
      expect(await Promise.all(['fresh', 'dead', 'waiting'].map((id) => tasks.find(id)))).not.toContain(null);
      expect(await tasks.purge(1_000)).toBe(0);
    });
  });
}

function newClaim(): ClaimedTask {
  throw new TypeError('a task that the test needs was not claimed');
}
