// The personal, trackstory, geobase and fleet-rent adapters against their stand-ins.
import { expect, test } from 'vitest';
import { addCrowd, ivan, ivanElsewhere, maria, startFixture, stranger } from './fixture.ts';

test('personal: gives phones by id and leaves unknown ids out', async () => {
  const { upstreams } = await startFixture();
  const phones = await upstreams.personal.phones(['pd-ivan', 'pd-nobody', 'pd-maria']);
  expect(phones).toEqual(new Map([['pd-ivan', '+79990001122'], ['pd-maria', '+79990003344']]));
});

test('personal: asks for more than 200 ids in batches', async () => {
  const { sandbox, upstreams } = await startFixture();
  const crowd = addCrowd(sandbox.world, 450);
  const phones = await upstreams.personal.phones(crowd.map((one) => `pd-${one.driverId}`));
  expect(phones.size).toBe(450);
  expect(sandbox.calls.personal).toHaveLength(3);
});

test('personal: a value that is no E.164 number is null, and the others are given', async () => {
  const { sandbox, upstreams } = await startFixture();
  sandbox.faults.personal.set({ kind: 'wrong_type', path: 'items.0.value', value: '89990001122' });
  expect(await upstreams.personal.phones(['pd-ivan', 'pd-maria'])).toEqual(new Map([['pd-ivan', null], ['pd-maria', '+79990003344']]));
});

test('personal: refuses what is no text without repeating it', async () => {
  const { sandbox, upstreams } = await startFixture();
  sandbox.faults.personal.set({ kind: 'wrong_type', path: 'items.0.value', value: 89_990_001_122 });
  const failure = await upstreams.personal.phones(['pd-ivan']).catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: 'upstream_reply_malformed', message: expect.stringContaining('items[0].value') });
  expect(JSON.stringify(failure, Object.getOwnPropertyNames(failure))).not.toContain('9990001122');
});

test('trackstory: picks the newest position, whatever the time zone it is written in', async () => {
  const { upstreams } = await startFixture();
  // Ivan at 10:00Z, Maria at 11:30Z.
  expect(await upstreams.trackstory.lastPosition([maria, ivan])).toEqual({ lat: 59.94, lon: 30.31 });
  expect(await upstreams.trackstory.lastPosition([ivan, ivanElsewhere])).toEqual({ lat: 55.75, lon: 37.62 });
});

test('trackstory: a driver never seen has no position', async () => {
  const { upstreams } = await startFixture();
  expect(await upstreams.trackstory.lastPosition([stranger])).toBeNull();
  expect(await upstreams.trackstory.lastPosition([])).toBeNull();
});

test('trackstory: compares positions across batches', async () => {
  const { sandbox, upstreams } = await startFixture();
  const crowd = addCrowd(sandbox.world, 250);
  sandbox.world.people.at(-1)!.position = { lat: 1, lon: 2, at: '2024-01-01T00:00:00Z' };
  sandbox.world.people.at(-250)!.position = { lat: 3, lon: 4, at: '2024-01-02T00:00:00Z' };
  expect(await upstreams.trackstory.lastPosition(crowd)).toEqual({ lat: 3, lon: 4 });
});

test.each([1_732_700_000, 1_732_700_000_000, '2024-11-27 09:33:20', 'yesterday', null])('trackstory: a position is one whatever its timestamp: %j', async (value) => {
  const { sandbox, upstreams } = await startFixture();
  sandbox.faults.trackstory.set({ kind: 'wrong_type', path: 'items.0.position.timestamp', value });
  expect(await upstreams.trackstory.lastPosition([ivan])).toEqual({ lat: 55.75, lon: 37.62 });
});

test('trackstory: refuses coordinates outside the globe', async () => {
  const { sandbox, upstreams } = await startFixture();
  sandbox.faults.trackstory.set({ kind: 'wrong_type', path: 'items.0.position.lat', value: 91 });
  await expect(upstreams.trackstory.lastPosition([ivan])).rejects.toThrow('trackstory positions: items[0].position.lat');
});

test('geobase: finds the city at a position and of an address', async () => {
  const { upstreams } = await startFixture();
  expect(await upstreams.geobase.cityAt({ lat: 55.7, lon: 37.5 })).toEqual({ geoId: 213, name: 'Moscow' });
  expect(await upstreams.geobase.cityOfIp('203.0.113.7')).toEqual({ geoId: 213, name: 'Moscow' });
});

test('geobase: takes 404 as absence', async () => {
  const { upstreams } = await startFixture();
  expect(await upstreams.geobase.cityAt({ lat: 0, lon: 0 })).toBeNull();
  expect(await upstreams.geobase.cityOfIp('2001:db8::1')).toBeNull();
});

test('geobase: does not ask about text that is no address', async () => {
  const { sandbox, upstreams } = await startFixture();
  expect(await upstreams.geobase.cityOfIp('unknown')).toBeNull();
  expect(sandbox.calls.geobase).toEqual([]);
});

test('geobase: accepts coordinates close to zero', async () => {
  const { sandbox, upstreams } = await startFixture();
  await upstreams.geobase.cityAt({ lat: 1e-7, lon: -1e-7 });
  expect(sandbox.calls.geobase[0]?.answer?.status).toBe(404);
});

test('geobase: names the malformed field', async () => {
  const { sandbox, upstreams } = await startFixture();
  sandbox.faults.geobase.set({ kind: 'wrong_type', path: 'geo_id', value: '213' });
  await expect(upstreams.geobase.cityAt({ lat: 55.7, lon: 37.5 })).rejects.toThrow('geobase city_at: geo_id in the reply');
});

test('fleet-rent: one rented car among the profiles is enough', async () => {
  const { upstreams } = await startFixture();
  expect(await upstreams.fleetRent.isRented([maria, ivan])).toBe(true);
});

test('fleet-rent: a driver absent from the reply has a car of their own', async () => {
  const { upstreams } = await startFixture();
  expect(await upstreams.fleetRent.isRented([maria])).toBe(false);
});

test('fleet-rent: an explicit false is not a rent', async () => {
  const { sandbox, upstreams } = await startFixture();
  sandbox.faults.fleetRent.set({ kind: 'wrong_type', path: 'items.0.is_rented', value: false });
  expect(await upstreams.fleetRent.isRented([ivan])).toBe(false);
});

test('fleet-rent: finds the rented car in a later batch', async () => {
  const { sandbox, upstreams } = await startFixture();
  const crowd = addCrowd(sandbox.world, 401);
  sandbox.world.people.at(-1)!.rented = true;
  expect(await upstreams.fleetRent.isRented(crowd)).toBe(true);
  expect(sandbox.calls.fleetRent).toHaveLength(3);
});

test('fleet-rent: names the malformed field', async () => {
  const { sandbox, upstreams } = await startFixture();
  sandbox.faults.fleetRent.set({ kind: 'wrong_type', path: 'items.0.is_rented', value: 'yes' });
  await expect(upstreams.fleetRent.isRented([ivan])).rejects.toThrow('fleet-rent rents: items[0].is_rented');
});
