// What every upstream call promises: deadlines, retries within a budget, the breaker, size limits, cancellation, metrics, traces.
import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { createLog } from '../../../runtime/log.ts';
import { runWithTrace } from '../../../runtime/trace.ts';
import { createUpstreams } from '../../../runtime/upstream/upstreams.ts';
import { addCrowd, ivan, startFixture, type Fixture } from './fixture.ts';

const moscow = { lat: 55.7, lon: 37.5 };
const unavailable = { code: 'upstream_unavailable' };

async function outcomes(fixture: Fixture): Promise<Record<string, number>> {
  const { values } = await fixture.metrics.upstreamRequests.get();
  return Object.fromEntries(values.map(({ labels, value }) => [`${labels.upstream} ${labels.method} ${labels.outcome}`, value]));
}

test.each([
  { name: 'a failing server', fault: { kind: 'status', status: 503 } },
  { name: 'an overloaded server', fault: { kind: 'status', status: 429 } },
  { name: 'a refused connection', fault: { kind: 'down' } },
  { name: 'a lost reply', fault: { kind: 'drop_reply' } },
] as const)('comes through $name after two retries', async ({ fault }) => {
  const { sandbox, upstreams } = await startFixture();
  sandbox.faults.personal.set({ ...fault, times: 2 });
  expect(await upstreams.personal.phones(['pd-ivan'])).toEqual(new Map([['pd-ivan', '+79990001122']]));
  expect(sandbox.calls.personal).toHaveLength(3);
});

test('comes through a slow attempt after a retry', async () => {
  const { sandbox, upstreams } = await startFixture({ attemptMs: 500 });
  sandbox.faults.personal.set({ kind: 'delay', delayMs: 60_000, times: 1 });
  expect((await upstreams.personal.phones(['pd-ivan'])).size).toBe(1);
});

test('gives up after the last attempt and names the upstream', async () => {
  const { sandbox, upstreams } = await startFixture();
  sandbox.faults.trackstory.set({ kind: 'status', status: 500 });
  await expect(upstreams.trackstory.lastPosition([ivan])).rejects.toMatchObject({ ...unavailable, message: 'trackstory answered 500' });
  expect(sandbox.calls.trackstory).toHaveLength(3);
});

test('gives up at the deadline of the whole call', async () => {
  const { sandbox, upstreams } = await startFixture({ totalMs: 150 });
  sandbox.faults.personal.set({ kind: 'delay', delayMs: 60_000 });
  await expect(upstreams.personal.phones(['pd-ivan'])).rejects.toMatchObject({
    ...unavailable,
    message: 'personal did not answer in time',
  });
});

test('reports an upstream that nobody listens for', async () => {
  const { sandbox, upstreams } = await startFixture();
  await sandbox.close();
  await expect(upstreams.personal.phones(['pd-ivan'])).rejects.toMatchObject({ ...unavailable, message: 'personal broke the connection' });
});

test('never repeats a refused request', async () => {
  const { sandbox, upstreams } = await startFixture();
  sandbox.faults.fleetRent.set({ kind: 'status', status: 400 });
  await expect(upstreams.fleetRent.isRented([ivan])).rejects.toMatchObject({ code: 'upstream_refused', retryable: false });
  expect(sandbox.calls.fleetRent).toHaveLength(1);
});

test('does not hammer an upstream that turns the service away', async () => {
  const { sandbox, upstreams } = await startFixture();
  sandbox.faults.personal.set({ kind: 'status', status: 401 });
  await expect(upstreams.personal.phones(['pd-ivan'])).rejects.toMatchObject({ ...unavailable, message: 'personal answered 401' });
  expect(sandbox.calls.personal).toHaveLength(1);
});

test('takes 404 for an outage where the contract gives it no meaning', async () => {
  const { sandbox, upstreams } = await startFixture();
  sandbox.faults.personal.set({ kind: 'status', status: 404 });
  await expect(upstreams.personal.phones(['pd-ivan'])).rejects.toMatchObject(unavailable);
});

test('waits as long as Retry-After asks', async () => {
  const { sandbox, upstreams } = await startFixture();
  sandbox.faults.personal.set({ kind: 'status', status: 429, retryAfter: '1', times: 1 });
  const startedAt = performance.now();
  await upstreams.personal.phones(['pd-ivan']);
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(990);
});

test.each([
  { form: 'seconds', retryAfter: '3600' },
  { form: 'a date', retryAfter: new Date(Date.now() + 3_600_000).toUTCString() },
])('gives up at once when Retry-After, as $form, is past the deadline', async ({ retryAfter }) => {
  const { sandbox, upstreams } = await startFixture();
  sandbox.faults.personal.set({ kind: 'status', status: 503, retryAfter });
  await expect(upstreams.personal.phones(['pd-ivan'])).rejects.toMatchObject(unavailable);
  expect(sandbox.calls.personal).toHaveLength(1);
});

test('an outage does not multiply the load', async () => {
  const budget = { retriesKept: 5, retriesPerCall: 0.1 };
  const { sandbox, upstreams } = await startFixture({ ...budget, breakerWindow: 1_000, breakerMinimum: 1_000 });
  sandbox.faults.geobase.set({ kind: 'status', status: 503 });
  for (let call = 0; call < 40; call += 1) await expect(upstreams.geobase.cityAt(moscow)).rejects.toMatchObject(unavailable);
  // 40 calls, the 5 retries kept, and one for every ten calls.
  expect(sandbox.calls.geobase.length).toBeGreaterThanOrEqual(48);
  expect(sandbox.calls.geobase.length).toBeLessThanOrEqual(49);
});

