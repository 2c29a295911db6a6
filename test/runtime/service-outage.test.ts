// The whole service while YDB is away: it starts, says what is wrong, refuses what it cannot keep, and recovers by itself.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Profile } from '../../machines/ids.ts';
import { RunningWorld } from '../sandbox/running-world.ts';
import { startYdbServer, type YdbServer } from '../ydb-server/server.ts';

const drivers = 12;
let ydb: YdbServer;
let world: RunningWorld;
const stray: unknown[] = [];
const catchStray = (reason: unknown): void => void stray.push(reason);

beforeEach(async () => {
  process.on('unhandledRejection', catchStray);
  process.env['YDB_ANONYMOUS_CREDENTIALS'] = '1';
  ydb = await startYdbServer();
});
afterEach(async () => {
  await world.stop();
  await ydb.close();
  process.off('unhandledRejection', catchStray);
  expect(stray).toEqual([]);
});

function startWorld(): Promise<RunningWorld> {
  const environment = {
    STORE: 'ydb', YDB_CONNECTION_STRING: ydb.connectionString,
    IMPORT_MATCHINGS_EVERY: '500ms', IMPORT_RESULTS_EVERY: '500ms', FINISH_PROGRAMME_EVERY: '500ms', FAIL_GRACE: '30d',
  };
  return RunningWorld.start({ drivers, speed: 3, environment });
}

async function call(profile: Profile, method: string, path: string): Promise<Response> {
  const token = await world.network.token(profile);
  return fetch(`${world.driverUrl}/driver/v1/mentorship/${path}`, { method, headers: { authorization: `Bearer ${token}` } });
}

function profileOf(index: number): Profile {
  const person = world.network.people.newbies[index];
  if (person === undefined) throw new RangeError(`there is no newbie ${index}`);
  return person.profiles[0];
}

async function readiness(): Promise<{ http: number; status: string; store: string }> {
  const response = await fetch(`${world.adminUrl}/ready`);
  const { status, checks } = (await response.json()) as { status: string; checks: Record<string, string> };
  return { http: response.status, status, store: checks['store'] ?? 'missing' };
}

const enrol = (index: number): Promise<Response> => call(profileOf(index), 'POST', 'participation');

async function untilWell(): Promise<void> {
  await vi.waitFor(async () => expect(await readiness()).toMatchObject({ store: 'ok' }), { timeout: 20_000, interval: 50 });
}

test('starts without YDB, degraded, and works once YDB is there', async () => {
  await ydb.stopListening();
  world = await startWorld();
  expect(await readiness()).toEqual({ http: 200, status: 'degraded', store: 'store_unavailable' });
  const refused = await enrol(0);
  expect([refused.status, refused.headers.has('retry-after')]).toEqual([503, true]);
  await ydb.listenAgain();
  await untilWell();
  await vi.waitFor(async () => expect((await enrol(0)).status).toBe(201), { timeout: 10_000 });
}, 60_000);

test('YDB away under load: enrolments and lists are refused, nothing acknowledged is lost, and all go on to the end', async () => {
  world = await startWorld();
  await vi.waitFor(async () => expect((await enrol(0)).status).toBe(201), { timeout: 10_000 });
  const acknowledged = new Set<number>([0]);
  const load = Array.from({ length: drivers - 1 }, async (_, index) => {
    if ((await enrol(index + 1)).ok) acknowledged.add(index + 1);
  });
  await ydb.stopListening();
  await Promise.all(load);
  expect(await readiness()).toEqual({ http: 200, status: 'degraded', store: 'store_unavailable' });
  const [enrolment, list] = await Promise.all([enrol(1), call(profileOf(0), 'GET', 'contacts')]);
  expect([enrolment.status, list.status]).toEqual([503, 503]);
  await ydb.listenAgain();
  await untilWell();
  for (const index of acknowledged) expect((await enrol(index)).status).toBe(200);
  for (let index = 0; index < drivers; index += 1) expect((await enrol(index)).ok).toBe(true);
  await world.untilSettled(drivers);
}, 120_000);
