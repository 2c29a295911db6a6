// How many round trips to YDB each operation takes, counted in the local server's log of calls; and that none of them reads a whole table.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { MatchingId } from '../../../machines/ids.ts';
import type { Context } from '../../../runtime/context.ts';
import { dispatch } from '../../../runtime/mentorship/dispatch.ts';
import { enrol } from '../../../runtime/mentorship/enroll.ts';
import { aProfile, figures, newTask, suiteStartMs } from '../../suites/records.ts';
import { aPersonOf, contextOn, matchedWith } from './ydb-lifecycle.ts';
import { openOnLocalServer, type YdbUnderTest } from './ydb-stores.ts';

let ydb: YdbUnderTest;
let ctx: Context;
const measured: Record<string, number> = {};

beforeAll(async () => {
  ydb = await openOnLocalServer();
  ctx = contextOn(ydb);
});
afterAll(async () => {
  await ydb.close();
  console.table(measured);
});

const countedCalls = new Set(['Query.ExecuteQuery', 'Query.CommitTransaction', 'Query.BeginTransaction']);

/** Round trips that carry a query, a begin or a commit. */
async function roundTrips<Result>(name: string, work: () => Promise<Result>): Promise<{ trips: number; result: Result }> {
  const before = ydb.server.calls.length;
  const result = await work();
  const trips = ydb.server.calls.slice(before).filter(({ rpc }) => countedCalls.has(rpc)).length;
  measured[name] = trips;
  return { trips, result };
}

/** So many enrolments have the counts of statuses folded in the background, which are no trips of what comes next. */
async function quiet(): Promise<void> {
  for (let seen = -1; seen !== ydb.server.calls.length;) {
    seen = ydb.server.calls.length;
    await sleep(500);
  }
}

async function enrolled(): Promise<MatchingId> {
  const person = aPersonOf();
  const made = await enrol(ctx, person, { caller: person.profiles[0] ?? aProfile(), idempotencyKey: null });
  return made.participation.matchingId;
}

test('enrols in three', async () => {
  const person = aPersonOf([aProfile(), aProfile()]);
  const request = { caller: person.profiles[0] ?? aProfile(), idempotencyKey: 'first try' };
  const first = await roundTrips('enrol', () => enrol(ctx, person, request));
  expect(first.result.outcome).toBe('created');
  expect(first.trips).toBeLessThanOrEqual(3);
  const second = await roundTrips('enrol again', () => enrol(ctx, person, { ...request, idempotencyKey: null }));
  expect(second.result).toMatchObject({ outcome: 'existing', participation: { matchingId: first.result.participation.matchingId } });
  expect(second.trips).toBeLessThanOrEqual(3);
});

test('dispatches one event in three, the check of a lease included', async () => {
  const matchingId = await enrolled();
  const lease = await ydb.leases.acquire('import', 'me', 60_000) ?? undefined;
  expect(lease).toBeDefined();
  const event = matchedWith(suiteStartMs);
  const cause = { actor: 'job:import-matchings', ...(lease === undefined ? {} : { lease }) };
  const { trips, result } = await roundTrips('dispatch', () => dispatch(ctx, [{ matchingId, event }], cause));
  expect(result).toMatchObject([{ outcome: 'moved', to: 'matched' }]);
  expect(trips).toBeLessThanOrEqual(3);
});

test('dispatches five hundred events in six', async () => {
  const ids = await Promise.all(Array.from({ length: 500 }, enrolled));
  const commands = ids.map((matchingId) => ({ matchingId, event: matchedWith(suiteStartMs) }));
  await quiet();
  const { trips, result } = await roundTrips('dispatch 500', () => dispatch(ctx, commands, { actor: 'job:import-matchings' }));
  expect(result.filter(({ outcome }) => outcome === 'moved')).toHaveLength(500);
  expect(trips).toBeLessThanOrEqual(6);
});

test('shows contacts in one', async () => {
  const matchingId = await enrolled();
  const mentor = aProfile();
  await dispatch(ctx, [{ matchingId, event: matchedWith(suiteStartMs, mentor) }], { actor: 'operator' });
  await dispatch(ctx, [{ matchingId, event: { type: 'MATCH_ANNOUNCED', epoch: 1 } }], { actor: 'operator' });
  const { trips, result } = await roundTrips('contacts', () => ydb.store.contacts({ profiles: [mentor], hideAfterMs: 1 }));
  expect(result.dialogs).toMatchObject([{ matching: { id: matchingId }, transitions: [{}, {}, {}] }]);
  expect(trips).toBe(1);
});

test('rematches twenty in as many as one, though each retires its figures', async () => {
  const ids = await Promise.all(Array.from({ length: 20 }, enrolled));
  const rematch = (connectedAt: number) => dispatch(ctx, ids.map((matchingId) => ({ matchingId, event: matchedWith(connectedAt) })), { actor: 'job:import-matchings' });
  await rematch(suiteStartMs);
  const { trips, result } = await roundTrips('rematch 20', () => rematch(suiteStartMs + 1));
  expect(result.filter(({ outcome }) => outcome === 'moved')).toHaveLength(20);
  expect(trips).toBeLessThanOrEqual(3);
});

test('claims tasks in three and settles each in two', async () => {
  await ydb.store.transact((tx) => tx.enqueue(newTask()));
  const claimed = await roundTrips('claim', () => ydb.tasks.claim({ owner: 'me', limit: 8, leaseMs: 1_000 }));
  expect(claimed.result.length).toBeGreaterThan(0);
  expect(claimed.trips).toBe(3);
  for (const task of claimed.result) expect(await roundTrips('ack', () => ydb.tasks.complete(task))).toEqual({ trips: 2, result: true });
  const idle = await roundTrips('claim when nothing is due', () => ydb.tasks.claim({ owner: 'me', limit: 1, leaseMs: 1 }).then(() => null));
  expect(idle.trips).toBeLessThanOrEqual(3);
});

test('merges the figures of a batch, asking about none of them alone', async () => {
  const ids = await Promise.all(Array.from({ length: 20 }, enrolled));
  const { trips, result } = await roundTrips('merge 20 results', () => ydb.store.transact(async (tx) => {
    const changed: boolean[] = [];
    for (const { id, newbie } of await tx.matchings(ids)) changed.push(await tx.mergeResults(id, newbie, figures({ sh_7d: '1' })));
    return changed;
  }));
  expect(result).toEqual(ids.map(() => true));
  expect(trips).toBe(3);
});

test('tells in a dry run which tasks are there already, though it commits nothing', async () => {
  const task = newTask();
  await ydb.store.transact((tx) => tx.enqueue(task));
  const answers: boolean[] = [];
  const dryRun = ydb.store.transact(async (tx) => {
    answers.push(await tx.enqueue(task));
    throw new RangeError('dry run');
  });
  await expect(dryRun).rejects.toThrow('dry run');
  expect(answers.at(-1)).toBe(false);
});

test('reads no whole table for a driver, a task or a job', () => {
  const operators = /status_counts|tasks VIEW by_state GROUP BY/;
  const scans = ydb.server.fullScans.filter(({ text }) => !operators.test(text) && !text.includes('schema_versions'));
  expect(scans).toEqual([]);
});
