// The identity provider's public keys: loaded once, renewed behind the requests, kept while the provider is away. Whoever sends tokens
// with unknown keys cannot make it ask more often than the pause between two attempts.
import { readFileSync } from 'node:fs';
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import { describeError, ServiceError } from '../runtime/errors.ts';
import type { Log } from '../runtime/log.ts';

export interface KeySetOptions {
  /** A URL or a file path. */
  readonly location: string;
  /** Monotonic: a wall clock that is put right must not make keys young for ever, nor an attempt one of the future. */
  readonly elapsedMs: () => number;
  readonly log?: Pick<Log, 'warn'> | undefined;
}

/** A key taken out by the provider is refused this long after at the latest, while the provider answers. */
const freshMs = 10 * 60_000;
/** Beyond this without an answer of the provider, its keys are no longer trusted. */
const keptMs = 24 * 3_600_000;
const pauseMs = 30_000;
/** Without any keys nobody gets in: it is worth asking oftener. */
const pauseWithoutKeysMs = 1_000;
const timeoutMs = 5_000;
const maxBytes = 1_048_576;

export class KeySet {
  readonly #options: KeySetOptions;
  #keys: JWTVerifyGetKey | null = null;
  #text = '';
  #loadedAtMs = 0;
  #triedAtMs = Number.NEGATIVE_INFINITY;
  #failure: ServiceError | null = null;
  #loading: Promise<void> | null = null;
  #version = 0;

  /** Throws `bad_config` when a key file cannot be used. A URL is not asked before the first token. */
  constructor(options: KeySetOptions) {
    this.#options = options;
    if (!isUrl(options.location)) this.#accept(readKeyFile(options.location));
  }

  /** Changes with the keys: what was verified under another version is to be verified again. Also renews the keys when they are due. */
  version(): number {
    if (this.#keys !== null && this.#ageMs() > freshMs && this.#mayTry()) void this.#load();
    return this.#version;
  }

  /** Throws jose's `JWKSNoMatchingKey` for a key the provider does not know, `upstream_unavailable` where only the provider could tell. */
  readonly find: JWTVerifyGetKey = async (header, token) => {
    const keys = await this.#present();
    try {
      return await keys(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      const renewed = await this.#renewed();
      if (renewed === keys) throw error;
      return renewed(header, token);
    }
  };

  #ageMs(): number {
    return this.#options.elapsedMs() - this.#loadedAtMs;
  }

  #mayTry(): boolean {
    return this.#options.elapsedMs() - this.#triedAtMs >= (this.#keys === null ? pauseWithoutKeysMs : pauseMs);
  }

  async #present(): Promise<JWTVerifyGetKey> {
    this.version();
    if (this.#keys !== null && this.#ageMs() <= keptMs) return this.#keys;
    return this.#renewed();
  }

  /** The keys as the provider has them now, or had them at the last attempt a moment ago. */
  async #renewed(): Promise<JWTVerifyGetKey> {
    if (this.#loading !== null || this.#mayTry()) await this.#load();
    if (this.#failure !== null || this.#keys === null) throw this.#failure ?? unavailable('no keys', null);
    return this.#keys;
  }

  async #load(): Promise<void> {
    this.#loading ??= this.#attempt().finally(() => {
      this.#loading = null;
    });
    return this.#loading;
  }

  async #attempt(): Promise<void> {
    const { location, log, elapsedMs } = this.#options;
    this.#triedAtMs = elapsedMs();
    try {
      this.#accept(isUrl(location) ? await fetchText(location) : readKeyFile(location));
      this.#failure = null;
    } catch (error) {
      this.#failure = error instanceof ServiceError ? error : unavailable('the key server did not answer', error);
      log?.warn({ error: describeError(this.#failure), kept: this.#keys !== null }, 'the JSON Web Key Set was not renewed');
    }
  }

  #accept(text: string): void {
    if (this.#keys === null || text !== this.#text) {
      this.#keys = keysOf(text);
      this.#version += 1;
      this.#text = text;
    }
    this.#loadedAtMs = this.#options.elapsedMs();
  }
}

function isUrl(location: string): boolean {
  return /^https?:\/\//.test(location);
}

function keysOf(text: string): JWTVerifyGetKey {
  try {
    return createLocalJWKSet(JSON.parse(text) as JSONWebKeySet);
  } catch (cause) {
    throw unavailable('what is there is no JSON Web Key Set', cause);
  }
}

function readKeyFile(path: string): string {
  try {
    const text = readFileSync(path, 'utf8');
    keysOf(text);
    return text;
  } catch (cause) {
    throw new ServiceError('bad_config', 'AUTH_JWKS: is neither a URL nor a readable file with a JSON Web Key Set', { cause });
  }
}

async function fetchText(url: string): Promise<string> {
  const headers = { accept: 'application/jwk-set+json, application/json' };
  const response = await fetch(url, { headers, redirect: 'error', signal: AbortSignal.timeout(timeoutMs) });
  if (!response.ok || response.body === null) throw unavailable(`the key server answered ${response.status}`, null);
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body) {
    size += chunk.byteLength;
    if (size > maxBytes) throw unavailable('the key server answered with more than a megabyte', null);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function unavailable(why: string, cause: unknown): ServiceError {
  return new ServiceError('upstream_unavailable', `AUTH_JWKS: ${why}`, { cause });
}
