// An identity provider for tests: keys, their public set in a file, and tokens of every kind, good and bad.
import { KeyObject, sign as signBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JSONWebKeySet } from 'jose';
import { onTestFinished } from 'vitest';

export const issuer = 'https://id.example';
export const audience = 'contractor-mentorship';
/** The time tokens are made and checked at. */
export const nowMs = Date.parse('2026-03-01T12:00:00Z');

export interface Issuer {
  readonly jwks: JSONWebKeySet;
  /** The key set as a file, for AUTH_JWKS. */
  readonly file: string;
  readonly publicKeys: Readonly<Record<string, CryptoKey>>;
  readonly sign: (changes?: TokenChanges) => Promise<string>;
  /** Header and claims as text, so that they may be what no library writes; signed with the EdDSA key. */
  readonly signTexts: (header: string, claims: string) => string;
}

export interface TokenChanges {
  readonly alg?: string;
  readonly key?: CryptoKey | Uint8Array;
  readonly kid?: string;
  /** Merged over good claims; undefined removes one. */
  readonly claims?: Readonly<Record<string, unknown>>;
}

const algorithms = ['EdDSA', 'ES256', 'RS256', 'ES384'];

/** Made once for all issuers of a test file: an RSA key takes a third of a second. */
const keyPairs = Promise.all(algorithms.map(async (alg) => [alg, await generateKeyPair(alg, { extractable: true })] as const));

export async function createIssuer(): Promise<Issuer> {
  const pairs = await keyPairs;
  const keys = await Promise.all(pairs.map(async ([alg, pair]) => ({ ...(await exportJWK(pair.publicKey)), alg, kid: alg, use: 'sig' })));
  const privateKeys = Object.fromEntries(pairs.map(([alg, pair]) => [alg, pair.privateKey]));
  const directory = mkdtempSync(join(tmpdir(), 'jwks-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const file = join(directory, 'jwks.json');
  writeFileSync(file, JSON.stringify({ keys }));
  const sign = async ({ alg = 'EdDSA', key, kid = alg, claims = {} }: TokenChanges = {}): Promise<string> => {
    const signingKey = key ?? privateKeys[alg];
    if (signingKey === undefined) throw new Error(`no key for ${alg}`);
    return new SignJWT({ ...goodClaims, ...claims }).setProtectedHeader({ alg, kid }).sign(signingKey);
  };
  const signTexts = (header: string, claims: string): string => {
    const text = [header, claims].map((part) => Buffer.from(part).toString('base64url')).join('.');
    return `${text}.${signBytes(null, Buffer.from(text), KeyObject.from(privateKeys['EdDSA']!)).toString('base64url')}`;
  };
  return { jwks: { keys }, signTexts, file, publicKeys: Object.fromEntries(pairs.map(([alg, pair]) => [alg, pair.publicKey])), sign };
}

export const goodClaims = { iss: issuer, aud: audience, exp: nowMs / 1000 + 3600, park_id: 'park-1', driver_id: 'driver-1' };

/** `alg: none`, which no library signs. */
export function unsignedToken(claims: Readonly<Record<string, unknown>> = goodClaims): string {
  const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${encode({ alg: 'none' })}.${encode(claims)}.`;
}
