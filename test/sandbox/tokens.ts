// Signs driver tokens as the platform's own issuer would. The key pair is made once per data directory and kept there, so that a
// token printed yesterday still opens the restarted demo.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { exportJWK, generateKeyPair, importJWK, SignJWT, type JWK } from 'jose';
import type { Profile } from '../../machines/ids.ts';

export interface TokenIssuer {
  /** A file with the public keys, for `AUTH_JWKS`. */
  readonly jwksFile: string;
  readonly issuer: string;
  readonly audience: string;
  /** Valid for a day of real time. */
  token(profile: Profile): Promise<string>;
}

const algorithm = 'ES256';
const keyId = 'sandbox-1';
const issuer = 'https://sandbox.invalid/issuer';
const audience = 'contractor-mentorship';

export async function createTokenIssuer(directory: string): Promise<TokenIssuer> {
  mkdirSync(directory, { recursive: true });
  const privateFile = join(directory, 'private.jwk.json');
  const jwksFile = join(directory, 'jwks.json');
  if (!existsSync(privateFile) || !existsSync(jwksFile)) await makeKeys(privateFile, jwksFile);
  const key = await importJWK(JSON.parse(readFileSync(privateFile, 'utf8')) as JWK, algorithm);
  const token = ({ parkId, driverId }: Profile): Promise<string> =>
    new SignJWT({ park_id: parkId, driver_id: driverId })
      .setProtectedHeader({ alg: algorithm, kid: keyId })
      .setIssuer(issuer)
      .setAudience(audience)
      .setIssuedAt()
      .setExpirationTime('24h')
      .sign(key);
  return { jwksFile, issuer, audience, token };
}

async function makeKeys(privateFile: string, jwksFile: string): Promise<void> {
  const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true });
  const named = { kid: keyId, alg: algorithm, use: 'sig' };
  writeFileSync(privateFile, JSON.stringify({ ...(await exportJWK(privateKey)), ...named }), { mode: 0o600 });
  writeFileSync(jwksFile, JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), ...named }] }));
}
