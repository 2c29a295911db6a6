// What the admin API tells the console: people looked for, the app of a participant, dead tasks retried together, health, 304s.
import { expect, test } from 'vitest';
import type { JobReport } from '../../http/use-cases.ts';
import { problemOf } from './listener.ts';
import { matchingId, nowMs, newbie, row, secondProfile, startAdminApi, task, type AdminApi } from './admin-fakes.ts';

async function getJson({ url }: AdminApi, path: string): Promise<Record<string, unknown>> {
  const response = await fetch(url(path));
  expect(response.status).toBe(200);
  return (await response.json()) as Record<string, unknown>;
}

function filters({ asked }: AdminApi): unknown[] {
  return asked.map((one) => (one as { filter: unknown }).filter);
}

test('finds a driver by the id alone and, when asked, by every profile of the person', async () => {
  const api = await startAdminApi();
  await getJson(api, '/admin/v1/matchings?driver=newbie-1');
  await getJson(api, '/admin/v1/matchings?driver=park-1_newbie-1&person=true&role=newbie');
  await getJson(api, '/admin/v1/matchings?driver=nobody&person=true');
  expect(filters(api)).toEqual([
    { profiles: [newbie] },
    { profiles: [newbie, secondProfile], role: 'newbie' },
    { profiles: [] },
  ]);
});

test('names the upstream that could not tell all profiles of the person', async () => {
  const useCases = { personOf: async () => ({ profiles: [newbie], degraded: ['driver-profiles'] }) };
  const api = await startAdminApi({ useCases });
  expect(await getJson(api, '/admin/v1/matchings?driver=newbie-1&person=true')).toMatchObject({ degraded: ['driver-profiles'] });
});

test('takes no final status for stuck unless it is asked for', async () => {
  const api = await startAdminApi();
  await getJson(api, '/admin/v1/matchings?stuck=1h');
  await getJson(api, '/admin/v1/matchings?stuck=1h&status=failed');
  const inStatusSinceBefore = nowMs - 3_600_000;
  expect(filters(api)).toEqual([
    { statuses: ['created', 'requested', 'matched', 'initialized', 'in_progress', 'finished'], inStatusSinceBefore },
    { statuses: ['failed'], inStatusSinceBefore },
  ]);
});

test('shows what operators did to a matching with everything else of it', async () => {
  const api = await startAdminApi();
  const body = await getJson(api, `/admin/v1/matchings/${matchingId}`);
  expect(body['operator_actions']).toEqual([expect.objectContaining({ action: 'retry_task' })]);
  expect(api.asked).toEqual([{ filter: { matchingId }, page: { limit: 100, cursor: null } }]);
});

test('shows the app of the side asked for, in the language asked for, in the name of the operator', async () => {
  const api = await startAdminApi();
  const response = await fetch(api.url(`/admin/v1/matchings/${matchingId}/preview?side=newbie&locale=en`), { headers: { 'x-operator': 'anna' } });
  expect(await response.json()).toMatchObject({ offer: { show: false }, contacts: { role: 'newbie', contacts: [], unread_total: 0 } });
  expect(api.asked).toEqual([{ matching: row, side: 'newbie', locale: 'en', operator: { actor: 'anna', reason: null } }]);
});

test('has no app to show for a mentor who is not there, nor for a side there is not', async () => {
  const { url } = await startAdminApi();
  expect((await fetch(url(`/admin/v1/matchings/${matchingId}/preview?side=mentor`))).status).toBe(404);
  const wrong = await fetch(url(`/admin/v1/matchings/${matchingId}/preview?side=friend`));
  expect(wrong.status).toBe(400);
  expect((await problemOf(wrong)).detail).toMatch(/"side" must be one of newbie, mentor/);
});

