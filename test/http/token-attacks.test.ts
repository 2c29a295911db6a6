// Every known way to make a token that was not issued pass for one that was: 401 each, and the token is in no log line.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as fc from 'fast-check';
import { exportJWK, exportSPKI, generateKeyPair, SignJWT, type JWTHeaderParameters } from 'jose';
import { expect, onTestFinished, test } from 'vitest';
import { startDriverApi, type DriverApi } from './driver-fakes.ts';
import { problemOf } from './listener.ts';
import { goodClaims, issuer, nowMs, unsignedToken } from './tokens.ts';

const offer = '/driver/v1/mentorship/offer';
const header = { alg: 'EdDSA', kid: 'EdDSA' };
const now = nowMs / 1000;

type Forge = (api: DriverApi) => string | Promise<string>;

/** Signed with a key of the attacker's own. */
async function foreign(more: Partial<JWTHeaderParameters> = {}): Promise<string> {
  const { privateKey } = await generateKeyPair('EdDSA');
  return new SignJWT(goodClaims).setProtectedHeader({ ...header, ...more }).sign(privateKey);
}

/** Signed with the right key, so that only what is in it can be at fault. */
function genuine(claims: Record<string, unknown> | string, more: Record<string, unknown> = {}): Forge {
  const text = typeof claims === 'string' ? claims : JSON.stringify({ ...goodClaims, ...claims });
  return ({ identity }) => identity.signTexts(JSON.stringify({ ...header, ...more }), text);
}

async function embedded(): Promise<string> {
  const { privateKey, publicKey } = await generateKeyPair('EdDSA');
  const jwk = await exportJWK(publicKey);
  return new SignJWT(goodClaims).setProtectedHeader({ ...header, jwk }).sign(privateKey);
}

const withSecret = (alg: string): Forge => async ({ identity }) => {
  const secret = new TextEncoder().encode(await exportSPKI(identity.publicKeys['RS256']!));
  return identity.sign({ alg, key: secret, kid: 'RS256' });
};

const good = JSON.stringify(goodClaims);
const forgeries: Readonly<Record<string, Forge>> = {
  'no algorithm': () => unsignedToken(),
  'no algorithm, in capitals': () => unsignedToken().replace(/^[^.]+/, Buffer.from('{"alg":"NONE"}').toString('base64url')),
  'HS256 with the public key as secret': withSecret('HS256'),
  'HS512 with the public key as secret': withSecret('HS512'),
  'a key of nobody': () => foreign(),
  'its own key in the header': () => embedded(),
  'a kid that climbs': () => foreign({ kid: '../../../../dev/null' }),
  'a kid that asks a database': () => foreign({ kid: "' UNION SELECT 'secret" }),
  'a kid with a null': () => foreign({ kid: 'EdDSA\u0000' }),
  'a kid that is no text': genuine(good, { kid: { $ne: null } }),
  'a kid of the prototype': () => foreign({ kid: '__proto__' }),
  'another issuer': genuine({ iss: `${issuer}.evil.example` }),
  'issuers in a list': genuine({ iss: [issuer] }),
  'another audience': genuine({ aud: ['billing'] }),
  'an audience that is an object': genuine({ aud: { 0: 'contractor-mentorship' } }),
  'an end in the past': genuine({ exp: now - 1 }),
  'an end that is a text': genuine({ exp: String(now + 60) }),
  'no end': genuine({ exp: undefined }),
  'a start in the future': genuine({ nbf: now + 60 }),
  'a start that is a text': genuine({ nbf: 'now' }),
  'a null in an id': genuine({ driver_id: 'driver-1\u0000' }),
  'an id in a list': genuine({ driver_id: ['driver-1'] }),
  'an id too long': genuine({ park_id: 'p'.repeat(65) }),
  'a claim twice': genuine(good.replace('{', '{"driver_id":"driver-2",')),
  'a claim twice, once in disguise': genuine(good.replace('{', String.raw`{"driver\u005fid":"driver-2",`)),
  'a member of a claim twice': genuine(good.replace('{', '{"act":{"sub":1,"sub":2},')),
  'a header field twice': ({ identity }) => identity.signTexts('{"alg":"none","alg":"EdDSA","kid":"EdDSA"}', good),
  'claims that are a list': genuine(`[${good}]`),
  'claims that are null': genuine('null'),
  'claims that are no JSON': genuine(`${good}}`),
  'an extension it must understand': genuine(good, { crit: ['exp'], exp: now + 60 }),
  'an unknown extension': genuine(good, { crit: ['https://evil.example/x'], 'https://evil.example/x': true }),
  'an empty list of extensions': genuine(good, { crit: [] }),
  'a payload that is not encoded': genuine(good, { b64: false, crit: ['b64'] }),
  'an encrypted token': () => 'eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4R0NNIn0..AAAAAAAAAAAAAAAA.AAAA.AAAAAAAAAAAAAAAAAAAAAA',
  'more than any issuer writes': genuine({ note: 'x'.repeat(8_000) }),
  'a signature cut short': async ({ identity }) => (await identity.sign()).slice(0, -4),
  'no signature': async ({ identity }) => (await identity.sign()).replace(/[^.]+$/, ''),
  'a signature of the other curve': async ({ identity }) => `${(await identity.sign()).split('.').slice(0, 2).join('.')}.${(await identity.sign({ alg: 'ES256' })).split('.')[2]}`,
};

