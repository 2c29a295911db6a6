// A small world, its stand-ins, and the adapters over them with deadlines short enough for tests.
import { Writable } from 'node:stream';
import { onTestFinished } from 'vitest';
import { parseProfile, type Profile } from '../../../machines/ids.ts';
import { createLog } from '../../../runtime/log.ts';
import { createMetrics, type Metrics } from '../../../runtime/metrics.ts';
import { createOperations, type Operations } from '../../../runtime/operations.ts';
import type { Upstreams } from '../../../runtime/upstream.ts';
import { defaultCallPolicy, type CallPolicy } from '../../../runtime/upstream/policy.ts';
import { createUpstreams } from '../../../runtime/upstream/upstreams.ts';
import { startUpstreams, type SandboxUpstreams } from '../../sandbox/upstreams/upstreams.ts';
import type { World, WorldPerson } from '../../sandbox/upstreams/world.ts';

export interface Fixture {
  readonly sandbox: SandboxUpstreams;
  readonly upstreams: Upstreams;
  readonly metrics: Metrics;
  readonly operations: Operations;
  /** Everything logged so far. */
  readonly logged: () => string;
}

/** One attempt is patient enough for a busy machine; pauses are short. */
const quick: CallPolicy = { ...defaultCallPolicy, attemptMs: 5_000, totalMs: 10_000, backoffBaseMs: 1, backoffCapMs: 2 };

/** Everything is closed when the test ends. */
export async function startFixture(policy: Partial<CallPolicy> = {}): Promise<Fixture> {
  const sandbox = await startUpstreams(smallWorld());
  const metrics = createMetrics();
  const operations = createOperations();
  const { log, logged } = capturedLog();
  const upstreams = createUpstreams(sandbox.urls, { log, metrics, operations, random: () => 0.5 }, { ...quick, ...policy });
  onTestFinished(async () => {
    await sandbox.close();
    await upstreams.close();
  });
  return { sandbox, upstreams, metrics, operations, logged };
}

function capturedLog() {
  const lines: string[] = [];
  const sink = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      lines.push(chunk.toString());
      done();
    },
  });
  return { log: createLog('trace', sink), logged: () => lines.join('') };
}

export function profile(parkId: string, driverId: string): Profile {
  const parsed = parseProfile(parkId, driverId);
  if (parsed === null) throw new Error('the test names an impossible profile');
  return parsed;
}

export const ivan = profile('park-1', 'ivan');
export const ivanElsewhere = profile('park-2', 'ivan-2');
export const maria = profile('park-1', 'maria');
export const stranger = profile('park-9', 'nobody');

export function person(name: string, profiles: readonly Profile[]): WorldPerson {
  return {
    udid: `udid-${name}`,
    profiles,
    fullName: { last: 'Иванов', first: name, middle: null },
    phone: '+79990001122',
    phonePdId: `pd-${name}`,
    position: null,
    ip: null,
    rented: false,
    locale: 'ru',
  };
}

/** Adds `count` people and returns their profiles. */
export function addCrowd(world: World, count: number): Profile[] {
  const profiles = Array.from({ length: count }, (_, index) => profile('crowd', `driver-${index}`));
  for (const one of profiles) world.people.push(person(one.driverId, [one]));
  return profiles;
}

const timezone = 'Europe/Moscow';

function smallWorld(): World {
  return {
    people: [
      {
        ...person('ivan', [ivan, ivanElsewhere]),
        fullName: { last: 'Иванов', first: 'Иван', middle: 'Иванович' },
        position: { lat: 55.75, lon: 37.62, at: '2024-03-01T10:00:00Z' },
        ip: '203.0.113.7',
        rented: true,
      },
      { ...person('maria', [maria]), phone: '+79990003344', position: { lat: 59.94, lon: 30.31, at: '2024-03-01T14:30:00+03:00' } },
    ],
    cities: [
      { geoId: 213, name: 'Moscow', nameRu: 'Москва', timezone, lat: 55.7558, lon: 37.6176, ips: ['203.0.113.7'] },
      { geoId: 2, name: 'Saint Petersburg', nameRu: 'Санкт-Петербург', timezone, lat: 59.9386, lon: 30.3141, ips: [] },
    ],
  };
}
