// The examples of the API reference against a running world: each call is made as written and answers as promised.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { adminRoutes } from '../../http/admin/routes.ts';
import { driverRoutes } from '../../http/driver/routes.ts';
import { curlOf, examplePath, examples } from '../../http/examples.ts';
import type { RouteDoc } from '../../http/routes.ts';
import { RunningWorld } from '../sandbox/running-world.ts';

const routes: readonly RouteDoc[] = [...driverRoutes, ...adminRoutes];
const nameOf = ({ method, path }: RouteDoc): string => `${method} ${path}`;
const adminToken = 'a-token-of-the-tests';

let world: RunningWorld;
let driverToken: string;
let ids: { MATCHING: string; TASK: string };
beforeAll(async () => {
  world = await RunningWorld.start({ drivers: 3, speed: 2, environment: { ADMIN_TOKEN: adminToken, IMPORT_MATCHINGS_EVERY: '300ms', IMPORT_RESULTS_EVERY: '1h' } });
  const [matched, enrolling] = world.network.people.newbies;
  const app = world.app(matched!);
  await app.enrol();
  const contacts = await world.until('the contact', async () => {
    const { body } = await app.contacts();
    return body.contacts.length > 0 && body.contacts;
  });
  driverToken = await world.network.token(enrolling!.profiles[0]);
  ids = { MATCHING: contacts[0]!.matching_id, TASK: await waitingTask() };
}, 60_000);
afterAll(() => world.stop(), 30_000);

/** A task that an outage makes wait. */
async function waitingTask(): Promise<string> {
  world.network.upstreams.faults.trackstory.set({ kind: 'status', status: 503 });
  await world.app(world.network.people.newbies[2]!).enrol();
  return world.until('a task that waits', async () => {
    const { items } = await world.ctx.tasks.list({ queue: 'create_application', state: 'pending' }, { limit: 10, cursor: null });
    return items.find(({ attempt }) => attempt > 0)?.id ?? null;
  });
}

async function call(route: RouteDoc): Promise<Response> {
  const example = examples[nameOf(route)]!;
  const matchedToken = await world.network.token(world.network.people.newbies[0]!.profiles[0]);
  const enrolling = route.method === 'POST' && route.path.endsWith('/participation');
  const token = { driver: enrolling ? driverToken : matchedToken, operator: adminToken, monitor: null }[route.access];
  const base = route.access === 'driver' ? world.driverUrl : world.adminUrl;
  return fetch(base + examplePath(route, example, (name) => encodeURIComponent(ids[name])), {
    method: route.method,
    headers: {
      ...example.headers,
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(example.body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(example.body === undefined ? {} : { body: JSON.stringify(example.body) }),
  });
}

test('every endpoint has an example, and every example an endpoint', () => {
  expect(Object.keys(examples).sort()).toEqual(routes.map(nameOf).sort());
});

test.each(routes.map((route) => [nameOf(route), route] as const))('%s answers its example as written', async (name, route) => {
  const example = examples[name]!;
  // A job that the clock has just started refuses a second run, and a task that runs cannot be tried again; on a busy machine a run outlasts its request.
  const response = await world.until('an answer', async () => {
    const answer = await call(route);
    if (answer.status === 404 && name.endsWith('/dry-run')) await call(routes.find((one) => nameOf(one) === 'POST /admin/v1/jobs/{name}/run')!);
    if (answer.status === 404 && name.endsWith('/dry-run')) return null;
    return [202, 409].includes(answer.status) && /\/(?:jobs|tasks)\//.test(name) ? null : answer;
  });
  const body = await response.text();
  expect([response.status, response.status === example.status ? '' : body]).toEqual([example.status, '']);
  const schema = route.replies[example.status]?.schema ?? null;
  // The example of a reply says what such replies are, and this one is such a reply.
  if (schema !== null) schema.parse(JSON.parse(body));
  if (schema !== null && example.reply !== undefined) schema.parse(example.reply);
  if (example.reply !== undefined && typeof example.reply === 'object' && example.reply !== null && schema !== null) {
    const known = Object.keys(example.reply);
    expect(known).toEqual(expect.arrayContaining(Object.keys(JSON.parse(body) as object).filter((key) => key !== 'changes')));
  }
}, 90_000);

test('a call is written so that a shell can run it', () => {
  const route = routes.find((one) => nameOf(one) === 'POST /admin/v1/matchings/{id}/events')!;
  expect(curlOf(route, examples[nameOf(route)]!)).toBe([
    'curl -s -X POST "$ADMIN/admin/v1/matchings/$MATCHING/events"', '-H "Authorization: Bearer $ADMIN_TOKEN"', `-H 'x-operator: support'`,
    `--json '{"type":"DEADLINE_PASSED","reason":"the driver asked to stop"}'`,
  ].join(' \\\n  '));
});