function expectNoTrace({ logged }: DriverApi, token: string): void {
  const lines = JSON.stringify(logged);
  const parts = token.split('.').filter((part) => part.length > 8);
  expect(parts.filter((part) => lines.includes(part))).toEqual([]);
}

test.each(Object.entries(forgeries))('refuses a token with %s', async (_case, forge) => {
  const api = await startDriverApi();
  const token = await forge(api);
  const response = await api.call(offer, { headers: { authorization: `Bearer ${token}` } });
  expect(response.status).toBe(401);
  expect(response.headers.get('www-authenticate')).toMatch(/^Bearer /);
  const problem = await problemOf(response);
  expect(problem.code).toBe('unauthorized');
  expect(JSON.stringify(problem)).not.toContain(token.slice(-16));
  expect(api.asked).toEqual([]);
  expect(api.logged.length).toBeGreaterThan(0);
  expectNoTrace(api, token);
});

test('the forge above makes a token that passes when nothing is wrong with it', async () => {
  const api = await startDriverApi();
  for (const claims of [good, JSON.stringify({ ...goodClaims, aud: ['billing', 'contractor-mentorship'], a: [{ b: 1 }, { b: 1 }], b: '"a":"a"' })]) {
    const token = await genuine(claims)(api);
    expect((await api.call(offer, { headers: { authorization: `Bearer ${token}` } })).status).toBe(200);
    expectNoTrace(api, token);
  }
});

test('a token that says where its key is makes the service ask nobody', async () => {
  let asked = 0;
  const evil = createServer((_request, response) => {
    asked += 1;
    response.end('{"keys":[]}');
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void evil.close());
  await once(evil, 'listening');
  const url = `http://127.0.0.1:${(evil.address() as AddressInfo).port}/keys`;
  const api = await startDriverApi();
  for (const more of [{ jku: url }, { x5u: url }, { x5c: ['MIIB'] }, { jku: url, kid: url }]) {
    const token = await foreign(more);
    expect((await api.call(offer, { headers: { authorization: `Bearer ${token}` } })).status).toBe(401);
    expectNoTrace(api, token);
  }
  expect(asked).toBe(0);
});

test('no random token gets in, and none makes the service fail', async () => {
  const api = await startDriverApi();
  const field = fc.constantFrom('alg', 'kid', 'typ', 'crit', 'b64', 'enc', 'zip', 'jwk', 'x5c', 'iss', 'aud', 'exp', 'nbf', 'park_id', 'driver_id');
  const value = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constantFrom<unknown>('EdDSA', 'ES256', 'none', 'HS256', issuer, goodClaims.aud, now + 60, ['b64']));
  const object = fc.dictionary(field, value, { maxKeys: 8 });
  const part = fc.oneof(object.map((fields) => JSON.stringify(fields)), fc.string(), fc.constant(good), fc.constant(JSON.stringify(header)));
  const encoded = fc.tuple(part, part).map((parts) => parts.map((text) => Buffer.from(text).toString('base64url')).join('.'));
  const token = fc.tuple(encoded, fc.base64String()).map(([text, signature]) => `${text}.${signature.replaceAll('+', '-').replaceAll('/', '_')}`);
  const noise = fc.array(fc.constantFrom('.', 'e', 'y', 'J', '=', '-', '_', '~', 'A'), { maxLength: 60 }).map((letters) => letters.join(''));
  await fc.assert(fc.asyncProperty(fc.oneof(token, noise), async (forged) => {
    const response = await api.call(offer, { headers: { authorization: `Bearer ${forged}` } });
    expect(response.status).toBe(401);
    await response.arrayBuffer();
  }), { numRuns: 300 });
  expect(api.asked).toEqual([]);
});