test('malformed replies are neither repeated nor held against the upstream', async () => {
  const { sandbox, upstreams, operations } = await startFixture({ breakerWindow: 2, breakerMinimum: 2 });
  sandbox.faults.personal.set({ kind: 'malformed_json' });
  for (let call = 0; call < 3; call += 1) {
    await expect(upstreams.personal.phones(['pd-ivan'])).rejects.toMatchObject({
      code: 'upstream_reply_malformed',
      message: 'personal phones: the reply is not JSON',
    });
  }
  expect(sandbox.calls.personal).toHaveLength(3);
  expect(operations.getSnapshot().context.breakers['personal']).toBe('closed');
});

test('refuses a reply over 1 MiB', async () => {
  const { sandbox, upstreams } = await startFixture();
  sandbox.faults.personal.set({ kind: 'oversized', times: 1 });
  await expect(upstreams.personal.phones(['pd-ivan'])).rejects.toMatchObject({
    code: 'upstream_reply_malformed',
    message: 'personal phones: the reply is over 1 MiB',
  });
  expect((await upstreams.personal.phones(['pd-ivan'])).size).toBe(1);
});

test('stops at once when the caller goes away', async () => {
  const { sandbox, upstreams } = await startFixture();
  sandbox.faults.driverProfiles.set({ kind: 'delay', delayMs: 60_000 });
  const caller = new AbortController();
  const call = upstreams.driverProfiles.linked(addCrowd(sandbox.world, 900), caller.signal);
  const failed = expect(call).rejects.toMatchObject({ code: 'cancelled' });
  await expect.poll(() => sandbox.calls.driverProfiles.length).toBe(4);
  caller.abort();
  await failed;
  expect(sandbox.calls.driverProfiles).toHaveLength(4);
});

test('stops while it waits to retry', async () => {
  const { sandbox, upstreams } = await startFixture();
  sandbox.faults.personal.set({ kind: 'status', status: 503, retryAfter: '5' });
  const caller = new AbortController();
  const failed = expect(upstreams.personal.phones(['pd-ivan'], caller.signal)).rejects.toMatchObject({ code: 'cancelled' });
  await expect.poll(() => sandbox.calls.personal[0]?.answer?.status).toBe(503);
  caller.abort();
  await failed;
});

test('asks nothing for a caller that is already gone', async () => {
  const { sandbox, upstreams } = await startFixture();
  await expect(upstreams.personal.phones(['pd-ivan'], AbortSignal.abort())).rejects.toMatchObject({ code: 'cancelled' });
  expect(sandbox.calls.personal).toEqual([]);
});

test('a failed batch stops the others', async () => {
  const { sandbox, upstreams } = await startFixture();
  sandbox.faults.driverProfiles.set({ kind: 'status', status: 400, times: 1 });
  await expect(upstreams.driverProfiles.linked(addCrowd(sandbox.world, 2_000))).rejects.toMatchObject({ code: 'upstream_refused' });
  expect(sandbox.calls.driverProfiles.length).toBeLessThan(10);
});

test('counts calls by outcome, retries included in one call', async () => {
  const fixture = await startFixture();
  const { sandbox, upstreams } = fixture;
  sandbox.faults.personal.set({ kind: 'status', status: 503, times: 1 });
  await upstreams.personal.phones(['pd-ivan']);
  sandbox.faults.personal.set({ kind: 'malformed_json' });
  await expect(upstreams.personal.phones(['pd-ivan'])).rejects.toThrow();
  await upstreams.geobase.cityAt({ lat: 0, lon: 0 });
  expect(await outcomes(fixture)).toEqual({
    'personal phones ok': 1,
    'personal phones upstream_reply_malformed': 1,
    'geobase city_at ok': 1,
  });
});

test('forwards the trace it runs under, and none otherwise', async () => {
  const { sandbox, upstreams } = await startFixture();
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  await runWithTrace(traceparent, () => upstreams.personal.phones(['pd-ivan']));
  await upstreams.personal.phones(['pd-ivan']);
  expect(sandbox.calls.personal.map((call) => call.headers['traceparent'])).toEqual([traceparent, undefined]);
});

test.each([
  { kind: 'down' },
  { kind: 'status', status: 503 },
  { kind: 'malformed_json' },
] as const)('keeps personal data out of errors, logs and metrics: $kind', async (fault) => {
  const { sandbox, upstreams, logged, metrics } = await startFixture({ breakerWindow: 2, breakerMinimum: 1 });
  sandbox.faults.geobase.set(fault);
  sandbox.faults.personal.set(fault);
  const asked = [upstreams.geobase.cityAt({ lat: 55.7512345, lon: 37.6198765 }), upstreams.personal.phones(['pd-ivan'])];
  const [place, phone] = await Promise.allSettled(asked);
  expect([place?.status, phone?.status]).toEqual(['rejected', 'rejected']);
  const told = [inspect(place, { depth: 6 }), inspect(phone, { depth: 6 }), logged(), await metrics.registry.metrics()].join('\n');
  expect(told).toContain('geobase');
  for (const secret of ['55.75', '37.61', '9990001122']) expect(told).not.toContain(secret);
});

test('calls a service below a path of its host', async () => {
  const { sandbox, metrics, operations } = await startFixture();
  const urls = { ...sandbox.urls, fleetRent: `${sandbox.urls.fleetRent}/platform/` };
  const upstreams = createUpstreams(urls, { log: createLog('silent'), metrics, operations, random: () => 0 });
  await expect(upstreams.fleetRent.isRented([ivan])).rejects.toThrow('fleet-rent has no /v1/rents/active');
  expect(sandbox.calls.fleetRent.map((call) => call.path)).toEqual(['/platform/v1/rents/active']);
  await upstreams.close();
});
