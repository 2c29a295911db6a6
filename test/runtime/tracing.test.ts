// Traces of the whole service, as a collector on a socket receives them: one story from the request to the task it caused.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { RunningWorld } from '../sandbox/running-world.ts';
import { spanAttributes } from '../../runtime/trace.ts';
import { startOtlpReceiver, type OtlpReceiver, type ReceivedSpan } from '../otlp-receiver.ts';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const traceparent = `00-${traceId}-b7ad6b7169203331-01`;
const server = 2;
const client = 3;
const consumer = 5;

let receiver: OtlpReceiver;
let world: RunningWorld;

beforeAll(async () => {
  receiver = await startOtlpReceiver();
  const environment = {
    IMPORT_MATCHINGS_EVERY: '300ms', IMPORT_RESULTS_EVERY: '1h', FINISH_PROGRAMME_EVERY: '1d',
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json', OTEL_BSP_SCHEDULE_DELAY: '50',
    OTEL_EXPORTER_OTLP_HEADERS: 'x-team=mentors%20etc', OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
  };
  world = await RunningWorld.start({ drivers: 2, speed: 1, environment });
  const [newbie, other] = world.network.people.newbies;
  const authorization = `Bearer ${await world.network.token(newbie!.profiles[0])}`;
  const url = `${world.driverUrl}/driver/v1/mentorship/participation?by=79990001122`;
  await fetch(url.split('?')[0]!, { method: 'POST', headers: { authorization, traceparent } });
  await fetch(url, { headers: { authorization: 'Bearer no', 'x-forwarded-for': '203.0.113.9' } });
  await world.app(other!).enrol();
}, 60_000);
afterAll(async () => {
  await world.stop();
  await receiver.close();
}, 30_000);

async function spanNamed(name: string, where: (span: ReceivedSpan) => boolean = () => true): Promise<ReceivedSpan> {
  return world.until(`the span ${name}`, async () => receiver.spans().find((span) => span.name === name && where(span)) ?? null);
}

const inTrace = (span: ReceivedSpan): boolean => span.traceId === traceId;

test('a request continues its caller\'s trace, and its transaction is a part of it', async () => {
  const request = await spanNamed('POST /driver/v1/mentorship/participation', inTrace);
  expect(request).toMatchObject({ parentSpanId: 'b7ad6b7169203331', kind: server, failed: false });
  expect(request.attributes).toEqual({
    'http.request.method': 'POST', 'http.route': '/driver/v1/mentorship/participation', 'http.response.status_code': 201,
  });
  expect(request.resource).toMatchObject({ 'service.name': 'contractor-mentorship', 'deployment.environment.name': 'test' });
  expect(await spanNamed('store transaction', (span) => inTrace(span) && span.parentSpanId === request.spanId)).toMatchObject({ kind: client });
});

test('an upstream is told the span of the call to it', async () => {
  const call = await spanNamed('driver-profiles linked', inTrace);
  expect(call).toMatchObject({ kind: client, attributes: { 'mentorship.upstream': 'driver-profiles', 'mentorship.outcome': 'replied' } });
  const told = world.network.upstreams.calls.driverProfiles.map((one) => one.headers['traceparent']);
  expect(told).toContain(`00-${traceId}-${call.spanId}-01`);
});

test('the task that a request caused goes on in its trace', async () => {
  const request = await spanNamed('POST /driver/v1/mentorship/participation', inTrace);
  const task = await spanNamed('task create_application', inTrace);
  expect(task).toMatchObject({ kind: consumer, parentSpanId: request.spanId });
  expect(task.attributes).toMatchObject({ 'mentorship.queue': 'create_application', 'mentorship.attempt': 1 });
  expect(await spanNamed('yt write_application', (span) => inTrace(span) && span.parentSpanId === task.spanId)).toMatchObject({ kind: client });
});

test('a job and what it does are traced from its own thread', async () => {
  const job = await spanNamed('job import-matchings', ({ attributes }) => attributes['mentorship.outcome'] === 'succeeded');
  expect(job.parentSpanId).toBeUndefined();
  expect(job.traceId).not.toBe(traceId);
  await spanNamed('store transaction', (span) => span.traceId === job.traceId);
  // The announcements that jobs cause are stories of their own.
  const announce = await spanNamed('task announce');
  expect(announce.parentSpanId).toBeUndefined();
});

test('what the client did wrong is no error of the service', async () => {
  const refused = await spanNamed('GET /driver/v1/mentorship/participation');
  expect(refused).toMatchObject({ failed: false, attributes: { 'http.response.status_code': 401 } });
});

test('probes and scrapes leave no spans', async () => {
  for (const path of ['/live', '/ready', '/metrics', '/nothing']) await (await fetch(world.adminUrl + path)).arrayBuffer();
  const [, second] = world.network.people.newbies;
  const before = receiver.spans().filter(({ name }) => name.endsWith('/offer')).length;
  await world.app(second!).offer();
  await world.until('a later span', async () => receiver.spans().filter(({ name }) => name.endsWith('/offer')).length > before || null);
  expect(receiver.spans().map(({ name }) => name).filter((name) => /live|ready|metrics|unmatched/.test(name))).toEqual([]);
});

test('sends only the attributes of the list, and nothing of anybody', async () => {
  await spanNamed('task announce');
  const spans = receiver.spans();
  const known = new Set<string>(spanAttributes);
  expect(spans.flatMap(({ attributes }) => Object.keys(attributes)).filter((name) => !known.has(name))).toEqual([]);
  const sent = receiver.posts.map(({ body }) => body.toString()).join('\n');
  expect(receiver.posts[0]).toMatchObject({ path: '/v1/traces', headers: { 'x-team': 'mentors etc' } });
  for (const person of [...world.network.people.newbies, ...world.network.people.mentors]) {
    const secrets = [person.phone, person.phone.slice(1), person.name.lastName, person.name.firstName, ...(person.ip === null ? [] : [person.ip])];
    for (const secret of [...secrets, ...person.profiles.map(({ driverId }) => driverId)]) expect(sent).not.toContain(secret);
  }
  expect(sent).not.toContain('79990001122');
  expect(sent).not.toContain('203.0.113.9');
});

test('tells the log the trace', async () => {
  await spanNamed('task create_application', inTrace);
  expect(world.written()).toContain(`"trace_id":"${traceId}"`);
});
