// Who may use the admin listener: with a token, and without one.
import { expect, test } from 'vitest';
import { isLoopback } from '../../http/request-head.ts';
import { outsideAddress, startAdminApi } from './admin-fakes.ts';
import { problemOf } from './listener.ts';
import { openSocket } from './socket.ts';

const token = 'correct-horse-battery';
const run = '/admin/v1/jobs/archive/run';

async function statusOf(port: number, lines: readonly string[], host = '127.0.0.1'): Promise<number> {
  const { socket, until } = await openSocket(port, host);
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  const text = await until(/\r\n\r\n/);
  socket.destroy();
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1]);
}

test('with a token everything but health and metrics asks for it', async () => {
  const { url } = await startAdminApi({ token });
  for (const path of ['/live', '/ready', '/metrics']) expect((await fetch(url(path))).status).toBe(200);
  for (const path of ['/admin/v1/matchings', '/admin/v1/funnel', '/openapi.json']) {
    const refused = await fetch(url(path));
    expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([401, expect.stringMatching(/^Bearer /)]);
    expect((await fetch(url(path), { headers: { authorization: `Bearer ${token}` } })).status).toBe(200);
  }
});

test.each([token.slice(0, -1), `${token}x`, token.toUpperCase(), 'a.b.c'])('the token %s does not pass for another', async (wrong) => {
  const { url, asked } = await startAdminApi({ token });
  const response = await fetch(url(run), { method: 'POST', headers: { authorization: `Bearer ${wrong}` } });
  expect(response.status).toBe(401);
  expect(await response.text()).not.toContain(token);
  expect(asked).toEqual([]);
});

test('without a token this machine may do everything', async () => {
  const { url } = await startAdminApi();
  expect((await fetch(url('/admin/v1/matchings'))).status).toBe(200);
  expect((await fetch(url(run), { method: 'POST' })).status).toBe(200);
});

test.skipIf(outsideAddress() === undefined)('without a token nobody else gets anything', async () => {
  const { port, asked } = await startAdminApi({ host: '0.0.0.0' });
  const outside = outsideAddress() ?? '';
  for (const line of ['GET /admin/v1/matchings', 'GET /metrics', 'GET /live', `POST ${run}`]) {
    expect(await statusOf(port, [`${line} HTTP/1.1`, 'Host: localhost'], outside)).toBe(403);
  }
  expect(await statusOf(port, ['GET /live HTTP/1.1', 'Host: localhost'])).toBe(200);
  expect(asked).toEqual([]);
});

test.skipIf(outsideAddress() === undefined)('with a token it matters not where one connects from', async () => {
  const { port } = await startAdminApi({ host: '0.0.0.0', token });
  const request = ['GET /admin/v1/funnel HTTP/1.1', 'Host: admin.example', `Authorization: Bearer ${token}`];
  expect(await statusOf(port, request, outsideAddress())).toBe(200);
});

test.each([
  ['a rebound name', ['Host: evil.example:8081'], 403],
  ['no host at all', ['Host: '], 403],
  ['a name that only begins like one of ours', ['Host: localhost.evil.example'], 403],
  ['a page of another origin', ['Host: localhost:8081', 'Origin: https://evil.example'], 403],
  ['a page of another port', ['Host: localhost:8081', 'Origin: http://localhost:3000'], 403],
  ['a page of no origin', ['Host: localhost:8081', 'Origin: null'], 403],
  ['our own page', ['Host: localhost:8081', 'Origin: http://localhost:8081', 'Content-Type: application/json'], 200],
  ['our own page as a form', ['Host: localhost:8081', 'Origin: http://localhost:8081', 'Content-Type: text/plain'], 415],
  ['our own page without a type', ['Host: localhost:8081', 'Sec-Fetch-Site: same-origin'], 415],
  ['a tool that sends a form', ['Host: localhost:8081', 'Content-Type: application/x-www-form-urlencoded'], 415],
  ['a page of another site that hides its origin', ['Host: localhost:8081', 'Sec-Fetch-Site: cross-site', 'Content-Type: application/json'], 403],
  ['a page of this machine on another port', ['Host: localhost:8081', 'Sec-Fetch-Site: same-site', 'Content-Type: application/json'], 403],
  ['a form sent by following a link', ['Host: localhost:8081', 'Sec-Fetch-Site: cross-site', 'Sec-Fetch-Mode: navigate'], 403],
  ['IPv6 loopback', ['Host: [::1]:8081'], 200],
])('without a token a change asked for by %s', async (_case, headers, status) => {
  const { port, asked } = await startAdminApi();
  expect(await statusOf(port, [`POST ${run} HTTP/1.1`, ...headers])).toBe(status);
  expect(asked).toHaveLength(status === 200 ? 1 : 0);
});

