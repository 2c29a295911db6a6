// Every kind of bad input gets its own status and says which part of it was bad, without repeating it.
import { expect, test } from 'vitest';
import { matchingId, startDriverApi } from './driver-fakes.ts';
import { problemOf } from './listener.ts';
import { openSocket } from './socket.ts';

const base = '/driver/v1/mentorship';
const read = `${base}/contacts/${matchingId}/read`;
const json = { 'content-type': 'application/json' };

const unknownPaths = ['/', base, `${base}/contacts/`, '/driver/v2/mentorship/offer', `${base}/%zz`, '//'];

test.each(unknownPaths)(
  'answers 404 to the unknown path %s, with or without a token',
  async (path) => {
    const { call, url } = await startDriverApi();
    expect((await problemOf(await call(path))).code).toBe('not_found');
    expect((await fetch(url(path))).status).toBe(404);
  },
);

test.each([
  ['DELETE', `${base}/participation`, 'GET, HEAD, POST'],
  ['PUT', `${base}/contacts`, 'GET, HEAD'],
  ['OPTIONS', `${base}/contacts`, 'GET, HEAD'],
  ['GET', read, 'POST'],
])('answers 405 to %s %s and tells what is allowed', async (method, path, allow) => {
  const { call } = await startDriverApi();
  const response = await call(path, { method });
  expect([response.status, response.headers.get('allow')]).toEqual([405, allow]);
  expect((await problemOf(response)).code).toBe('method_not_allowed');
});

test('a method in lower case is another method', async () => {
  const { port } = await startDriverApi();
  const { socket, until } = await openSocket(port);
  socket.write(`get ${base}/contacts HTTP/1.1\r\nHost: x\r\n\r\n`);
  expect(await until(/\}$/)).toMatch(/^HTTP\/1\.1 405 Method Not Allowed\r\n/);
  socket.destroy();
});

test('answers HEAD where it answers GET', async () => {
  const { call } = await startDriverApi();
  const [get, head] = [await call(`${base}/contacts`), await call(`${base}/contacts`, { method: 'HEAD' })];
  expect([head.status, head.headers.get('etag'), await head.text()]).toEqual([200, get.headers.get('etag'), '']);
});

test.each([
  ['{"read_through": yesterday}', 'position 17 (line 1, column 18)'],
  ['{\n  "read_through":\n}', 'position 20 (line 3, column 1)'],
  ['{"read_through"', 'it ends too early, at position 15'],
])('names the position where the body %j stops being JSON', async (body, place) => {
  const { call } = await startDriverApi();
  const response = await call(read, { method: 'POST', headers: json, body });
  expect(response.status).toBe(400);
  const problem = await problemOf(response);
  expect(problem.code).toBe('malformed_json');
  expect(problem.detail).toContain(place);
  expect(problem.detail).not.toContain('yesterday');
});

test('answers 400 to a body that is not UTF-8', async () => {
  const { call } = await startDriverApi();
  const problem = await problemOf(await call(read, { method: 'POST', headers: json, body: Uint8Array.of(0x22, 0xff, 0x22) }));
  expect(problem).toMatchObject({ code: 'malformed_json', detail: 'The body is not UTF-8.' });
});

test.each([undefined, 'text/plain', 'application/x-www-form-urlencoded', 'application/json; charset=koi8-r', 'application/jsonp'])(
  'answers 415 to a body of type %s',
  async (type) => {
    const { call } = await startDriverApi();
    const body = new TextEncoder().encode('{}');
    const response = await call(read, { method: 'POST', body, headers: type === undefined ? {} : { 'content-type': type } });
    expect(response.status).toBe(415);
    expect((await problemOf(response)).code).toBe('unsupported_media_type');
  },
);

test('takes JSON with its charset named', async () => {
  const { call } = await startDriverApi();
  const response = await call(read, { method: 'POST', body: '{}', headers: { 'content-type': 'Application/JSON; charset=UTF-8' } });
  expect(response.status).toBe(204);
});

test.each([
  ['{"read_through":"2026-02-30T00:00:00Z"}', 'The field "read_through" must be an RFC 3339 time.'],
  ['{"read_through":"yesterday"}', 'The field "read_through" must be an RFC 3339 time.'],
  ['{"read_through":5}', 'The field "read_through" must be an RFC 3339 time.'],
  ['{"readThrough":"2026-02-01T00:00:00Z"}', 'Unknown field "readThrough".'],
  ['{"__proto__":{"read_through":"2026-02-01T00:00:00Z"}}', 'Unknown field "__proto__".'],
  ['[]', 'The body'],
  ['null', 'The body'],
])('names what is wrong in the body %s', async (body, detail) => {
  const { call, asked } = await startDriverApi();
  const response = await call(read, { method: 'POST', headers: json, body });
  expect(response.status).toBe(400);
  expect((await problemOf(response)).detail).toContain(detail);
  expect(asked).toEqual([]);
});

test.each([
  ['limit=0', 'The query parameter "limit" must be a whole number from 1 to 100.'],
  ['limit=101', 'The query parameter "limit" must be a whole number from 1 to 100.'],
  ['limit=', 'The query parameter "limit" must be a whole number from 1 to 100.'],
  ['limit=1e1', 'The query parameter "limit" must be a whole number from 1 to 100.'],
  ['limit=%2010', 'The query parameter "limit" must be a whole number from 1 to 100.'],
  ['role=boss', 'The query parameter "role" must be newbie or mentor.'],
  ['role=newbie&role=mentor', 'The query parameter "role" is given more than once.'],
  ['cursor=%D0%B8', 'The query parameter "cursor" must be a cursor that an earlier page gave.'],
  ['driver_id=another', 'Unknown query parameter "driver_id".'],
  ['__proto__=1', 'Unknown query parameter "__proto__".'],
])('names what is wrong in the query %s', async (query, detail) => {
  const { call, asked } = await startDriverApi();
  const response = await call(`${base}/contacts?${query}`);
  expect(response.status).toBe(400);
  expect(await problemOf(response)).toMatchObject({ code: 'invalid_input', detail });
  expect(asked).toEqual([]);
});

test('names every mistake at once', async () => {
  const { call } = await startDriverApi();
  const { detail } = await problemOf(await call(`${base}/contacts?role=boss&limit=x`));
  expect(detail).toMatch(/"role".*"limit"/);
});

test.each([['empty', ''], ['too long', 'k'.repeat(201)], ['unprintable', 'a\tb'], ['not ASCII', 'caf\u00e9-1']])(
  'refuses an Idempotency-Key that is %s',
  async (_case, key) => {
    const { call, asked } = await startDriverApi();
    const response = await call(`${base}/participation`, { method: 'POST', headers: { 'idempotency-key': key } });
    expect(response.status).toBe(400);
    expect((await problemOf(response)).detail).toBe('The header "idempotency-key" must be 1 to 200 printable ASCII characters.');
    expect(asked).toEqual([]);
  },
);

test('takes an Idempotency-Key of 200 characters', async () => {
  const { call } = await startDriverApi();
  const response = await call(`${base}/participation`, { method: 'POST', headers: { 'idempotency-key': 'k'.repeat(200) } });
  expect(response.status).toBe(201);
});

test('looks at the token before it looks at the input', async () => {
  const { url, asked } = await startDriverApi();
  for (const path of [`${base}/contacts?limit=x`, `${base}/offer`, `${base}/participation`, `${base}/contacts/${matchingId}/messages`]) {
    const response = await fetch(url(path));
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toMatch(/^Bearer /);
  }
  expect(asked).toEqual([]);
});
