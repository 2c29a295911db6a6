// Where a bench's service lives: a directory of its own, keys of its own, and the environment that says so.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Profile } from '../../machines/ids.ts';
import { createTokenIssuer } from '../sandbox/tokens.ts';

export interface Place {
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
  token(profile: Profile): Promise<string>;
  clear(): void;
}

const nowhere = 'http://127.0.0.1:9';

export async function makePlace(): Promise<Place> {
  const directory = mkdtempSync(join(tmpdir(), 'mentorship-bench-'));
  const issuer = await createTokenIssuer(join(directory, 'auth'));
  const environment = {
    HTTP_HOST: '127.0.0.1', HTTP_PORT: '0', ADMIN_PORT: '0', DATA_DIR: join(directory, 'data'), LOG_LEVEL: 'info', JOBS: 'off',
    YT_PROXY: nowhere, DRIVER_PROFILES_URL: nowhere, PERSONAL_URL: nowhere, TRACKSTORY_URL: nowhere, FLEET_RENT_URL: nowhere,
    CLIENT_EVENTS_URL: nowhere, AUTH_JWKS: issuer.jwksFile, AUTH_ISSUER: issuer.issuer, AUTH_AUDIENCE: issuer.audience,
    // A matching is old enough for every move at once.
    PROGRESS_AGE: '0ms', RESULT_AGE: '0ms', FAIL_AGE: '0ms', FAIL_GRACE: '0ms',
  };
  return { directory, environment, token: (profile) => issuer.token(profile), clear: () => rmSync(directory, { recursive: true, force: true }) };
}