test('a rebound name cannot read either', async () => {
  const { port } = await startAdminApi();
  expect(await statusOf(port, ['GET /admin/v1/matchings HTTP/1.1', 'Host: evil.example'])).toBe(403);
});

test.each([
  ['cross-site', 'no-cors', 403],
  ['cross-site', 'navigate', 200],
  ['same-origin', 'cors', 200],
  ['none', 'navigate', 200],
])('without a token a page reads as %s by %s: %i', async (site, mode, status) => {
  const { port } = await startAdminApi();
  expect(await statusOf(port, ['GET /admin/v1/funnel HTTP/1.1', 'Host: localhost', `Sec-Fetch-Site: ${site}`, `Sec-Fetch-Mode: ${mode}`])).toBe(status);
});

test('with a token a page still cannot send a form', async () => {
  const { port, asked } = await startAdminApi({ token });
  const request = [`POST ${run} HTTP/1.1`, 'Host: admin.example', `Authorization: Bearer ${token}`, 'Origin: https://evil.example'];
  expect(await statusOf(port, request)).toBe(415);
  expect(asked).toEqual([]);
});

test.skipIf(outsideAddress() === undefined)('an IPv4 peer of a listener for both families is the peer it is', async () => {
  const { port } = await startAdminApi({ host: '::' });
  expect(await statusOf(port, ['GET /admin/v1/funnel HTTP/1.1', 'Host: localhost'], '127.0.0.1')).toBe(200);
  expect(await statusOf(port, ['GET /admin/v1/funnel HTTP/1.1', 'Host: localhost'], outsideAddress())).toBe(403);
});

test.skipIf(outsideAddress() === undefined)('what a proxy header says of the peer counts for nothing', async () => {
  const { port } = await startAdminApi({ host: '0.0.0.0' });
  const claims = ['X-Forwarded-For: 127.0.0.1', 'X-Real-IP: 127.0.0.1', 'Forwarded: for=127.0.0.1'];
  expect(await statusOf(port, ['GET /admin/v1/funnel HTTP/1.1', 'Host: localhost', ...claims], outsideAddress())).toBe(403);
  const denials = ['X-Forwarded-For: 203.0.113.9', 'Forwarded: for=203.0.113.9'];
  expect(await statusOf(port, ['GET /admin/v1/funnel HTTP/1.1', 'Host: localhost', ...denials])).toBe(200);
});

test('the refusal says what is missing', async () => {
  const { url } = await startAdminApi();
  const response = await fetch(url(run), { method: 'POST', headers: { origin: 'https://evil.example' } });
  expect(await problemOf(response)).toMatchObject({ status: 403, code: 'forbidden', detail: expect.stringContaining('ADMIN_TOKEN') });
});

test.each([
  ['127.0.0.1', [127, 0, 0, 1], true],
  ['127.9.9.9', [127, 9, 9, 9], true],
  ['10.0.0.1', [10, 0, 0, 1], false],
  ['::1', [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], true],
  ['::', [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], false],
  ['::ffff:127.0.0.1', [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 1], true],
  ['::ffff:10.0.0.1', [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 1], false],
  ['fd00::1', [0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], false],
  ['an address that is gone', [], false],
])('tells whether %s is this machine', (_text, bytes, expected) => {
  expect(isLoopback(Uint8Array.from(bytes))).toBe(expected);
});
