// The admin API: what it asks of the ports and how it words their answers.
import { expect, test } from 'vitest';
import type { Statechart } from '../../http/inspector/statechart.ts';
import type { AdminUseCases, JobReport } from '../../http/use-cases.ts';
import { matchingId, mentor, newbie, nowMs, row, startAdminApi, task, type AdminApi } from './admin-fakes.ts';
import { problemOf } from './listener.ts';

const events = `/admin/v1/matchings/${matchingId}/events`;
const unknownId = '11111111-1111-4111-8111-111111111111';
const at = '2026-03-01T12:00:00.000Z';

async function getJson({ url }: AdminApi, path: string): Promise<unknown> {
  const response = await fetch(url(path));
  expect(response.status).toBe(200);
  return response.json();
}

function post({ url }: AdminApi, path: string, body?: unknown): Promise<Response> {
  const init = body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
  return fetch(url(path), { method: 'POST', ...init });
}

test('lists matchings by every filter, measuring stuck on the clock of the store', async () => {
  const api = await startAdminApi();
  const body = await getJson(api, '/admin/v1/matchings?status=matched&driver=park-1_newbie-1&stuck=3d&limit=200&cursor=c1');
  const listed = expect.objectContaining({ id: matchingId, newbie: 'park-1_newbie-1', mentor: 'park-2_mentor-1' }) as unknown;
  expect(body).toEqual({ matchings: [listed], next_cursor: 'next', degraded: [] });
  expect(api.asked).toEqual([
    { filter: { statuses: ['matched'], profiles: [newbie], inStatusSinceBefore: nowMs - 3 * 86_400_000 }, page: { limit: 200, cursor: 'c1' } },
  ]);
});

test('lists the first fifty of all matchings when nothing is said', async () => {
  const api = await startAdminApi();
  await getJson(api, '/admin/v1/matchings');
  expect(api.asked).toEqual([{ filter: {}, page: { limit: 50, cursor: null } }]);
});

test.each([
  ['/admin/v1/matchings?status=gone', /"status" must be one of created, requested/],
  ['/admin/v1/matchings?driver=one_two_three', /"driver" must be <park_id>_<driver_id>/],
  ['/admin/v1/matchings?driver=a_b_c', /"driver" must be <park_id>_<driver_id>/],
  ['/admin/v1/matchings?stuck=soon', /"stuck" must be a duration/],
  ['/admin/v1/matchings?limit=201', /"limit" must be a whole number from 1 to 200/],
  ['/admin/v1/matchings?name=Ivan', /Unknown query parameter "name"/],
  ['/admin/v1/tasks?queue=mail', /"queue" must be one of create_application, announce/],
  ['/admin/v1/tasks?state=done', /"state" must be one of pending, running, dead/],
  ['/admin/v1/rejects?x=1', /Unknown query parameter "x"/],
])('refuses %s', async (path, detail) => {
  const { url, asked } = await startAdminApi();
  const response = await fetch(url(path));
  expect(response.status).toBe(400);
  expect((await problemOf(response)).detail).toMatch(detail);
  expect(asked).toEqual([]);
});

test('shows everything kept of one matching', async () => {
  const api = await startAdminApi();
  expect(await getJson(api, `/admin/v1/matchings/${matchingId}`)).toMatchObject({
    matching: { id: matchingId, status: 'matched', version: 3, epoch: 2, newbie_udid: 'udid-1', mentor_udid: null, completed_at: null },
    transitions: [{ id: 't-1', from: null, to: 'created', event: 'ENROLLED', actor: 'driver', created_at: at }],
    tasks: [{ id: task.id, queue: 'announce', state: 'dead', attempt: 5 }],
    announcements: [{ event_id: 'e-1', recipient: 'mentor', accepted_at: at }],
    results: { figures: { rate_avg_7d: '4.9', rate_avg_14d: null } },
    allowed_events: ['MATCHED', 'MATCH_ANNOUNCED'],
  });
});

test.each([unknownId, 'not-a-uuid'])('knows no matching %s', async (id) => {
  const api = await startAdminApi();
  expect((await fetch(api.url(`/admin/v1/matchings/${id}`))).status).toBe(404);
  expect((await post(api, `/admin/v1/matchings/${id}/events`, { type: 'DEADLINE_PASSED', reason: 'test' })).status).toBe(404);
  expect(api.asked).toEqual([]);
});

