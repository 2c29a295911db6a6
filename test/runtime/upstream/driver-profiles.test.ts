// The driver-profiles adapter against its stand-in.
import { expect, test } from 'vitest';
import { profileKey } from '../../../machines/ids.ts';
import { addCrowd, ivan, ivanElsewhere, maria, startFixture, stranger } from './fixture.ts';

test('expands a profile to the person and all the profiles', async () => {
  const { upstreams } = await startFixture();
  const people = await upstreams.driverProfiles.linked([ivanElsewhere]);
  expect([...people.keys()]).toEqual([profileKey(ivanElsewhere)]);
  expect(people.get(profileKey(ivanElsewhere))).toEqual({ udid: 'udid-ivan', profiles: expect.arrayContaining([ivan, ivanElsewhere]) });
});

test('leaves unknown drivers out of both answers', async () => {
  const { upstreams } = await startFixture();
  expect(await upstreams.driverProfiles.linked([stranger])).toEqual(new Map());
  expect(await upstreams.driverProfiles.retrieve([stranger])).toEqual(new Map());
});

test('keeps a person whom the platform knows no udid of', async () => {
  const { sandbox, upstreams } = await startFixture();
  sandbox.world.people[1]!.udid = null;
  const people = await upstreams.driverProfiles.linked([maria]);
  expect(people.get(profileKey(maria))).toEqual({ udid: null, profiles: [maria] });
});

test('adds the asked profile where the reply forgets it', async () => {
  const { sandbox, upstreams } = await startFixture();
  sandbox.faults.driverProfiles.set({ kind: 'wrong_type', path: 'items.0.profiles', value: [] });
  const people = await upstreams.driverProfiles.linked([maria]);
  expect(people.get(profileKey(maria))?.profiles).toEqual([maria]);
});

test('reads names and phone references', async () => {
  const { upstreams } = await startFixture();
  const details = await upstreams.driverProfiles.retrieve([ivan, maria]);
  expect(details.get(profileKey(ivan))).toEqual({
    fullName: { lastName: 'Иванов', firstName: 'Иван', middleName: 'Иванович' },
    phonePdId: 'pd-ivan',
  });
  expect(details.get(profileKey(maria))?.fullName?.middleName).toBeNull();
});

test('takes a missing name and phone reference as absence', async () => {
  const { sandbox, upstreams } = await startFixture();
  sandbox.faults.driverProfiles.set({ kind: 'wrong_type', path: 'items.0.full_name', value: null, times: 1 });
  expect((await upstreams.driverProfiles.retrieve([ivan])).get(profileKey(ivan))?.fullName).toBeNull();
  sandbox.faults.driverProfiles.set({ kind: 'wrong_type', path: 'items.0.phone_pd_id', value: null, times: 1 });
  expect((await upstreams.driverProfiles.retrieve([ivan])).get(profileKey(ivan))?.phonePdId).toBeNull();
});

test('asks for a crowd in batches of 200, at most four at a time', async () => {
  const { sandbox, upstreams } = await startFixture();
  const crowd = addCrowd(sandbox.world, 1_301);
  sandbox.faults.driverProfiles.set({ kind: 'delay', delayMs: 20 });
  const people = await upstreams.driverProfiles.linked([...crowd, ...crowd.slice(0, 50)]);
  expect(people.size).toBe(1_301);
  const sizes = sandbox.calls.driverProfiles.map((call) => (call.body as { items: unknown[] }).items.length);
  expect(sizes.sort((a, b) => a - b)).toEqual([101, 200, 200, 200, 200, 200, 200]);
  expect(Math.max(...sandbox.calls.driverProfiles.map((call) => call.inFlight))).toBe(4);
});

test('asks nothing for nobody', async () => {
  const { sandbox, upstreams } = await startFixture();
  expect(await upstreams.driverProfiles.linked([])).toEqual(new Map());
  expect(sandbox.calls.driverProfiles).toEqual([]);
});

test.each(['full_name', 'full_name.middle_name', 'full_name.last_name', 'phone_pd_id'])('what a reply leaves out is unknown, and the rest is not: %s', async (field) => {
  const { sandbox, upstreams } = await startFixture();
  sandbox.faults.driverProfiles.set({ kind: 'wrong_type', path: `items.0.${field}`, value: undefined });
  const details = await upstreams.driverProfiles.retrieve([ivan, maria]);
  expect([...details.keys()].sort()).toEqual([ivan, maria].map(profileKey).sort());
});

test('takes a udid of any of its characters', async () => {
  const { sandbox, upstreams } = await startFixture();
  sandbox.faults.driverProfiles.set({ kind: 'wrong_type', path: 'items.0.udid', value: 'udid_1.a:b=c+d~e-F' });
  expect((await upstreams.driverProfiles.linked([ivan])).values().next().value?.udid).toBe('udid_1.a:b=c+d~e-F');
});

test.each([
  { path: 'items.0.udid', value: 42, field: 'items[0].udid' },
  { path: 'items.0.udid', value: 'not an id', field: 'items[0].udid' },
  { path: 'items.0.park_id', value: 'with_underscore', field: 'items[0].park_id' },
  { path: 'items.0.profiles.1.driver_id', value: '', field: 'items[0].profiles[1].driver_id' },
  { path: 'items', value: 'none', field: 'items' },
])('names $field when it is malformed, and not its value', async ({ path, value, field }) => {
  const { sandbox, upstreams } = await startFixture();
  sandbox.faults.driverProfiles.set({ kind: 'wrong_type', path, value });
  await expect(upstreams.driverProfiles.linked([ivan])).rejects.toMatchObject({
    code: 'upstream_reply_malformed',
    message: `driver-profiles linked: ${field} in the reply is missing or malformed`,
  });
});