test('retries the dead tasks of a queue, and tells how many and whether any are left', async () => {
  const api = await startAdminApi();
  const response = await fetch(api.url('/admin/v1/tasks/retry?queue=announce&reason=after%20the%20outage'), { method: 'POST' });
  expect(await response.json()).toEqual({ retried: 1, more: false });
  expect(api.asked).toEqual([
    { filter: { state: 'dead', queue: 'announce' }, page: { limit: 200, cursor: null } },
    { id: task.id, operator: { actor: 'operator', reason: 'after the outage' } },
  ]);
});

test('does not count a task that somebody else retried first', async () => {
  const api = await startAdminApi({ useCases: { retryTask: async () => false } });
  const response = await fetch(api.url('/admin/v1/tasks/retry'), { method: 'POST' });
  expect(await response.json()).toEqual({ retried: 0, more: false });
});

test('tells of this instance, its dependencies, its breakers and the tasks', async () => {
  const api = await startAdminApi({ probes: { store: async () => undefined, yt: () => Promise.reject(new Error('away')) } });
  api.operations.trigger.breakerChanged({ upstream: 'personal', state: 'half_open' });
  expect(await getJson(api, '/admin/v1/health')).toMatchObject({
    status: 'degraded',
    checks: { store: 'ok', yt: 'internal', 'breaker:personal': 'half_open' },
    breakers: { personal: 'half_open' },
    tasks: [{ queue: 'announce', state: 'dead', count: 1, oldest_age_ms: 5_000 }],
    store_kind: 'sqlite',
    node: process.version,
  });
});

test('answers an unchanged read with 304 and no body, a changed one anew', async () => {
  let present = 1;
  const stage = { reached: 1, oldestSince: null };
  const funnel = async (): Promise<never> => new Proxy({}, { get: () => ({ ...stage, present }) }) as never;
  const { url } = await startAdminApi({ reads: { funnel } });
  const first = await fetch(url('/admin/v1/funnel'));
  const headers = { 'If-None-Match': first.headers.get('etag') ?? '' };
  const second = await fetch(url('/admin/v1/funnel'), { headers });
  expect([second.status, await second.text()]).toEqual([304, '']);
  present = 2;
  expect((await fetch(url('/admin/v1/funnel'), { headers })).status).toBe(200);
});

test('picks the rejects of a reason out of a page, and still tells where the page ended', async () => {
  const reject = { id: 'r', source: 's', detail: 'newbie_park_id', firstSeenAt: nowMs };
  const items = ['bad_date', 'unknown_newbie', 'bad_date'].map((reason) => ({ ...reject, reason }));
  const api = await startAdminApi({ reads: { rejects: async () => ({ items, nextCursor: 'later' }) } });
  const body = await getJson(api, '/admin/v1/rejects?reason=unknown_newbie');
  expect(body).toMatchObject({ rejects: [{ reason: 'unknown_newbie' }], next_cursor: 'later' });
  expect(body['rejects']).toHaveLength(1);
});

test('what a dry run found can be read when it took longer than its request', async () => {
  const { promise, resolve } = Promise.withResolvers<JobReport>();
  const api = await startAdminApi({ jobWaitMs: 10, useCases: { runJob: () => promise } });
  const asked = (): Promise<Response> => fetch(api.url('/admin/v1/jobs/archive/dry-run'));
  expect((await asked()).status).toBe(404);
  expect((await fetch(api.url('/admin/v1/jobs/archive/run?dry_run=true'), { method: 'POST' })).status).toBe(202);
  expect((await asked()).status).toBe(202);
  resolve({ outcome: 'succeeded', counts: { rows: 1 }, error: null, changes: [{ matchingId, event: 'MATCHED', from: 'requested', to: 'matched' }] });
  await expect.poll(async () => (await asked()).status).toBe(200);
  expect(await (await asked()).json()).toEqual({
    job: 'archive', dry_run: true, outcome: 'succeeded', counts: { rows: 1 }, error: null,
    changes: [{ matching_id: matchingId, event: 'MATCHED', from: 'requested', to: 'matched' }],
  });
});
