// The written upstream contracts are valid OpenAPI, and what clients and stand-ins really send satisfies them.
import { Validator } from '@seriousme/openapi-schema-validator';
import { expect, test } from 'vitest';
import type { ClientEvent } from '../../runtime/upstream.ts';
import { addCrowd, ivan, ivanElsewhere, maria, startFixture, stranger, type Fixture } from '../runtime/upstream/fixture.ts';
import type { Call } from '../sandbox/upstreams/stand-in.ts';
import type { UpstreamKey } from '../sandbox/upstreams/upstreams.ts';
import { readContract, type Contract } from './contract.ts';

const contracts = {
  'driver-profiles': 'driverProfiles',
  personal: 'personal',
  trackstory: 'trackstory',
  geobase: 'geobase',
  'fleet-rent': 'fleetRent',
  'client-events': 'clientEvents',
} as const satisfies Record<string, UpstreamKey>;
const names = Object.keys(contracts) as (keyof typeof contracts)[];

test.each(names)('%s.yaml is valid OpenAPI 3.1', async (name) => {
  const { document } = await readContract(name);
  const validator = new Validator();
  expect(await validator.validate(structuredClone(document))).toEqual({ valid: true });
  expect(validator.version).toBe('3.1');
});

test.each(names)('the examples of %s.yaml satisfy its own schemas', async (name) => {
  const contract = await readContract(name);
  const examples = contract.examples();
  expect(examples.length).toBeGreaterThan(0);
  for (const { schema, example } of examples) contract.schema(schema).parse(example);
});

test.each(names)('%s: requests and replies of every outcome satisfy the contract', async (name) => {
  const fixture = await startFixture({ maxAttempts: 1 });
  const key = contracts[name];
  await exercise[key](fixture);
  for (const status of [400, 429, 503]) {
    fixture.sandbox.faults[key].set({ kind: 'status', status, retryAfter: '1' });
    await expect(exercise[key](fixture)).rejects.toThrow();
  }
  const contract = await readContract(name);
  const calls = fixture.sandbox.calls[key];
  for (const call of calls) checkCall(contract, call);
  expect(new Set(calls.map((call) => call.answer?.status))).toEqual(new Set(statuses[name] ?? [200, 400, 429, 503]));
  expect(operationsOf(contract)).toEqual(new Set(calls.map((call) => `${call.method} ${call.path}`)));
});

test.each(names.filter((name) => name !== 'geobase'))('%s: the stand-in refuses what the contract forbids', async (name) => {
  const { sandbox } = await startFixture();
  const contract = await readContract(name);
  for (const operation of operationsOf(contract)) {
    const [method = '', path = ''] = operation.split(' ');
    const good = contract.examples()[name === 'personal' || name === 'client-events' ? 0 : 1]?.example as { items: unknown[] };
    const schema = contract.requestBody(method, path);
    expect(await statusOf(sandbox.urls[contracts[name]] + path, good)).toBe(200);
    const tooMany = { items: Array.from({ length: 201 }, () => good.items[0]) };
    for (const bad of [tooMany, { items: [] }, { ...good, phone: 'x' }, {}, { items: [{}] }]) {
      expect(schema.safeParse(bad).success).toBe(false);
      expect(await statusOf(sandbox.urls[contracts[name]] + path, bad)).toBe(400);
    }
  }
});

test('the checks notice a reply outside the contract', async () => {
  const contract = await readContract('driver-profiles');
  const reply = contract.reply({ method: 'POST', path: '/v1/profiles/linked' }, 200);
  const pair = { park_id: 'p', driver_id: 'd' };
  const item = { ...pair, udid: null, profiles: [{ ...pair, last_active_at: '2024-03-01T09:00:00Z' }] };
  expect(reply.safeParse({ items: [item] }).success).toBe(true);
  expect(reply.safeParse({ items: [item], unknown: 1 }).success).toBe(true);
  expect(reply.safeParse({ items: [{ ...item, udid: 1 }] }).success).toBe(false);
  expect(reply.safeParse({ items: [{ ...item, park_id: 'a_b' }] }).success).toBe(false);
  expect(reply.safeParse({ items: [{ ...item, profiles: [{ ...pair, last_active_at: 'today' }] }] }).success).toBe(false);
  expect(() => contract.reply({ method: 'POST', path: '/v1/profiles/linked' }, 302)).toThrow('the contract has no');
});

/** What each contract may answer, where it is not the usual four. */
const statuses: Partial<Record<keyof typeof contracts, number[]>> = { geobase: [200, 404, 400, 429, 503] };

const event: ClientEvent = { eventId: 'e1', recipient: ivan, ttlSeconds: 60, payload: { matchingId: 'm', kind: 'new_match', unread: 1 } };

const exercise: Record<UpstreamKey, (fixture: Fixture) => Promise<void>> = {
  driverProfiles: async ({ upstreams, sandbox }) => {
    sandbox.world.people[1]!.udid = null;
    const everyone = [ivan, ivanElsewhere, maria, stranger, ...addCrowd(sandbox.world, 200)];
    await Promise.all([upstreams.driverProfiles.linked(everyone), upstreams.driverProfiles.retrieve(everyone)]);
  },
  personal: async ({ upstreams }) => {
    await upstreams.personal.phones(['pd-ivan', 'pd-nobody']);
  },
  trackstory: async ({ upstreams }) => {
    await upstreams.trackstory.lastPosition([ivan, stranger]);
  },
  geobase: async ({ upstreams }) => {
    await upstreams.geobase.cityAt({ lat: 55.7, lon: 37.5 });
    await upstreams.geobase.cityAt({ lat: 0, lon: 0 });
    await upstreams.geobase.cityOfIp('203.0.113.7');
  },
  fleetRent: async ({ upstreams }) => {
    await upstreams.fleetRent.isRented([ivan, maria]);
  },
  clientEvents: async ({ upstreams }) => {
    await upstreams.clientEvents.push([event, { ...event, eventId: 'e2', recipient: stranger }]);
    await upstreams.clientEvents.push([event]);
  },
};

function checkCall(contract: Contract, call: Call): void {
  if (call.method === 'GET') checkQuery(contract, call);
  else contract.requestBody(call.method, call.path).parse(call.body);
  contract.reply(call, call.answer?.status ?? 0).parse(call.answer?.body);
}

function checkQuery(contract: Contract, call: Call): void {
  const parameters = contract.query(call.method, call.path);
  for (const [name, value] of Object.entries(call.query)) {
    const schema = parameters.get(name);
    if (schema === undefined) throw new Error(`the contract has no query parameter ${name}`);
    // A query carries text: a number is one when it reads as one.
    schema.parse(name === 'ip' ? value : Number(value));
  }
}

function operationsOf(contract: Contract): Set<string> {
  const paths = Object.entries(contract.document['paths'] as Record<string, object>);
  return new Set(paths.flatMap(([path, item]) => Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`)));
}

async function statusOf(url: string, body: unknown): Promise<number> {
  const response = await fetch(url, { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } });
  await response.arrayBuffer();
  return response.status;
}
