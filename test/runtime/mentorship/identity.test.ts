import { expect, test } from 'vitest';
import { parseUdid, type Profile } from '../../../machines/ids.ts';
import { ServiceError } from '../../../runtime/errors.ts';
import { createIdentity, type Identity } from '../../../runtime/mentorship/identity.ts';
import type { Person } from '../../../runtime/upstream.ts';
import { profile } from '../../suites/dialogs.ts';
import { type FakeClock, fakeClock, type FakeDriverProfiles, fakeDriverProfiles } from '../../suites/fake-ports.ts';

const caller = profile('park-1', 'driver-1');
const elsewhere = profile('park-2', 'driver-9');
const person: Person = { udid: parseUdid('udid-1'), profiles: [caller, elsewhere] };

function setUp(people: Person[] = [person], random = (): number => 0): { identity: Identity; upstream: FakeDriverProfiles; clock: FakeClock } {
  const upstream = fakeDriverProfiles(people);
  const clock = fakeClock();
  return { identity: createIdentity(upstream, { clock, random }), upstream, clock };
}

function recent(identity: Identity, who: Profile = caller): ReturnType<Identity['identify']> {
  return identity.identify(who, { fresh: false });
}

function fresh(identity: Identity): ReturnType<Identity['identify']> {
  return identity.identify(caller, { fresh: true });
}

test('expands the caller to all profiles of the person', async () => {
  const { identity } = setUp();
  expect(await fresh(identity)).toEqual({ ...person, degraded: [] });
});

test('takes an unknown driver for a person of that profile alone', async () => {
  const { identity } = setUp([]);
  expect(await fresh(identity)).toEqual({ udid: null, profiles: [caller], degraded: [] });
  expect(await recent(identity)).toEqual({ udid: null, profiles: [caller], degraded: [] });
});

test('asks once a minute for lists', async () => {
  const { identity, upstream, clock } = setUp();
  await recent(identity);
  clock.ms += 60_000;
  await recent(identity);
  expect(upstream.linkedCalls).toBe(1);
  clock.ms += 1;
  await recent(identity);
  expect(upstream.linkedCalls).toBe(2);
});

test('asks about callers who came at one moment at different ones', async () => {
  const draws = [0, 0.5];
  const { identity, upstream, clock } = setUp([person], () => draws.shift() ?? 0);
  const stranger = profile('park-3', 'driver-3');
  await recent(identity);
  await recent(identity, stranger);
  clock.ms += 45_001;
  await recent(identity);
  expect(upstream.linkedCalls).toBe(2);
  await recent(identity, stranger);
  expect(upstream.linkedCalls).toBe(3);
});

test('keeps the profiles of different callers apart', async () => {
  const stranger = profile('park-3', 'driver-3');
  const { identity } = setUp();
  await recent(identity);
  expect((await recent(identity, stranger)).profiles).toEqual([stranger]);
});

test('asks anew each time for enrolment, and lists profit from the answer', async () => {
  const { identity, upstream } = setUp([]);
  await recent(identity);
  upstream.people = [person];
  expect((await fresh(identity)).profiles).toEqual([caller, elsewhere]);
  expect((await recent(identity)).profiles).toEqual([caller, elsewhere]);
  expect(upstream.linkedCalls).toBe(2);
});

test('throws the outage where a fresh answer is needed, even with an old one at hand', async () => {
  const { identity, upstream } = setUp();
  await recent(identity);
  upstream.down = true;
  await expect(fresh(identity)).rejects.toMatchObject({ code: 'upstream_unavailable' });
});

test('lives on an old answer through an outage and says so', async () => {
  const { identity, upstream, clock } = setUp();
  await recent(identity);
  clock.ms += 3_600_000;
  upstream.down = true;
  expect(await recent(identity)).toEqual({ ...person, degraded: ['driver-profiles'] });
  expect(await recent(identity)).toEqual({ ...person, degraded: ['driver-profiles'] });
});

test('lives on the caller alone when an outage finds it without an old answer, and forgets that afterwards', async () => {
  const { identity, upstream } = setUp();
  upstream.down = true;
  expect(await recent(identity)).toEqual({ udid: null, profiles: [caller], degraded: ['driver-profiles'] });
  upstream.down = false;
  expect(await recent(identity)).toEqual({ ...person, degraded: [] });
});

test('hides no error but an outage', async () => {
  const { identity, upstream } = setUp();
  upstream.linked = async () => {
    throw new ServiceError('cancelled', 'the work was cancelled');
  };
  await expect(recent(identity)).rejects.toMatchObject({ code: 'cancelled' });
});