const sent: readonly (readonly [Record<string, unknown>, Record<string, unknown>])[] = [
  [
    { type: 'MATCHED', mentor_park_id: 'park-2', mentor_driver_id: 'mentor-1', connected_dttm: '2026-03-01T15:00:00+03:00' },
    { type: 'MATCHED', mentor, mentorUdid: null, connectedAt: nowMs },
  ],
  [{ type: 'MATCH_ANNOUNCED' }, { type: 'MATCH_ANNOUNCED', epoch: 2 }],
  [{ type: 'PROMOCODE_ANNOUNCED', epoch: 1 }, { type: 'PROMOCODE_ANNOUNCED', epoch: 1 }],
  [{ type: 'PROGRESS_ANNOUNCED', epoch: 0 }, { type: 'PROGRESS_ANNOUNCED', epoch: 0 }],
  [{ type: 'RESULT_ANNOUNCED' }, { type: 'RESULT_ANNOUNCED', epoch: 2 }],
  [{ type: 'APPLICATION_WRITTEN' }, { type: 'APPLICATION_WRITTEN' }],
  [{ type: 'DEADLINE_PASSED' }, { type: 'DEADLINE_PASSED' }],
  [{ type: 'ENROLLED' }, { type: 'ENROLLED', matchingId, newbie, newbieUdid: row.newbieUdid }],
];

test.each(sent)('sends %j as the event it is', async (body, event) => {
  const api = await startAdminApi();
  const response = await post(api, events, { ...body, reason: ' asked by support ' });
  expect(response.status).toBe(200);
  expect(await response.json()).toEqual({ outcome: 'moved', from: 'matched', to: 'initialized' });
  const named = event['type'] === 'MATCHED' ? { mentor } : {};
  expect(api.asked).toEqual([{ matchingId, event, operator: { actor: 'operator', reason: 'asked by support' }, ...named }]);
});

test.each([
  [{ type: 'xstate.init', reason: 'r' }, /"type" must be one of ENROLLED/],
  [{ type: 'xstate.done.actor.0', reason: 'r' }, /"type" must be one of ENROLLED/],
  [{ type: 'toString', reason: 'r' }, /"type" must be one of ENROLLED/],
  [{ type: '*', reason: 'r' }, /"type" must be one of ENROLLED/],
  [{ reason: 'r' }, /"type" must be one of ENROLLED/],
  [{ type: 'DEADLINE_PASSED' }, /"reason" is required/],
  [{ type: 'DEADLINE_PASSED', reason: '  ' }, /"reason" must not be empty/],
  [{ type: 'DEADLINE_PASSED', reason: 'r', epoch: 1 }, /Unknown field "epoch"/],
  [{ type: 'MATCH_ANNOUNCED', reason: 'r', epoch: 1.5 }, /"epoch" must be a whole number/],
  [{ type: 'MATCHED', reason: 'r', mentor_park_id: 'p', mentor_driver_id: 'd' }, /"connected_dttm" must be an RFC 3339 time/],
  [{ type: 'MATCHED', reason: 'r', mentor_park_id: 'p_1', mentor_driver_id: 'd', connected_dttm: at }, /"mentor_park_id" must be an id/],
  [{ type: 'DEADLINE_PASSED', reason: 'call +7 999 000-11-22' }, /"reason" must hold no phone number/],
  [[], /The body/],
])('refuses the event %j', async (body, detail) => {
  const api = await startAdminApi();
  const response = await post(api, events, body);
  expect(response.status).toBe(400);
  expect((await problemOf(response)).detail).toMatch(detail);
  expect(api.asked).toEqual([]);
});

test('a matching that went away meanwhile is not found', async () => {
  const api = await startAdminApi({ useCases: { sendEvent: async () => null } });
  expect((await post(api, events, { type: 'DEADLINE_PASSED', reason: 'r' })).status).toBe(404);
});

test('lists tasks by queue and state', async () => {
  const api = await startAdminApi();
  const body = await getJson(api, '/admin/v1/tasks?queue=announce&state=dead');
  expect(body).toEqual({
    tasks: [
      {
        id: task.id,
        queue: 'announce',
        matching_id: matchingId,
        state: 'dead',
        attempt: 5,
        last_error: task.lastError,
        visible_at: at,
        created_at: at,
        updated_at: at,
      },
    ],
    next_cursor: null,
  });
  expect(api.asked).toEqual([{ filter: { queue: 'announce', state: 'dead' }, page: { limit: 50, cursor: null } }]);
});

