// The environment becomes a checked configuration, or one clear line per mistake.
import { expect, test } from 'vitest';
import { readConfig, readStoreConfig, type Environment } from '../../../runtime/config/config.ts';
import { parseDurationMs } from '../../../runtime/config/env.ts';

const required: Environment = {
  YT_PROXY: 'http://localhost:8000',
  DRIVER_PROFILES_URL: 'http://localhost:1',
  PERSONAL_URL: 'http://localhost:2',
  TRACKSTORY_URL: 'http://localhost:3',
  FLEET_RENT_URL: 'http://localhost:4',
  CLIENT_EVENTS_URL: 'http://localhost:5',
  AUTH_JWKS: './jwks.json',
  AUTH_ISSUER: 'https://issuer',
};
const dayMs = 86_400_000;

function mistakes(environment: Environment): string[] {
  try {
    readConfig(environment);
  } catch (error) {
    return (error as Error).message.split('\n');
  }
  return [];
}

test('needs nothing but the addresses and the issuer', () => {
  const config = readConfig(required);
  expect(config.http).toEqual({ host: '0.0.0.0', port: 8080, requestsPerMinute: 600, refusalsPerMinute: 600, concurrentRequests: 1_000 });
  expect(config.admin).toEqual({ host: '127.0.0.1', port: 8081, token: null });
  expect(config.store).toEqual({ kind: 'sqlite', file: 'data/mentorship.sqlite' });
  expect(config.upstreams.geobase).toBe('embedded');
  expect(config.auth.audience).toBe('contractor-mentorship');
  expect(config.taskWorkers).toBe(8);
  expect(config.leases).toEqual({ taskMs: 30_000, jobMs: 15_000 });
  expect(config.programme).toEqual({
    policy: { progressAgeMs: 7 * dayMs, resultAgeMs: 14 * dayMs, failAgeMs: 14 * dayMs, failGraceMs: 7 * dayMs, latePromocodeReopens: true },
    hideAfterMs: 21 * dayMs,
    archiveAfterMs: 90 * dayMs,
    archiveFailed: true,
    promocodePolicy: 'one_per_row',
    promocodeLookbackMs: 45 * dayMs,
    importOverlapMs: dayMs,
    createMissingFromCrm: false,
    cityIpFallback: true,
    nameFormat: 'full',
  });
  expect(config.jobs.everyMs).toEqual({
    'import-matchings': 300_000, 'import-results': 3_600_000, 'finish-programme': dayMs, replicate: 3_600_000, archive: dayMs,
  });
});

test('is plain data, so that a thread can be given it', () => {
  const config = readConfig(required);
  expect(structuredClone(config)).toEqual(config);
});

test('names every missing variable, one line each', () => {
  expect(mistakes({})).toEqual([
    'YT_PROXY: is required', 'DRIVER_PROFILES_URL: is required', 'PERSONAL_URL: is required', 'TRACKSTORY_URL: is required',
    'FLEET_RENT_URL: is required', 'CLIENT_EVENTS_URL: is required', 'AUTH_JWKS: is required', 'AUTH_ISSUER: is required',
  ]);
});

test.each([
  ['PROGRESS_AGE', '7 days', 'is not a duration such as 500ms, 2s, 5m, 1h or 7d'],
  ['PROGRESS_AGE', '', 'is not a duration such as 500ms, 2s, 5m, 1h or 7d'],
  ['IMPORT_MATCHINGS_EVERY', '1ms', 'must be between 100ms and 24d'],
  ['IMPORT_MATCHINGS_EVERY', '30d', 'must be between 100ms and 24d'],
  ['HTTP_PORT', '65536', 'must be a whole number from 0 to 65535'],
  ['HTTP_PORT', '80 80', 'must be a whole number from 0 to 65535'],
  ['TASK_LEASE', '500ms', 'must be between 1s and 1h'],
  ['TASK_WORKERS', '0', 'must be a whole number from 1 to 256'],
  ['YT_PROXY', 'ftp://yt', 'must be an http or https URL'],
  ['GEOBASE_URL', 'here', 'must be an http or https URL, or embedded'],
  ['YT_RESULTS', '/home/x', 'must be a YT path such as //home/table'],
  ['YT_CONNECTED_TZ', 'Mars/Olympus', 'must be an IANA time zone such as UTC'],
  ['STORE', 'postgres', 'must be sqlite or ydb'],
  ['YDB_CONNECTION_STRING', 'http://ydb', 'must be grpc(s)://host:port/database'],
  ['ADMIN_TOKEN', '', 'must not be empty'],
  ['PROMOCODE_POLICY', 'some', 'must be one_per_row or all_finished'],
  ['NAME_FORMAT', 'none', 'must be full or first_initial'],
  ['JOBS', 'yes', 'must be on or off'],
  ['ARCHIVE_FAILED', '1', 'must be true or false'],
  ['LOG_LEVEL', 'loud', 'must be a pino level such as info'],
])('%s=%s is one clear line', (name, value, message) => {
  expect(mistakes({ ...required, [name]: value })).toEqual([`${name}: ${message}`]);
});

test('a bad value is never echoed: it may be a secret put into the wrong variable', () => {
  expect(mistakes({ ...required, AUTH_ISSUER: '', HTTP_PORT: 's3cret-value' }).join('\n')).not.toContain('s3cret-value');
});

test('YDB needs its address', () => {
  expect(mistakes({ ...required, STORE: 'ydb' })).toEqual(['YDB_CONNECTION_STRING: is required when STORE is ydb']);
  const config = readConfig({ ...required, STORE: 'ydb', YDB_CONNECTION_STRING: 'grpc://localhost:2136/local' });
  expect(config.store).toEqual({ kind: 'ydb', connectionString: 'grpc://localhost:2136/local' });
});

test('the store alone can be configured without the rest', () => {
  expect(readStoreConfig({ DATA_DIR: '/srv' })).toEqual({ kind: 'sqlite', file: '/srv/mentorship.sqlite' });
});

test.each([['500ms', 500], ['2s', 2_000], ['5m', 300_000], ['1h', 3_600_000], ['7d', 7 * dayMs], ['0d', 0], ['0', 0]])('%s is %d ms', (text, ms) => {
  expect(parseDurationMs(text)).toBe(ms);
});

test.each(['7', '00', 'd', '-1d', '1.5h', '1w', ' 1d', '1d ', '9999999999d'])('%j is no duration', (text) => {
  expect(parseDurationMs(text)).toBeNull();
});
