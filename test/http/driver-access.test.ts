// Which tokens let a driver in, and what a refusal tells.
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { exportSPKI } from 'jose';
import { expect, onTestFinished, test } from 'vitest';
import type { Guards } from '../../http/access.ts';
import { createDriverGuard } from '../../http/driver-access.ts';
import type { HttpProblem } from '../../http/problem.ts';
import { audience, createIssuer, goodClaims, issuer, nowMs, unsignedToken, type Issuer, type TokenChanges } from './tokens.ts';

function headWith(authorization: string | null): Parameters<Guards['driver']>[0] {
  const headers = new Map(authorization === null ? [] : [['authorization', authorization]]);
  return { method: 'GET', path: '/', query: '', headers, fromLoopback: true, address: Uint8Array.of(127, 0, 0, 1) };
}

function guardOf(identity: Issuer, now: () => number = () => nowMs): Guards['driver'] {
  return createDriverGuard({ jwks: identity.file, issuer, audience, nowMs: now });
}

async function refusalOf(guard: Guards['driver'], authorization: string | null): Promise<HttpProblem> {
  return guard(headWith(authorization)).then(
    () => { throw new Error('the token was accepted'); },
    (error: unknown) => error as HttpProblem,
  );
}

test.each(['EdDSA', 'ES256', 'RS256'])('lets in a driver whose token is signed with %s', async (alg) => {
  const identity = await createIssuer();
  const token = await identity.sign({ alg });
  expect(await guardOf(identity)(headWith(`Bearer ${token}`))).toEqual({ parkId: 'park-1', driverId: 'driver-1' });
});

const bad: readonly (readonly [string, TokenChanges, RegExp])[] = [
  ['an algorithm outside the list', { alg: 'ES384' }, /algorithm is not allowed/],
  ['a wrong issuer', { claims: { iss: 'https://evil.example' } }, /claim is missing or wrong/],
  ['no issuer', { claims: { iss: undefined } }, /claim is missing or wrong/],
  ['a wrong audience', { claims: { aud: 'another-service' } }, /claim is missing or wrong/],
  ['no audience', { claims: { aud: undefined } }, /claim is missing or wrong/],
  ['an expiry in the past', { claims: { exp: nowMs / 1000 - 1 } }, /has expired/],
  ['no expiry', { claims: { exp: undefined } }, /claim is missing or wrong/],
  ['a start in the future', { claims: { nbf: nowMs / 1000 + 60 } }, /claim is missing or wrong/],
  ['an unknown key', { kid: 'rotated-away' }, /key is unknown/],
  ['no park', { claims: { park_id: undefined } }, /park_id and driver_id/],
  ['a driver id with an underscore', { claims: { driver_id: 'a_b' } }, /park_id and driver_id/],
  ['an id that is no string', { claims: { park_id: 7 } }, /park_id and driver_id/],
];

test.each(bad)('refuses a token with %s', async (_case, changes, reason) => {
  const identity = await createIssuer();
  const problem = await refusalOf(guardOf(identity), `Bearer ${await identity.sign(changes)}`);
  expect(problem.code).toBe('unauthorized');
  expect(problem.message).toMatch(reason);
  expect(problem.headers['WWW-Authenticate']).toMatch(/^Bearer realm="contractor-mentorship", error="invalid_token"/);
});

test('refuses a token signed with the public key as a shared secret', async () => {
  const identity = await createIssuer();
  const secret = new TextEncoder().encode(await exportSPKI(identity.publicKeys['RS256']!));
  const token = await identity.sign({ alg: 'HS256', key: secret, kid: 'RS256' });
  expect((await refusalOf(guardOf(identity), `Bearer ${token}`)).message).toMatch(/algorithm is not allowed/);
});

test('refuses a token whose claims were changed after signing', async () => {
  const identity = await createIssuer();
  const [header, , signature] = (await identity.sign()).split('.');
  const claims = Buffer.from(JSON.stringify({ ...goodClaims, driver_id: 'another' })).toString('base64url');
  expect((await refusalOf(guardOf(identity), `Bearer ${header}.${claims}.${signature}`)).message).toMatch(/signature does not verify/);
});

test.each([
  ['no header', null],
  ['an unsigned token', `Bearer ${unsignedToken()}`],
  ['garbage', 'Bearer garbage'],
  ['three dots', 'Bearer ...'],
  ['another scheme', 'Basic ZHJpdmVyOjE='],
  ['no token', 'Bearer '],
  ['two tokens', 'Bearer a, Bearer b'],
])('answers 401 with a challenge to %s', async (_case, authorization) => {
  const problem = await refusalOf(guardOf(await createIssuer()), authorization);
  expect(problem.code).toBe('unauthorized');
  expect(problem.headers['WWW-Authenticate']).toMatch(/^Bearer realm=/);
});

test('a token it has seen before stops working at its expiry', async () => {
  const identity = await createIssuer();
  let now = nowMs;
  const guard = guardOf(identity, () => now);
  const authorization = `Bearer ${await identity.sign({ claims: { exp: nowMs / 1000 + 60 } })}`;
  await guard(headWith(authorization));
  now += 59_999;
  await guard(headWith(authorization));
  now += 1;
  expect((await refusalOf(guard, authorization)).message).toMatch(/has expired/);
});

test('asks for a remote key set once, and remembers verified tokens without it', async () => {
  const identity = await createIssuer();
  let served = 0;
  const provider = createServer((_request, response) => {
    served += 1;
    response.setHeader('content-type', 'application/json').end(JSON.stringify(identity.jwks));
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void provider.close());
  await once(provider, 'listening');
  const url = `http://127.0.0.1:${(provider.address() as AddressInfo).port}/jwks.json`;
  const guard = createDriverGuard({ jwks: url, issuer, audience, nowMs: () => nowMs });
  const tokens = await Promise.all(['EdDSA', 'ES256'].map((alg) => identity.sign({ alg })));
  for (const token of [...tokens, ...tokens]) await guard(headWith(`Bearer ${token}`));
  expect(served).toBe(1);
});

test('an outage of the key set is an outage, not a bad token', async () => {
  const identity = await createIssuer();
  const guard = createDriverGuard({ jwks: 'http://127.0.0.1:9/jwks.json', issuer, audience, nowMs: () => nowMs });
  await expect(guard(headWith(`Bearer ${await identity.sign()}`))).rejects.toMatchObject({ code: 'upstream_unavailable', status: 503 });
});

test('a key file that cannot be used stops the start', () => {
  const start = (): unknown => createDriverGuard({ jwks: '/nowhere/jwks.json', issuer, audience, nowMs: () => nowMs });
  expect(start).toThrow(/^AUTH_JWKS: /);
});
