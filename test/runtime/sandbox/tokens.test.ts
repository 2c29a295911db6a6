// The sandbox's tokens: verifiable with the published keys alone, and still good after a restart.
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLocalJWKSet, jwtVerify, type JSONWebKeySet, type JWTPayload } from 'jose';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { people } from '../../sandbox/seed.ts';
import { createTokenIssuer, type TokenIssuer } from '../../sandbox/tokens.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tokens-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const profile = people(1).newbies[0]!.profiles[0];

async function claimsOf(token: string, { jwksFile, issuer, audience }: TokenIssuer): Promise<JWTPayload> {
  const keys = JSON.parse(readFileSync(jwksFile, 'utf8')) as JSONWebKeySet;
  const { payload } = await jwtVerify(token, createLocalJWKSet(keys), { issuer, audience });
  return payload;
}

test('signs a token that names the profile and is good for a day', async () => {
  const issuer = await createTokenIssuer(directory);
  const claims = await claimsOf(await issuer.token(profile), issuer);
  expect(claims).toMatchObject({ park_id: profile.parkId, driver_id: profile.driverId });
  expect((claims.exp ?? 0) - (claims.iat ?? 0)).toBe(86_400);
});

test('accepts after a restart what it signed before', async () => {
  const before = await createTokenIssuer(directory);
  const token = await before.token(profile);
  await expect(claimsOf(token, await createTokenIssuer(directory))).resolves.toMatchObject({ driver_id: profile.driverId });
});

test('publishes no private part and keeps the private key to its owner', async () => {
  const { jwksFile } = await createTokenIssuer(directory);
  expect(readFileSync(jwksFile, 'utf8')).not.toContain('"d":');
  expect(statSync(join(directory, 'private.jwk.json')).mode & 0o077).toBe(0);
});
