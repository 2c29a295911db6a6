// The clients take every reply that the contract allows: its examples, with unknown fields, nulls and omissions wherever it permits them.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createLog } from '../../runtime/log.ts';
import { createMetrics } from '../../runtime/metrics.ts';
import { createOperations } from '../../runtime/operations.ts';
import type { ClientEvent, Upstreams } from '../../runtime/upstream.ts';
import { defaultCallPolicy } from '../../runtime/upstream/policy.ts';
import { createUpstreams } from '../../runtime/upstream/upstreams.ts';
import { ivan, startFixture } from '../runtime/upstream/fixture.ts';
import { readContract } from './contract.ts';

const event = (eventId: string): ClientEvent =>
  ({ eventId, recipient: ivan, ttlSeconds: 60, payload: { matchingId: 'm', kind: 'new_match', unread: 1 } });

interface Client {
  readonly contract: string;
  /** The schema of the reply in the contract. */
  readonly reply: string;
  readonly call: (upstreams: Upstreams, example: unknown) => Promise<unknown>;
}

const clients: readonly Client[] = [
  { contract: 'driver-profiles', reply: 'LinkedReply', call: ({ driverProfiles }) => driverProfiles.linked([ivan]) },
  { contract: 'driver-profiles', reply: 'DetailsReply', call: ({ driverProfiles }) => driverProfiles.retrieve([ivan]) },
  { contract: 'personal', reply: 'PhonesReply', call: ({ personal }) => personal.phones(['pd-ivan']) },
  { contract: 'trackstory', reply: 'PositionsReply', call: ({ trackstory }) => trackstory.lastPosition([ivan]) },
  { contract: 'geobase', reply: 'City', call: ({ geobase }) => geobase.cityAt({ lat: 55.7, lon: 37.5 }) },
  { contract: 'fleet-rent', reply: 'RentsReply', call: ({ fleetRent }) => fleetRent.isRented([ivan]) },
  {
    contract: 'client-events', reply: 'OutcomesReply',
    call: ({ clientEvents }, example) => clientEvents.push((example as { items: { event_id: string }[] }).items.map(({ event_id }) => event(event_id))),
  },
];

let answer: unknown = {};
const server = createServer((_request, response) => {
  response.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
});
let upstreams: Upstreams;
beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const urls = { driverProfiles: url, personal: url, trackstory: url, geobase: url, fleetRent: url, clientEvents: url };
  const deps = { log: createLog('silent'), metrics: createMetrics(), operations: createOperations(), random: () => 0.5 };
  upstreams = createUpstreams(urls, deps, { ...defaultCallPolicy, maxAttempts: 1 });
});
afterAll(async () => {
  await upstreams.close();
  server.close();
});

type Json = null | string | number | boolean | readonly Json[] | { readonly [name: string]: Json };

/** The value with one thing changed: a field more, a field less, a null. */
function* changed(value: Json): Generator<Json> {
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) for (const other of changed(item as Json)) yield value.with(index, other) as Json;
    return;
  }
  if (value === null || typeof value !== 'object') return;
  const fields = value as Readonly<Record<string, Json>>;
  yield { ...fields, of_a_later_version: { nested: true } };
  for (const [name, field] of Object.entries(fields)) {
    const { [name]: _left, ...rest } = fields;
    yield rest;
    yield { ...fields, [name]: null };
    for (const other of changed(field)) yield { ...fields, [name]: other };
  }
}

test.each(clients)('$contract $reply: whatever the contract allows, the client takes', async ({ contract: name, reply, call }) => {
  const contract = await readContract(name);
  const schema = contract.schema(reply);
  const examples = contract.examples().filter((one) => one.schema === reply).map(({ example }) => example as Json);
  expect(examples.length).toBeGreaterThan(0);
  const allowed = examples.flatMap((example) => [example, ...changed(example)].filter((one) => schema.safeParse(one).success).map((one) => ({ example, one })));
  expect(allowed.length).toBeGreaterThan(examples.length);
  for (const { example, one } of allowed) {
    answer = one;
    await expect(call(upstreams, example), JSON.stringify(one)).resolves.toBeDefined();
  }
});

test.each(clients)('$contract $reply: a reply of another shape is refused', async ({ call }) => {
  for (const other of [[], 'text', { items: 'none' }, { items: [1] }, { geo_id: 'x' }]) {
    answer = other;
    await expect(call(upstreams, { items: [{ event_id: 'e' }] }), JSON.stringify(other)).rejects.toMatchObject({ code: 'upstream_reply_malformed' });
  }
});

test.each(['?lat=91&lon=0', '?lat=1', '?ip=nowhere', '?ip=203.0.113.7&lat=1&lon=1', '?lat=&lon=', ''])('the stand-in of geobase refuses %s', async (query) => {
  const { sandbox } = await startFixture();
  const response = await fetch(`${sandbox.urls.geobase}/v1/city${query}`);
  await response.arrayBuffer();
  expect(response.status).toBe(400);
});
