// What a caller may believe of a commit on YDB, whatever became of its reply; and what a failed transaction leaves behind.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { newTask } from '../../suites/records.ts';
import { Status } from '../../ydb-server/errors.ts';
import type { FaultRule } from '../../ydb-server/faults.ts';
import { openOnLocalServer, type YdbUnderTest } from './ydb-stores.ts';

const commit = 'Query.CommitTransaction';
let ydb: YdbUnderTest;

beforeEach(async () => {
  ydb = await openOnLocalServer({}, { attemptTimeoutMs: 250 });
});
afterEach(() => ydb.close());

/** Run twice over, it counts two. */
async function count(): Promise<{ runs: number; value: string }> {
  let runs = 0;
  const value = await ydb.store.transact(async (tx) => {
    runs += 1;
    const next = String(Number((await tx.jobState('counter')) ?? '0') + 1);
    await tx.putJobState('counter', next);
    return next;
  });
  return { runs, value };
}

const applied: readonly FaultRule[] = [
  { rpc: commit, at: 'after', fault: { kind: 'grpc', code: 14 } },
  { rpc: commit, at: 'after', fault: { kind: 'grpc', code: 1 } },
  { rpc: commit, at: 'after', fault: { kind: 'hang' } },
  { rpc: commit, at: 'after', fault: { kind: 'status', status: Status.UNDETERMINED } },
  { rpc: commit, at: 'after', fault: { kind: 'status', status: Status.UNAVAILABLE } },
];

test.each(applied)('answers what was committed, without running it again, when the reply is lost: $fault', async (fault) => {
  ydb.server.faults.add(fault);
  expect(await count()).toEqual({ runs: 1, value: '1' });
  expect(await ydb.store.jobState('counter')).toBe('1');
  expect(ydb.server.faults.fired).toHaveLength(1);
});

const lost: readonly FaultRule[] = applied.map(({ rpc, fault }) => ({ rpc, fault }));

test.each(lost)('runs a transaction again only once it is known that it was not committed: $fault', async (fault) => {
  ydb.server.faults.add(fault);
  expect(await count()).toEqual({ runs: 2, value: '1' });
  expect(await ydb.store.jobState('counter')).toBe('1');
});

test('does not let a commit count that comes after its caller has given it up', async () => {
  ydb.server.faults.add({ rpc: commit, fault: { kind: 'delay', ms: 500 } });
  const first = await count();
  expect(first.value).toBe('1');
  await expect.poll(() => ydb.server.openTransactions).toBe(0);
  expect(await ydb.store.jobState('counter')).toBe('1');
  expect((await count()).value).toBe('2');
});

test('leaves the outcome of a commit unknown to nobody while the lookup of it fails too', async () => {
  ydb.server.faults.add({ rpc: commit, at: 'after', fault: { kind: 'status', status: Status.UNDETERMINED }, times: 3 });
  expect(await count()).toEqual({ runs: 1, value: '1' });
});

test('tells that a commit is undecided when it cannot be found out', async () => {
  const hasty = await openOnLocalServer({}, { attemptTimeoutMs: 100, retryBudgetMs: 300 });
  hasty.server.faults.add({ rpc: commit, at: 'after', fault: { kind: 'status', status: Status.UNDETERMINED } });
  hasty.server.faults.add({
    rpc: 'Query.ExecuteQuery', fault: { kind: 'status', status: Status.UNAVAILABLE }, times: Number.POSITIVE_INFINITY,
    matches: ({ text }) => text.includes('resolve_marker'),
  });
  await expect(hasty.store.transact((tx) => tx.putJobState('a', 'b'))).rejects.toMatchObject({ code: 'store_unavailable' });
  await hasty.close();
});

test('claims the same tasks, not others, when the reply of the claim is lost', async () => {
  await ydb.store.transact(async (tx) => {
    for (const id of ['a', 'b', 'c']) await tx.enqueue(newTask({ id }));
  });
  ydb.server.faults.add({ rpc: commit, at: 'after', fault: { kind: 'grpc', code: 14 } });
  const claimed = await ydb.tasks.claim({ owner: 'me', limit: 2, leaseMs: 1_000 });
  expect(claimed).toMatchObject([{ id: 'a', attempt: 1, fence: 1 }, { id: 'b', attempt: 1, fence: 1 }]);
});

test('knows a task for settled when the reply is lost, and does not count a release twice', async () => {
  await ydb.store.transact((tx) => tx.enqueue(newTask({ id: 'a' })));
  const [task = expect.unreachable()] = await ydb.tasks.claim({ owner: 'me', limit: 1, leaseMs: 1_000 });
  ydb.server.faults.add({ rpc: commit, at: 'after', fault: { kind: 'grpc', code: 14 } });
  expect(await ydb.tasks.release(task)).toBe(true);
  expect(await ydb.tasks.find('a')).toMatchObject({ state: 'pending', attempt: 0 });
  expect(await ydb.tasks.release(task)).toBe(false);
});

test('holds a lock of which the reply was lost, under one epoch that counts', async () => {
  ydb.server.faults.add({ rpc: commit, at: 'after', fault: { kind: 'grpc', code: 14 } });
  const lease = await ydb.leases.acquire('job', 'me', 10_000) ?? expect.unreachable();
  await ydb.store.transact((tx) => tx.assertLease(lease));
  expect(await ydb.leases.acquire('job', 'other', 10_000)).toBeNull();
});

test('leaves no transaction open behind a callback that throws, nor its writes to the next', async () => {
  const failing = ydb.store.transact(async (tx) => {
    await tx.jobState('counter');
    await tx.putJobState('counter', 'leaked');
    throw new RangeError('ours');
  });
  await expect(failing).rejects.toThrow('ours');
  expect(ydb.server.openTransactions).toBe(0);
  expect((await count()).value).toBe('1');
});

test('fails a transaction whose read failed, though its callback caught the error', async () => {
  ydb.server.faults.add({ rpc: 'Query.ExecuteQuery', fault: { kind: 'status', status: Status.BAD_REQUEST } });
  const stubborn = ydb.store.transact(async (tx) => {
    await tx.jobState('counter').catch(() => null);
    await tx.putJobState('counter', '1');
  });
  await expect(stubborn).rejects.toMatchObject({ code: 'internal' });
  expect(await ydb.store.jobState('counter')).toBeNull();
});

test('does not take a stream that was cut short for an empty answer', async () => {
  await count();
  ydb.server.faults.add({ rpc: 'Query.ExecuteQuery', fault: { kind: 'end' } });
  expect(await ydb.store.jobState('counter')).toBe('1');
  ydb.server.faults.add({ rpc: 'Query.ExecuteQuery', at: 'between', fault: { kind: 'end' } });
  expect(await ydb.store.jobState('counter')).toBe('1');
});