test('retries a dead task, but neither a running one nor an unknown one', async () => {
  const api = await startAdminApi();
  const retried = await post(api, `/admin/v1/tasks/${encodeURIComponent(task.id)}/retry`);
  expect([retried.status, await retried.json()]).toEqual([200, { task: expect.objectContaining({ id: task.id }) }]);
  expect((await post(api, '/admin/v1/tasks/running/retry')).status).toBe(409);
  expect((await post(api, '/admin/v1/tasks/unknown/retry')).status).toBe(404);
});

test('lists every job with its period, what runs here and its last run', async () => {
  const api = await startAdminApi();
  api.operations.trigger.jobStarted({ job: 'archive', atMs: nowMs });
  const body = await getJson(api, '/admin/v1/jobs');
  const first = { name: 'import-matchings', every_ms: 1, here: null, last_run: null };
  expect(body).toMatchObject({ enabled: true, jobs: [first, {}, {}, {}, {}] });
  expect((body as { jobs: unknown[] }).jobs[4]).toEqual({
    name: 'archive',
    every_ms: 5,
    here: { state: 'running', started_at: at, rows: 0, rows_per_second: 0, counts: {} },
    last_run: {
      id: 'run-1',
      job: 'archive',
      started_at: at,
      finished_at: '2026-03-01T12:00:00.010Z',
      outcome: 'succeeded',
      dry_run: false,
      counts: { archived: 2 },
      error: null,
    },
  });
});

test('shows how fast a job works: over the run so far, and over the whole of the last one', async () => {
  const api = await startAdminApi();
  const startedMs = Date.now() - 10_000;
  api.operations.trigger.jobStarted({ job: 'archive', atMs: startedMs });
  api.operations.trigger.jobProgressed({ job: 'archive', rows: 50_000, counts: { rejected: 3 } });
  const here = async () => (await getJson(api, '/admin/v1/jobs') as { jobs: { here: Record<string, unknown> }[] }).jobs[4]?.here;
  const running = await here();
  expect(running).toMatchObject({ state: 'running', rows: 50_000, counts: { rejected: 3 } });
  expect(running?.['rows_per_second']).toBeGreaterThan(1_000);
  expect(running?.['rows_per_second']).toBeLessThanOrEqual(5_000);
  api.operations.trigger.jobEnded({ job: 'archive', outcome: 'succeeded', atMs: startedMs + 5_000 });
  expect(await here()).toMatchObject({ state: 'idle', rows_per_second: 10_000 });
});

test('runs a job, dry only when asked', async () => {
  const api = await startAdminApi();
  const dry = await post(api, '/admin/v1/jobs/archive/run?dry_run=true');
  expect(dry.status).toBe(200);
  expect(await dry.json()).toEqual({ job: 'archive', dry_run: true, outcome: 'succeeded', counts: { rows: 3 }, error: null });
  await post(api, '/admin/v1/jobs/archive/run');
  const operator = { actor: 'operator', reason: null };
  expect(api.asked).toEqual([{ name: 'archive', dryRun: true, operator }, { name: 'archive', dryRun: false, operator }]);
});

test.each([['/admin/v1/jobs/archive/run?dry_run=yes', 400], ['/admin/v1/jobs/unknown/run', 404], ['/admin/v1/jobs/toString/run', 404]])(
  'runs nothing for %s',
  async (path, status) => {
    const api = await startAdminApi();
    expect((await post(api, path)).status).toBe(status);
    expect(api.asked).toEqual([]);
  },
);

test('a job that takes long goes on after a 202, and its later failure harms nobody', async () => {
  const run = Promise.withResolvers<JobReport>();
  const api = await startAdminApi({ useCases: { runJob: () => run.promise }, jobWaitMs: 10 });
  const response = await post(api, '/admin/v1/jobs/archive/run');
  expect([response.status, await response.json()]).toEqual([202, { job: 'archive', dry_run: false, outcome: 'running' }]);
  run.reject(new Error('later'));
  expect((await fetch(api.url('/live'))).status).toBe(200);
});

test('a job that fails at once is a 500', async () => {
  const runJob: AdminUseCases['runJob'] = async () => { throw new Error('at once'); };
  const api = await startAdminApi({ useCases: { runJob } });
  expect((await post(api, '/admin/v1/jobs/archive/run')).status).toBe(500);
});

test('lists the runs of one job, and rejects of one source', async () => {
  const api = await startAdminApi();
  expect(await getJson(api, '/admin/v1/jobs/runs?job=archive&limit=1')).toMatchObject({ runs: [{ id: 'run-1' }], next_cursor: null });
  expect(await getJson(api, '/admin/v1/rejects?source=distribution')).toEqual({
    rejects: [{ id: 'r-1', source: 'distribution', reason: 'unknown_newbie', detail: 'newbie_driver_id', first_seen_at: at }],
    next_cursor: null,
  });
  expect(api.asked).toEqual([
    { filter: { job: 'archive' }, page: { limit: 1, cursor: null } },
    { filter: { source: 'distribution' }, page: { limit: 50, cursor: null } },
  ]);
});

