// The whole service while YDB is away: it starts, says what is wrong, keeps enrolments on its disk, applies for them, and recovers by
// itself.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Profile } from '../../machines/ids.ts';
import { tablePaths } from '../sandbox/tables.ts';
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

function startWorld(extra: Readonly<Record<string, string>> = {}): Promise<RunningWorld> {
  const environment = {
    STORE: 'ydb', YDB_CONNECTION_STRING: ydb.connectionString,
    IMPORT_MATCHINGS_EVERY: '500ms', IMPORT_RESULTS_EVERY: '500ms', FINISH_PROGRAMME_EVERY: '500ms', FAIL_GRACE: '30d', ...extra,
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

interface Enrolled {
  readonly participation: { readonly matching_id: string; readonly status: string };
}

test('starts without YDB, degraded, keeps an enrolment, and gives it to YDB once that is there', async () => {
  await ydb.stopListening();
  world = await startWorld();
  expect(await readiness()).toEqual({ http: 200, status: 'degraded', store: 'store_unavailable' });
  const kept = await enrol(0);
  const promised = (await kept.json()) as Enrolled;
  expect([kept.status, promised]).toMatchObject([202, { participation: { status: 'created' }, degraded: ['store'] }]);
  const seen = await (await call(profileOf(0), 'GET', 'participation')).json();
  expect(seen).toEqual({ participation: promised.participation, roles: ['newbie'], degraded: ['store'] });
  await ydb.listenAgain();
  await untilWell();
  await vi.waitFor(async () => expect((await enrol(0)).status).toBe(200), { timeout: 10_000 });
  expect((await (await enrol(0)).json()) as Enrolled).toMatchObject({ participation: { matching_id: promised.participation.matching_id } });
}, 60_000);

test('an enrolment that neither YDB nor the spool can keep is refused', async () => {
  await ydb.stopListening();
  world = await startWorld({ SPOOL_MAX_RECORDS: '1' });
  expect((await enrol(0)).status).toBe(202);
  const refused = await enrol(1);
  expect([refused.status, refused.headers.has('retry-after')]).toEqual([503, true]);
  const { checks } = (await (await fetch(`${world.adminUrl}/ready`)).json()) as { checks: Record<string, string> };
  expect(checks['spool']).toBe('spool_full');
  expect(await (await fetch(`${world.adminUrl}/metrics`)).text()).toMatch(/mentorship_spool_rejects_total\{reason="full"\} 1/);
  await ydb.listenAgain();
}, 60_000);

test('YDB away under load: everybody is acknowledged and applied for, and all end as they were promised', async () => {
  world = await startWorld();
  await untilWell();
  expect((await enrol(0)).ok).toBe(true);
  const load = Array.from({ length: drivers - 1 }, async (_, index) => {
    const answer = await enrol(index + 1);
    expect([201, 202]).toContain(answer.status);
    return ((await answer.json()) as Enrolled).participation.matching_id;
  });
  await ydb.stopListening();
  const promised = await Promise.all(load);
  // Refused or, on a busy machine, not answered in time: away all the same.
  expect(await readiness()).toEqual({ http: 200, status: 'degraded', store: expect.stringMatching(/^(store_unavailable|timeout)$/) });
  const [enrolment, list] = await Promise.all([enrol(1), call(profileOf(0), 'GET', 'contacts')]);
  expect([enrolment.status, list.status]).toEqual([202, 503]);
  await vi.waitFor(async () => {
    const applications = await world.tableRows(tablePaths.YT_NEW_DRIVERS);
    expect(applications.map((row) => row['matching_id'])).toEqual(expect.arrayContaining(promised));
  }, { timeout: 20_000, interval: 100 });
  await ydb.listenAgain();
  await untilWell();
  await world.untilSettled(drivers);
  for (const [index, matchingId] of promised.entries()) {
    const answer = await enrol(index + 1);
    expect([answer.status, ((await answer.json()) as Enrolled).participation.matching_id]).toEqual([200, matchingId]);
  }
}, 120_000);
