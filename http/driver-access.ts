// Drivers' tokens: JWTs signed by the platform's identity provider (contracts section 3), verified by jose.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createLocalJWKSet, createRemoteJWKSet, errors, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from 'jose';
import { LRUCache } from 'lru-cache';
import { parseProfile, type Profile } from '../machines/ids.ts';
import { ServiceError } from '../runtime/errors.ts';
import { bearerToken, invalidToken, type Guards } from './access.ts';
import type { HttpProblem } from './problem.ts';

export interface DriverAccessOptions {
  /** A URL or a file path. */
  readonly jwks: string;
  readonly issuer: string;
  readonly audience: string;
  /** Real time: tokens expire by it. */
  readonly nowMs: () => number;
}

interface Verified {
  readonly caller: Profile;
  readonly expiresAtMs: number;
}

const algorithms = ['EdDSA', 'ES256', 'RS256'];
const cachedTokens = 10_000;

/** Throws `bad_config` when the key file cannot be used. */
export function createDriverGuard(options: DriverAccessOptions): Guards['driver'] {
  const keys = keySet(options.jwks);
  const cache = new LRUCache<string, Verified>({ max: cachedTokens });
  return async (head) => {
    const token = bearerToken(head);
    // Under a hash: a dump of this process's memory or cache gives no usable token.
    const cacheKey = createHash('sha256').update(token).digest('base64');
    const known = cache.get(cacheKey);
    if (known !== undefined && known.expiresAtMs > options.nowMs()) return known.caller;
    const verified = await verify(token, keys, options);
    cache.set(cacheKey, verified);
    return verified.caller;
  };
}

function keySet(location: string): JWTVerifyGetKey {
  if (/^https?:\/\//.test(location)) return createRemoteJWKSet(new URL(location));
  try {
    return createLocalJWKSet(JSON.parse(readFileSync(location, 'utf8')) as Parameters<typeof createLocalJWKSet>[0]);
  } catch (cause) {
    throw new ServiceError('bad_config', 'AUTH_JWKS: is neither a URL nor a readable file with a JSON Web Key Set', { cause });
  }
}

async function verify(token: string, keys: JWTVerifyGetKey, options: DriverAccessOptions): Promise<Verified> {
  const payload = await verifiedPayload(token, keys, options);
  const caller = parseProfile(payload['park_id'], payload['driver_id']);
  if (caller === null) throw invalidToken('the claims park_id and driver_id are missing or are not ids');
  return { caller, expiresAtMs: (payload.exp ?? 0) * 1000 };
}

async function verifiedPayload(token: string, keys: JWTVerifyGetKey, options: DriverAccessOptions): Promise<JWTPayload> {
  const { issuer, audience } = options;
  const currentDate = new Date(options.nowMs());
  try {
    const { payload } = await jwtVerify(token, keys, { algorithms, issuer, audience, currentDate, requiredClaims: ['exp'] });
    return payload;
  } catch (error) {
    throw rejection(error);
  }
}

/** What the token is at fault for, in our words; anything else is the key set's outage and no fault of the token. */
const tokenFaults: Readonly<Record<string, string>> = {
  [errors.JWTExpired.code]: 'it has expired',
  [errors.JWTClaimValidationFailed.code]: 'a claim is missing or wrong',
  [errors.JOSEAlgNotAllowed.code]: 'its algorithm is not allowed',
  [errors.JOSENotSupported.code]: 'its algorithm is not supported',
  [errors.JWSInvalid.code]: 'it is malformed',
  [errors.JWTInvalid.code]: 'it is malformed',
  [errors.JWSSignatureVerificationFailed.code]: 'its signature does not verify',
  [errors.JWKSNoMatchingKey.code]: 'its key is unknown',
  [errors.JWKSMultipleMatchingKeys.code]: 'it does not name its key',
};

function rejection(error: unknown): HttpProblem | ServiceError {
  const fault = error instanceof errors.JOSEError ? tokenFaults[error.code] : undefined;
  if (fault !== undefined) return invalidToken(fault);
  return new ServiceError('upstream_unavailable', 'the JSON Web Key Set cannot be had', { cause: error });
}