test('hands on who acts and why, from the header, the query and the body', async () => {
  const api = await startAdminApi();
  const headers = { 'x-operator': 'olga@fleet', 'content-type': 'application/json' };
  await fetch(api.url('/admin/v1/jobs/archive/run?reason=late%20table'), { method: 'POST', headers });
  const body = JSON.stringify({ reason: ' ticket 7 ' });
  await fetch(api.url(`/admin/v1/tasks/${encodeURIComponent(task.id)}/retry?reason=other`), { method: 'POST', headers, body });
  expect(api.asked).toMatchObject([
    { name: 'archive', operator: { actor: 'olga@fleet', reason: 'late table' } },
    { id: task.id, operator: { actor: 'olga@fleet', reason: 'ticket 7' } },
  ]);
});

test.each(['', 'olga petrova', 'olga;drop', 'x'.repeat(65), '79990001122'])('takes no operator by the name %j', async (name) => {
  const api = await startAdminApi();
  const response = await fetch(api.url('/admin/v1/jobs/archive/run'), { method: 'POST', headers: { 'x-operator': name } });
  expect((await problemOf(response)).detail).toMatch(/"x-operator" must be up to 64/);
  expect(api.asked).toEqual([]);
});

test('lists what operators did, to anything or to one matching', async () => {
  const api = await startAdminApi();
  const action = { id: 'o-1', at, actor: 'olga', action: 'retry_task', subject: task.id, matching_id: matchingId, reason: null, outcome: 'retried' };
  expect(await getJson(api, `/admin/v1/operator-actions?matching=${matchingId}&limit=1`)).toEqual({ operator_actions: [action], next_cursor: null });
  await getJson(api, '/admin/v1/operator-actions?cursor=c');
  expect(api.asked).toEqual([
    { filter: { matchingId }, page: { limit: 1, cursor: null } },
    { filter: {}, page: { limit: 50, cursor: 'c' } },
  ]);
  expect((await fetch(api.url('/admin/v1/operator-actions?matching=7'))).status).toBe(400);
});

test('shows the funnel in programme order', async () => {
  const body = (await getJson(await startAdminApi(), '/admin/v1/funnel')) as Record<string, unknown>;
  expect(Object.keys(body)).toEqual(['created', 'requested', 'matched', 'initialized', 'in_progress', 'finished', 'succeed', 'failed']);
  expect(body['created']).toEqual({ reached: 8, present: 1, stayed: null, oldest_since: at });
});

test('the heat shows how many are in each status and for how long, and who is stuck', async () => {
  const { url } = await startAdminApi();
  const body = await (await fetch(url('/admin/v1/heat'))).json() as { states: Record<string, unknown>; stuck: unknown[] };
  expect(body.states['matched']).toMatchObject({ present: 1, median_since: new Date(row.statusSince).toISOString(), expected_s: 600 });
  expect(body.states['succeed']).toMatchObject({ median_since: null, expected_s: null });
  expect(body.stuck).toEqual([]);
  const longAgo = { ...row, statusSince: nowMs - 3_600_000 };
  const late = await startAdminApi({ reads: { longestInStatus: async (status) => (status === 'matched' ? [longAgo] : []) } });
  expect(await (await fetch(late.url('/admin/v1/heat'))).json()).toMatchObject({ stuck: [{ id: matchingId, overdue_s: 3_000 }] });
});

test('the machines come drawn, every state and arrow placed, and are held by who has them', async () => {
  const { url } = await startAdminApi();
  const response = await fetch(url('/admin/v1/machines'));
  const { machines } = (await response.json()) as { machines: readonly Statechart[] };
  expect(machines.map(({ id }) => id)).toEqual(['matching', 'application', 'import']);
  for (const { nodes, edges, wide, tall } of machines) {
    for (const arrangement of [wide, tall]) {
      expect(Object.keys(arrangement.nodes).sort()).toEqual(nodes.map(({ id }) => id).sort());
      expect(Object.keys(arrangement.edges).sort()).toEqual(edges.map(({ id }) => id).sort());
    }
  }
  const again = await fetch(url('/admin/v1/machines'), { headers: { 'if-none-match': response.headers.get('etag') ?? '' } });
  expect(again.status).toBe(304);
});
