// YDB away at the start, away for a while, back on its own: the store needs no restart and nobody waits for long meanwhile.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { realTime } from '../../../runtime/clock.ts';
import { openYdbStore, type YdbStore } from '../../../runtime/store/ydb/store.ts';
import { migrations } from '../../../runtime/store/ydb/tables.ts';
import { startYdbServer, type YdbServer } from '../../ydb-server/server.ts';
import { anonymous, silentLog } from './ydb-stores.ts';

const unavailable = { code: 'store_unavailable', retryable: true };
let server: YdbServer;
let opened: YdbStore;
const stray: unknown[] = [];
const catchStray = (reason: unknown): void => void stray.push(reason);

function open(): YdbStore {
  const { connectionString } = server;
  const patience = { attemptTimeoutMs: 500, retryBudgetMs: 2_000 };
  return openYdbStore({ connectionString, timescale: realTime, log: silentLog, credentials: anonymous, ...patience });
}

beforeEach(async () => {
  process.on('unhandledRejection', catchStray);
  server = await startYdbServer();
});
afterEach(async () => {
  await opened.store.close();
  await server.close();
  process.off('unhandledRejection', catchStray);
  expect(stray).toEqual([]);
});

async function answersAgain(): Promise<void> {
  await vi.waitFor(() => opened.store.ping(), { timeout: 10_000, interval: 20 });
}

/** How long a refusal takes, in milliseconds. */
async function refusal(work: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await expect(work()).rejects.toMatchObject(unavailable);
  return performance.now() - startedMs;
}

test('opens without YDB, refuses at once, and works as soon as YDB is there', async () => {
  await server.stopListening();
  opened = open();
  await refusal(() => opened.store.ping());
  expect(await refusal(() => opened.store.transact((tx) => tx.putJobState('a', '1')))).toBeLessThan(100);
  expect(await refusal(() => opened.tasks.claim({ owner: 'me', limit: 1, leaseMs: 1 }))).toBeLessThan(100);
  await server.listenAgain();
  const applied = await vi.waitFor(() => opened.store.migrate(), { timeout: 10_000, interval: 20 });
  expect(applied).toEqual(migrations.map(({ version }) => version));
  await opened.store.transact((tx) => tx.putJobState('a', '1'));
  expect(await opened.store.jobState('a')).toBe('1');
});

test('loses its server in the middle of work and finds it again', async () => {
  opened = open();
  await opened.store.migrate();
  await Promise.all(Array.from({ length: 20 }, () => opened.store.now()));
  await server.stopListening();
  await Promise.all(Array.from({ length: 20 }, () => refusal(() => opened.store.transact((tx) => tx.putJobState('a', '1')))));
  await vi.waitFor(async () => expect(await refusal(() => opened.store.now())).toBeLessThan(50), { timeout: 10_000, interval: 20 });
  await server.listenAgain();
  await answersAgain();
  await opened.store.transact((tx) => tx.putJobState('a', '2'));
  expect(await opened.store.jobState('a')).toBe('2');
});

test('works on when the server was restarted while nobody asked', async () => {
  opened = open();
  await opened.store.migrate();
  await Promise.all(Array.from({ length: 20 }, () => opened.store.now()));
  await server.stopListening();
  await server.listenAgain();
  await answersAgain();
  await opened.store.transact((tx) => tx.putJobState('a', '1'));
  expect(await opened.store.jobState('a')).toBe('1');
});

test('ends calls that a silent server swallows, and works on with a new connection', async () => {
  opened = open();
  await opened.store.migrate();
  server.blackHole();
  const slowest = await Promise.all(Array.from({ length: 5 }, () => refusal(() => opened.store.now())));
  expect(Math.max(...slowest)).toBeLessThan(5_000);
  server.resume();
  await answersAgain();
  await opened.store.transact((tx) => tx.putJobState('a', '1'));
  expect(await opened.store.jobState('a')).toBe('1');
});

test('lets sessions end, as a node does before it leaves, without failing a call', async () => {
  opened = open();
  await opened.store.migrate();
  await Promise.all(Array.from({ length: 20 }, () => opened.store.now()));
  server.endSessions();
  await Promise.all(Array.from({ length: 20 }, (_, index) => opened.store.transact((tx) => tx.putJobState(`state ${index}`, '1'))));
  expect(await opened.store.jobState('state 19')).toBe('1');
});
