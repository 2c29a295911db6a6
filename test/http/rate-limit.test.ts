// The shed valves: one driver's storm, a flood of bad tokens, more requests than can be served.
import { expect, test } from 'vitest';
import { createDriverGuard } from '../../http/driver-access.ts';
import { driverRoutes } from '../../http/driver/routes.ts';
import { RateLimiter, rateLimiterOf } from '../../http/rate-limit.ts';
import { peerOf } from '../../http/request-head.ts';
import { profileKey } from '../../machines/ids.ts';
import type { HttpProblem } from '../../http/problem.ts';
import { fixedUseCases } from './driver-fakes.ts';
import { listen, openGuards, problemOf } from './listener.ts';
import { openSocket } from './socket.ts';
import { audience, createIssuer, issuer, nowMs, type Issuer } from './tokens.ts';

const offer = '/driver/v1/mentorship/offer';

function refusalOf(limiter: RateLimiter, key: string): Record<string, string> | null {
  try {
    limiter.take(key);
    return null;
  } catch (error) {
    return (error as HttpProblem).headers;
  }
}

test('gives a burst of the whole limit, then as much as flows in, and says when to come back', () => {
  let now = 0;
  const limiter = new RateLimiter(60, () => now);
  for (let left = 59; left >= 0; left -= 1) expect(limiter.take('a')['RateLimit-Remaining']).toBe(String(left));
  expect(refusalOf(limiter, 'a')).toEqual({
    'RateLimit-Policy': '60;w=60', 'RateLimit-Limit': '60', 'RateLimit-Remaining': '0', 'RateLimit-Reset': '60', 'Retry-After': '1',
  });
  now += 999;
  expect(refusalOf(limiter, 'a')).not.toBeNull();
  now += 1;
  expect(refusalOf(limiter, 'a')).toBeNull();
  expect(refusalOf(limiter, 'a')).not.toBeNull();
  expect(refusalOf(limiter, 'b')).toBeNull();
  now += 600_000;
  expect(limiter.take('a')).toMatchObject({ 'RateLimit-Remaining': '59', 'RateLimit-Reset': '1' });
});

test('a slow limit names the whole wait', () => {
  const limiter = new RateLimiter(1, () => 0);
  limiter.take('a');
  expect(refusalOf(limiter, 'a')).toMatchObject({ 'Retry-After': '60' });
});

test('remembers so many callers and no more', () => {
  const limiter = new RateLimiter(1, () => 0);
  for (let index = 0; index < 120_000; index += 1) limiter.take(`caller-${index}`);
  expect(refusalOf(limiter, 'caller-119999')).not.toBeNull();
  expect(refusalOf(limiter, 'caller-0')).toBeNull();
});

test('a limit of nought is none', () => {
  expect(rateLimiterOf(0, () => 0)).toBeNull();
});

interface LimitedApi {
  readonly identity: Issuer;
  readonly port: number;
  readonly get: (token: string) => Promise<Response>;
}

async function limitedApi(limits: { requests?: number; refusals?: number; concurrent?: number; offer?: () => Promise<never> }): Promise<LimitedApi> {
  const identity = await createIssuer();
  const refusals = rateLimiterOf(limits.refusals ?? 0, () => 0);
  const quota = rateLimiterOf(limits.requests ?? 0, () => 0);
  const driver = createDriverGuard({ jwks: identity.file, issuer, audience, nowMs: () => nowMs, refusals });
  const guards = { ...openGuards, driver, ...(quota && { quota: (caller: Parameters<typeof profileKey>[0]) => quota.take(profileKey(caller)) }) };
  const useCases = { ...fixedUseCases(), ...(limits.offer && { offer: limits.offer }) };
  const { url, port } = await listen({ ctx: { useCases }, routes: driverRoutes, guards, limits: { concurrent: limits.concurrent ?? Number.POSITIVE_INFINITY } });
  return { identity, port, get: (token) => fetch(url(offer), { headers: { authorization: `Bearer ${token}` } }) };
}

test('tells a driver what is left, and 429 when nothing is, whichever of his tokens he shows', async () => {
  const { identity, get } = await limitedApi({ requests: 3 });
  const [one, two, other] = [await identity.sign(), await identity.sign({ alg: 'ES256' }), await identity.sign({ claims: { driver_id: 'driver-2' } })];
  const first = await get(one);
  expect(Object.fromEntries([...first.headers].filter(([name]) => name.startsWith('ratelimit')))).toEqual({
    'ratelimit-policy': '3;w=60', 'ratelimit-limit': '3', 'ratelimit-remaining': '2', 'ratelimit-reset': '20',
  });
  for (const token of [two, one]) expect((await get(token)).status).toBe(200);
  const refused = await get(two);
  expect([refused.status, refused.headers.get('retry-after'), refused.headers.get('ratelimit-remaining')]).toEqual([429, '20', '0']);
  expect(await problemOf(refused)).toMatchObject({ code: 'too_many_requests', status: 429 });
  expect((await get(other)).status).toBe(200);
});

test('after a flood of bad tokens no unknown one is looked at, and drivers already let in stay in', async () => {
  const { identity, get } = await limitedApi({ refusals: 5 });
  const known = await identity.sign();
  expect((await get(known)).status).toBe(200);
  const statuses: number[] = [];
  for (let turn = 0; turn < 7; turn += 1) statuses.push((await get(`bad.${turn}`)).status);
  expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 429]);
  const fresh = await get(await identity.sign({ claims: { driver_id: 'driver-2' } }));
  expect([fresh.status, fresh.headers.get('retry-after')]).toEqual([429, '12']);
  expect((await get(known)).status).toBe(200);
});

test('turns away what is too much at once with 503, and keeps the connection for the next try', async () => {
  const finish = Promise.withResolvers<never>();
  const { identity, port, get } = await limitedApi({ concurrent: 2, offer: () => finish.promise });
  const token = await identity.sign();
  const waiting = [get(token), get(token)];
  const conversation = await openSocket(port);
  const request = `GET ${offer} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n\r\n`;
  await expect.poll(async () => {
    conversation.socket.write(request);
    return conversation.until(/\}$/);
  }).toMatch(/^HTTP\/1\.1 503 Service Unavailable\r\n[^]*Retry-After: \d+\r\n[^]*"code":"overloaded"/);
  // The two may still have their tokens verified, and nobody waits for it then.
  finish.promise.catch(() => {});
  finish.reject(new Error('enough'));
  await Promise.all(waiting);
  conversation.socket.write(request);
  await conversation.until(/HTTP\/1\.1 500/);
  conversation.socket.destroy();
});

test('counts an IPv6 network as one, and an IPv4 address the same however it is written', () => {
  const v4 = Uint8Array.of(192, 0, 2, 7);
  const mapped = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 7);
  const host = (last: number): Uint8Array => Uint8Array.of(0x20, 1, 0xd, 0xb8, 0, 0, 0, last === 0 ? 1 : 0, 0, 0, 0, 0, 0, 0, 0, last);
  expect(peerOf(mapped)).toBe(peerOf(v4));
  expect(peerOf(host(1))).toBe(peerOf(host(2)));
  expect(peerOf(host(0))).not.toBe(peerOf(host(1)));
  expect(peerOf(Uint8Array.of(192, 0, 2, 8))).not.toBe(peerOf(v4));
});
