// The driver API of the contract: wire forms, identity from the token alone, caching, language.
import { expect, test } from 'vitest';
import { contactListToJson, contactListToWire, contactListWire, messagesWire, offerWire } from '../../http/driver/wire.ts';
import { contactList, enrolled, foreignMatchingId, matchingId, startDriverApi } from './driver-fakes.ts';
import { caller, problemOf } from './listener.ts';

const base = '/driver/v1/mentorship';
const trace = { traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' };

test('a list of contacts is written as its wire form, the first time and again, whatever its texts hold', () => {
  const [contact] = contactList.contacts;
  const odd = { ...contact!, name: '"contacts":[] $& $1 \\', phone: null };
  for (const contacts of [[], [odd], [contact!, odd, contact!]]) {
    const list = { ...contactList, contacts, degraded: ['personal'], nextCursor: contacts.length === 0 ? null : 'bmV4dA' };
    for (const json of [contactListToJson(list), contactListToJson(list)]) expect(json).toBe(JSON.stringify(contactListToWire(list)));
  }
});

test('enrolling answers 201 with the participation and 200 when there was one', async () => {
  let outcome: 'created' | 'existing' = 'created';
  const { call, asked } = await startDriverApi({ enrol: async () => enrolled(outcome) });
  const created = await call(`${base}/participation`, { method: 'POST', headers: { 'idempotency-key': 'once please' } });
  expect(created.status).toBe(201);
  const participation = { matching_id: matchingId, status: 'created', since: '2026-02-01T10:00:00.000Z' };
  expect(await created.json()).toEqual({ participation });
  outcome = 'existing';
  const existing = await call(`${base}/participation`, { method: 'POST' });
  expect(existing.status).toBe(200);
  expect(await existing.json()).toEqual({ participation });
  expect(asked.map(({ input }) => input)).toEqual([
    { caller, idempotencyKey: 'once please' },
    { caller, idempotencyKey: null },
  ]);
});

test('a body cannot say who the caller is', async () => {
  const { call, asked } = await startDriverApi();
  const body = JSON.stringify({ park_id: 'park-2', driver_id: 'driver-2' });
  await call(`${base}/participation`, { method: 'POST', body, headers: { 'content-type': 'application/json' } });
  expect(asked[0]?.input).toMatchObject({ caller });
});

test('answers null to who never enrolled, and the participation to who did', async () => {
  const since = Date.parse('2026-02-03T00:00:00Z');
  let joined = false;
  const { call } = await startDriverApi({
    participation: async () => {
      if (!joined) return { participation: null, roles: [] };
      return { participation: { matchingId, status: 'matched', since }, roles: ['newbie', 'mentor'] };
    },
  });
  expect(await (await call(`${base}/participation`)).json()).toEqual({ participation: null, roles: [] });
  joined = true;
  expect(await (await call(`${base}/participation`)).json()).toEqual({
    participation: { matching_id: matchingId, status: 'matched', since: '2026-02-03T00:00:00.000Z' },
    roles: ['newbie', 'mentor'],
  });
});

test.each([
  [null, 'ru'],
  ['en-GB,en;q=0.9', 'en'],
  ['de, en;q=0.5, ru;q=0.7', 'ru'],
  ['de', 'ru'],
])('words the offer for Accept-Language %s in %s', async (accepted, locale) => {
  const { call } = await startDriverApi();
  const response = await call(`${base}/offer`, { headers: accepted === null ? {} : { 'accept-language': accepted } });
  const answered = offerWire.parse(await response.json());
  expect([answered.title, response.headers.get('content-language')]).toEqual([`title ${locale}`, locale]);
  expect(response.headers.get('vary')).toBe('Accept-Language, Authorization');
});

test('lists the contacts in the form of the contract', async () => {
  const { call, asked } = await startDriverApi();
  const response = await call(`${base}/contacts?role=mentor&limit=7&cursor=abc`, { headers: { 'accept-language': 'en' } });
  expect(response.status).toBe(200);
  const body: unknown = await response.json();
  expect(contactListWire.parse(body)).toEqual(body);
  expect(body).toMatchObject({
    role: 'newbie',
    participation: { matching_id: matchingId, since: '2026-02-01T10:00:00.000Z' },
    contacts: [
      {
        role: 'mentor',
        matched_at: '2026-02-01T10:00:00.000Z',
        phone: '+79990001122',
        messages: [{ id: 'm-1', created_at: '2026-02-01T10:00:00.000Z', read: false }],
      },
    ],
    unread_total: 1,
    next_cursor: null,
    degraded: [],
  });
  expect(response.headers.get('cache-control')).toBe('private, no-cache');
  expect(asked[0]?.input).toEqual({ caller, role: 'mentor', limit: 7, cursor: 'abc', locale: 'en' });
});

test('asks for fifty contacts of either role when nothing is said', async () => {
  const { call, asked } = await startDriverApi();
  await call(`${base}/contacts`);
  expect(asked[0]?.input).toEqual({ caller, role: null, limit: 50, cursor: null, locale: 'ru' });
});

test('answers 304 without a body to who holds the same list, and 200 once it changed', async () => {
  let unreadTotal = 1;
  const { call } = await startDriverApi({ contacts: async () => ({ ...contactList, unreadTotal }) });
  const etag = (await call(`${base}/contacts`)).headers.get('etag') ?? '';
  expect(etag).toMatch(/^"[\w-]+"$/);
  const unchanged = await call(`${base}/contacts`, { headers: { 'if-none-match': `"other", W/${etag}` } });
  expect([unchanged.status, await unchanged.text(), unchanged.headers.get('etag')]).toEqual([304, '', etag]);
  expect(unchanged.headers.get('cache-control')).toBe('private, no-cache');
  expect(unchanged.headers.get('content-type')).toBeNull();
  unreadTotal = 2;
  const changed = await call(`${base}/contacts`, { headers: { 'if-none-match': etag } });
  expect(changed.status).toBe(200);
  expect(changed.headers.get('etag')).not.toBe(etag);
});

test('two drivers and two languages never share an ETag', async () => {
  const { call, identity } = await startDriverApi();
  const other = `Bearer ${await identity.sign({ claims: { driver_id: 'driver-2' } })}`;
  const replies = await Promise.all([
    call(`${base}/contacts`),
    call(`${base}/contacts`, { headers: { authorization: other } }),
    call(`${base}/contacts`, { headers: { 'accept-language': 'en' } }),
  ]);
  expect(new Set(replies.map((reply) => reply.headers.get('etag'))).size).toBe(3);
});

test('shows one dialog', async () => {
  const { call } = await startDriverApi();
  const response = await call(`${base}/contacts/${matchingId}/messages`);
  const body = messagesWire.parse(await response.json());
  expect(body).toMatchObject({ unread: 1, messages: [{ id: 'm-1', kind: 'new_match' }] });
});

test('marks a dialog read through the given moment, or altogether', async () => {
  const { call, asked } = await startDriverApi();
  const url = `${base}/contacts/${matchingId}/read`;
  const json = { 'content-type': 'application/json' };
  for (const time of ['2026-01-01t00:00:00z', '2016-12-31T23:59:60Z']) {
    expect((await call(url, { method: 'POST', headers: json, body: JSON.stringify({ read_through: time }) })).status).toBe(204);
  }
  const through = await call(url, { method: 'POST', headers: json, body: '{"read_through":"2026-02-01T13:00:00+03:00"}' });
  expect([through.status, await through.text(), through.headers.get('content-length')]).toEqual([204, '', null]);
  expect((await call(url, { method: 'POST', headers: json, body: '{}' })).status).toBe(204);
  expect((await call(url, { method: 'POST' })).status).toBe(204);
  const moments = asked.map(({ input }) => (input as { readThrough: unknown }).readThrough);
  expect(moments).toEqual([Date.parse('2026-01-01T00:00:00Z'), Date.parse('2016-12-31T23:59:59Z'), Date.parse('2026-02-01T10:00:00Z'), null, null]);
});

test('a foreign matching, an unknown one and what is no id look exactly the same', async () => {
  const { call } = await startDriverApi();
  const unknown = '11111111-1111-4111-8111-111111111111';
  const ids = [foreignMatchingId, unknown, 'not-a-uuid', matchingId.toUpperCase(), '%00'];
  for (const [method, tail] of [['GET', 'messages'], ['POST', 'read']] as const) {
    const replies = await Promise.all(ids.map((id) => call(`${base}/contacts/${id}/${tail}`, { method, headers: trace })));
    expect(replies.map((reply) => reply.status)).toEqual(ids.map(() => 404));
    expect(new Set(await Promise.all(replies.map((reply) => reply.text()))).size).toBe(1);
  }
});

test('neither tokens nor contents reach the log', async () => {
  const { call, logged, identity } = await startDriverApi();
  await call(`${base}/contacts`);
  const json = { 'content-type': 'application/json' };
  await call(`${base}/contacts/${matchingId}/read`, { method: 'POST', headers: json, body: '{"read_through":"secret"}' });
  await call(`${base}/contacts`, { headers: { authorization: `Bearer ${await identity.sign({ claims: { iss: 'nobody' } })}` } });
  expect(logged).toHaveLength(3);
  expect(logged[0]).toMatchObject({ level: 'debug', route: `${base}/contacts`, method: 'GET', status: '200' });
  const text = JSON.stringify(logged);
  for (const secret of ['eyJ', '79990001122', 'Иванов', 'secret', matchingId]) expect(text).not.toContain(secret);
});

test('counts requests by the pattern of their route', async () => {
  const { call, metrics } = await startDriverApi();
  await call(`${base}/contacts/${matchingId}/messages`);
  await call(`${base}/contacts/${foreignMatchingId}/messages`);
  await call('/nowhere/private-name', { method: 'DELETE' });
  const { values } = await metrics.httpRequests.get();
  const route = `${base}/contacts/{matching_id}/messages`;
  expect(values).toEqual([
    { labels: { route, method: 'GET', status: '200' }, value: 1 },
    { labels: { route, method: 'GET', status: '404' }, value: 1 },
    { labels: { route: 'unmatched', method: 'other', status: '404' }, value: 1 },
  ]);
  const durations = await metrics.httpDuration.get();
  expect(durations.values.some(({ labels }) => labels.route === route)).toBe(true);
});

test('an answer that fits no promise of the contract is still a plain problem', async () => {
  const { call } = await startDriverApi({ offer: async () => { throw new Error('boom'); } });
  expect(await problemOf(await call(`${base}/offer`))).toEqual({
    type: 'about:blank',
    title: 'Internal Server Error',
    status: 500,
    detail: 'The service failed to answer.',
    code: 'internal',
    trace_id: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
  });
});
