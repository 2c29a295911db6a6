// The circuit breaker of an upstream, as calls meet it.
import { expect, test } from 'vitest';
import { ivan, startFixture, type Fixture } from './fixture.ts';

const unavailable = { code: 'upstream_unavailable' };

test('leaves a failing upstream alone, then lets it back', async () => {
  const { sandbox, upstreams, operations } = await startFixture({ breakerWindow: 4, breakerMinimum: 4, breakerOpenMs: 300 });
  const seen: string[] = [];
  operations.subscribe((snapshot) => {
    const state = snapshot.context.breakers['personal'];
    if (state !== undefined && state !== seen.at(-1)) seen.push(state);
  });
  sandbox.faults.personal.set({ kind: 'status', status: 503 });
  await expect(upstreams.personal.phones(['pd-ivan'])).rejects.toMatchObject(unavailable);
  await expect(upstreams.personal.phones(['pd-ivan'])).rejects.toMatchObject(unavailable);
  expect(operations.getSnapshot().context.breakers['personal']).toBe('open');
  const before = sandbox.calls.personal.length;
  await expect(upstreams.personal.phones(['pd-ivan'])).rejects.toThrow('personal is left alone after repeated failures');
  expect(sandbox.calls.personal).toHaveLength(before);
  sandbox.faults.personal.clear();
  await expect.poll(() => upstreams.personal.phones(['pd-ivan']).catch(() => null)).toEqual(new Map([['pd-ivan', '+79990001122']]));
  expect(seen).toEqual(['open', 'half_open', 'closed']);
});

test('one upstream failing leaves the others be', async () => {
  const { sandbox, upstreams, operations } = await startFixture({ breakerWindow: 2, breakerMinimum: 2 });
  sandbox.faults.personal.set({ kind: 'down' });
  await expect(upstreams.personal.phones(['pd-ivan'])).rejects.toMatchObject(unavailable);
  expect(await upstreams.fleetRent.isRented([ivan])).toBe(true);
  expect(operations.getSnapshot().context.breakers).toMatchObject({ personal: 'open', 'fleet-rent': 'closed', trackstory: 'closed' });
});

/** An open breaker whose next call is the probe. */
const probing = { breakerWindow: 2, breakerMinimum: 2, breakerOpenMs: 0, maxAttempts: 1 };

async function openBreaker({ sandbox, upstreams, operations }: Fixture): Promise<void> {
  sandbox.faults.personal.set({ kind: 'status', status: 503, times: 2 });
  for (let call = 0; call < 2; call += 1) {
    await expect(upstreams.personal.phones(['pd-ivan'])).rejects.toMatchObject(unavailable);
  }
  expect(operations.getSnapshot().context.breakers['personal']).toBe('open');
}

test('calls made during the probe share its verdict', async () => {
  const fixture = await startFixture(probing);
  await openBreaker(fixture);
  const answers = await Promise.all(Array.from({ length: 5 }, () => fixture.upstreams.personal.phones(['pd-ivan'])));
  expect(answers.map((phones) => phones.size)).toEqual([1, 1, 1, 1, 1]);
});

test('a probe that its caller abandoned does not close the breaker', async () => {
  const fixture = await startFixture(probing);
  await openBreaker(fixture);
  const { sandbox, upstreams, operations } = fixture;
  sandbox.faults.personal.set({ kind: 'delay', delayMs: 60_000 });
  const caller = new AbortController();
  const abandoned = expect(upstreams.personal.phones(['pd-ivan'], caller.signal)).rejects.toMatchObject({ code: 'cancelled' });
  await expect.poll(() => sandbox.calls.personal.length).toBe(3);
  expect(operations.getSnapshot().context.breakers['personal']).toBe('half_open');
  caller.abort();
  await abandoned;
  expect(operations.getSnapshot().context.breakers['personal']).toBe('open');
});

test('a call that waits for the probe still ends with its caller', async () => {
  const fixture = await startFixture(probing);
  await openBreaker(fixture);
  const { sandbox, upstreams } = fixture;
  sandbox.faults.personal.set({ kind: 'delay', delayMs: 60_000 });
  const [prober, waiter] = [new AbortController(), new AbortController()];
  const probe = expect(upstreams.personal.phones(['pd-ivan'], prober.signal)).rejects.toMatchObject({ code: 'cancelled' });
  const waiting = expect(upstreams.personal.phones(['pd-ivan'], waiter.signal)).rejects.toMatchObject({ code: 'cancelled' });
  await expect.poll(() => sandbox.calls.personal.length).toBe(3);
  waiter.abort();
  await waiting;
  prober.abort();
  await probe;
  expect(sandbox.calls.personal).toHaveLength(3);
});
