// Forming an application: the three regions run at once, the city falls back, an outage fails the attempt.
import { createActor, waitFor } from 'xstate';
import { expect, test } from 'vitest';
import { applicationMachine, type ApplicationParts, type ApplicationStages } from '../../machines/application.ts';

interface World {
  position: { lat: number; lon: number } | null;
  cityAt: { geoId: number; name: string } | null;
  ip: string | null;
  cityOfIp: { geoId: number; name: string } | null;
  cityIpFallback: boolean;
  outage: 'locate' | 'findCar' | 'findPhone' | 'write' | null;
}

const moscow = { geoId: 213, name: 'Moscow' };
const kazan = { geoId: 43, name: 'Kazan' };

async function form(overrides: Partial<World> = {}) {
  const world: World = { position: { lat: 1, lon: 2 }, cityAt: moscow, ip: '192.0.2.1', cityOfIp: kazan, cityIpFallback: true, outage: null, ...overrides };
  const asked: string[] = [];
  const written: ApplicationParts[] = [];
  const answer = async <Value>(name: string, value: Value): Promise<Value> => {
    asked.push(name);
    if (world.outage === name) throw new Error(`${name} is down`);
    return value;
  };
  const stages: ApplicationStages = {
    locate: () => answer('locate', world.position),
    cityAt: () => answer('cityAt', world.cityAt),
    lastLoginIp: () => answer('lastLoginIp', world.ip),
    cityOfIp: () => answer('cityOfIp', world.cityOfIp),
    findCar: () => answer('findCar', true),
    findPhone: () => answer('findPhone', '+79990000001'),
    write: async (parts) => void written.push(await answer('write', parts)),
  };
  const actor = createActor(applicationMachine, { input: { cityIpFallback: world.cityIpFallback, stages } });
  actor.start();
  const ended = await waitFor(actor, (snapshot) => snapshot.status === 'done');
  return { ended, asked, written };
}

test('asks for city, car and phone at once and writes what it found', async () => {
  const { asked, written } = await form();
  expect(asked.slice(0, 3).sort()).toEqual(['findCar', 'findPhone', 'locate']);
  expect(written).toEqual([{ city: { city: 'Moscow', geoId: 213, source: 'gps' }, isRented: true, phone: '+79990000001' }]);
});

test('without a position the last login tells the city', async () => {
  const { written } = await form({ position: null });
  expect(written[0]?.city).toEqual({ city: 'Kazan', geoId: 43, source: 'ip' });
});

test('a position far from any city falls back to the last login', async () => {
  const { written } = await form({ cityAt: null });
  expect(written[0]?.city.source).toBe('ip');
});

test.each([{ ip: null }, { cityOfIp: null }, { cityIpFallback: false }])('writes an unknown city when nothing tells it: %o', async (overrides) => {
  const { written } = await form({ position: null, ...overrides });
  expect(written[0]?.city).toEqual({ city: null, geoId: null, source: 'unknown' });
});

test('the last login is not asked for where the fallback is off', async () => {
  const { asked } = await form({ position: null, cityIpFallback: false });
  expect(asked).not.toContain('lastLoginIp');
});

test.each(['locate', 'findCar', 'findPhone'] as const)('writes nothing while %s is down', async (outage) => {
  const { ended, written } = await form({ outage });
  expect(ended.value).toBe('failed');
  expect(ended.context.error).toMatchObject({ message: `${outage} is down` });
  expect(written).toEqual([]);
});

test('a failed write fails the attempt', async () => {
  const { ended } = await form({ outage: 'write' });
  expect(ended.value).toBe('failed');
});
