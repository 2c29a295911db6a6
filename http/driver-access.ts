// Drivers' tokens: JWTs signed by the platform's identity provider (contracts section 3), verified by jose.
import { hash } from 'node:crypto';
import { errors, jwtVerify, type JWTPayload } from 'jose';
import { LRUCache } from 'lru-cache';
import { parseProfile, type Profile } from '../machines/ids.ts';
import { ServiceError } from '../runtime/errors.ts';
import type { Log } from '../runtime/log.ts';
import { bearerToken, invalidToken, type Guards } from './access.ts';
import { KeySet } from './key-set.ts';
import { HttpProblem } from './problem.ts';
import type { RateLimiter } from './rate-limit.ts';
import { hasRepeatedKey } from './repeated-key.ts';
import { peerOf, type RequestHead } from './request-head.ts';

export interface DriverAccessOptions {
  /** A URL or a file path. */
  readonly jwks: string;
  readonly issuer: string;
  readonly audience: string;
  /** Real time: tokens expire by it. */
  readonly nowMs: () => number;
  /** Milliseconds of a clock that nobody sets: the keys grow old by it. */
  readonly elapsedMs?: () => number;
  readonly log?: Pick<Log, 'warn'>;
  /** Counts refusals by address; null for no limit. */
  readonly refusals?: RateLimiter | null;
}

interface Verified {
  readonly caller: Profile;
  readonly expiresAtMs: number;
  readonly keysVersion: number;
}

const algorithms = ['EdDSA', 'ES256', 'RS256'];
const cachedTokens = 20_000;
/** Four times what an RS256 token with an ample set of claims takes. */
const maxTokenLength = 8_192;

/** Throws `bad_config` when the key file cannot be used. */
export function createDriverGuard(options: DriverAccessOptions): Guards['driver'] {
  const { jwks, log, elapsedMs = () => performance.now() } = options;
  const keys = new KeySet({ location: jwks, elapsedMs, log });
  const cache = new LRUCache<string, Verified>({ max: cachedTokens });
  const knownCaller = (cacheKey: string, keysVersion: number): Profile | null => {
    const known = cache.get(cacheKey);
    return known !== undefined && known.keysVersion === keysVersion && known.expiresAtMs > options.nowMs() ? known.caller : null;
  };
  return (head) => countingRefusals(options.refusals ?? null, head, async (assertWelcome) => {
    const token = bearerToken(head);
    if (token.length > maxTokenLength) throw invalidToken('it is too long');
    const keysVersion = keys.version();
    // Under a hash: a dump of this process's memory or cache gives no usable token.
    const cacheKey = hash('sha256', token, 'base64');
    const known = knownCaller(cacheKey, keysVersion);
    if (known !== null) return known;
    assertWelcome();
    const { caller, expiresAtMs } = await verify(token, keys, options);
    cache.set(cacheKey, { caller, expiresAtMs, keysVersion });
    return caller;
  });
}

/**
 * Who is refused too often is not listened to for a while, so that a flood of bad tokens costs no signature checks. Drivers whose tokens
 * are known already pass all the same, for many may share an address.
 */
async function countingRefusals<Result>(
  refusals: RateLimiter | null,
  { address }: RequestHead,
  admit: (assertWelcome: () => void) => Promise<Result>,
): Promise<Result> {
  if (refusals === null) return admit(() => undefined);
  try {
    return await admit(() => refusals.assertLeft(peerOf(address)));
  } catch (error) {
    if (error instanceof HttpProblem && error.code === 'unauthorized') refusals.take(peerOf(address));
    throw error;
  }
}

async function verify(token: string, keys: KeySet, options: DriverAccessOptions): Promise<Omit<Verified, 'keysVersion'>> {
  const payload = await verifiedPayload(token, keys, options);
  const caller = parseProfile(payload['park_id'], payload['driver_id']);
  if (caller === null) throw invalidToken('the claims park_id and driver_id are missing or are not ids');
  return { caller, expiresAtMs: (payload.exp ?? 0) * 1000 };
}

async function verifiedPayload(token: string, keys: KeySet, options: DriverAccessOptions): Promise<JWTPayload> {
  const { issuer, audience } = options;
  const currentDate = new Date(options.nowMs());
  try {
    const { payload } = await jwtVerify(token, keys.find, { algorithms, issuer, audience, currentDate, requiredClaims: ['exp'] });
    if (token.split('.', 2).some((part) => hasRepeatedKey(Buffer.from(part, 'base64url').toString()))) {
      throw invalidToken('it says something twice');
    }
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
  [errors.JOSENotSupported.code]: 'it asks for what is not supported',
  [errors.JWSInvalid.code]: 'it is malformed',
  [errors.JWTInvalid.code]: 'it is malformed',
  [errors.JWSSignatureVerificationFailed.code]: 'its signature does not verify',
  [errors.JWKSNoMatchingKey.code]: 'its key is unknown',
  [errors.JWKSMultipleMatchingKeys.code]: 'it does not name its key',
};

function rejection(error: unknown): HttpProblem | ServiceError {
  if (error instanceof HttpProblem || error instanceof ServiceError) return error;
  const fault = error instanceof errors.JOSEError ? tokenFaults[error.code] : undefined;
  if (fault !== undefined) return invalidToken(fault);
  return new ServiceError('upstream_unavailable', 'the JSON Web Key Set cannot be used', { cause: error });
}
