// The environment's variables: their names, defaults and accepted forms. Nothing here decides what a value is used for.
import { z } from 'zod';
import { tracingVariables } from './tracing.ts';

const unitsMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** `500ms`, `2s`, `5m`, `1h`, `7d` or `0` to milliseconds; null when it is none of these. */
export function parseDurationMs(text: string): number | null {
  if (text === '0') return 0;
  const match = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text);
  if (match === null) return null;
  return Number(match[1]) * unitsMs[match[2] as keyof typeof unitsMs];
}

const duration = z.string().transform((text, check) => {
  const ms = parseDurationMs(text);
  if (ms === null) check.addIssue('is not a duration such as 500ms, 2s, 5m, 1h or 7d');
  return ms ?? z.NEVER;
});

const period = duration.refine((ms) => ms >= 100 && ms <= 24 * unitsMs.d, 'must be between 100ms and 24d');
const lease = duration.refine((ms) => ms >= unitsMs.s && ms <= unitsMs.h, 'must be between 1s and 1h');

const boolean = z.enum(['true', 'false'], 'must be true or false').transform((text) => text === 'true');

function integer(min: number, max: number): z.ZodType<number, string> {
  const message = `must be a whole number from ${min} to ${max}`;
  return z.string().regex(/^\d{1,9}$/, message).transform(Number).refine((n) => n >= min && n <= max, message);
}

const port = integer(0, 65_535);
const url = z.url({ protocol: /^https?$/, error: 'must be an http or https URL' });
const text = z.string().min(1, 'must not be empty');
const ytPath = z.string().regex(/^\/\/\S+[^/]$/, 'must be a YT path such as //home/table');
const timeZone = z.string().refine((name) => {
  try {
    return Boolean(Intl.DateTimeFormat('en', { timeZone: name }));
  } catch {
    return false;
  }
}, 'must be an IANA time zone such as UTC');

const production = '//home/taxi/production';
const crm = '//home/taxi-crm/drivers/logs/DRIVERMARKETING-325/production';

export const storeVariables = {
  DATA_DIR: text.default('./data'),
  STORE: z.enum(['sqlite', 'ydb'], 'must be sqlite or ydb').default('sqlite'),
  YDB_CONNECTION_STRING: z.string().regex(/^grpcs?:\/\/\S+$/, 'must be grpc(s)://host:port/database').optional(),
};

export const programmeVariables = {
  PROGRESS_AGE: duration.default(7 * unitsMs.d),
  RESULT_AGE: duration.default(14 * unitsMs.d),
  FAIL_AGE: duration.default(14 * unitsMs.d),
  FAIL_GRACE: duration.default(7 * unitsMs.d),
  HIDE_AFTER: duration.default(21 * unitsMs.d),
  ARCHIVE_AFTER: duration.default(90 * unitsMs.d),
  ARCHIVE_FAILED: boolean.default(true),
  LATE_PROMOCODE_REOPENS: boolean.default(true),
  PROMOCODE_POLICY: z.enum(['one_per_row', 'all_finished'], 'must be one_per_row or all_finished').default('one_per_row'),
  PROMOCODE_LOOKBACK: duration.default(45 * unitsMs.d),
  IMPORT_OVERLAP: duration.default(24 * unitsMs.h),
  CREATE_MISSING_FROM_CRM: boolean.default(false),
  CITY_IP_FALLBACK: boolean.default(true),
  NAME_FORMAT: z.enum(['full', 'first_initial'], 'must be full or first_initial').default('full'),
};

export const serviceVariables = {
  ...storeVariables,
  ...programmeVariables,
  SPOOL_AFTER: period.default(2 * unitsMs.s),
  SPOOL_MAX_RECORDS: integer(1, 1_000_000).default(100_000),
  SPOOL_MAX_BYTES: integer(65_536, 999_999_999).default(64 * 1024 * 1024),
  HTTP_HOST: text.default('0.0.0.0'),
  HTTP_PORT: port.default(8080),
  RATE_LIMIT_PER_DRIVER: integer(0, 1_000_000).default(600),
  RATE_LIMIT_PER_ADDRESS: integer(0, 1_000_000).default(600),
  MAX_CONCURRENT_REQUESTS: integer(0, 1_000_000).default(1_000),
  ADMIN_HOST: text.default('127.0.0.1'),
  ADMIN_PORT: port.default(8081),
  ADMIN_TOKEN: text.optional(),
  YT_PROXY: url,
  YT_TOKEN: text.optional(),
  YT_NEW_DRIVERS: ytPath.default(`${production}/features/mentorship/new_drivers`),
  YT_DISTRIBUTION: ytPath.default(`${crm}/new_drivers_mentors_distribution`),
  YT_RESULTS: ytPath.default(`${crm}/results_to_send`),
  YT_PROMOCODES_DIR: ytPath.default(`${production}/features/driver-promocodes/mentoring`),
  YT_DRIVER_LOGIN: ytPath.default(`${production}/replica/driver-login/last_login`),
  YT_REPLICA_DIR: ytPath.default(`${production}/replica/contractor-mentorship`),
  YT_ARCHIVE_DIR: ytPath.default(`${production}/archive/contractor-mentorship`),
  YT_CONNECTED_TZ: timeZone.default('UTC'),
  DRIVER_PROFILES_URL: url,
  PERSONAL_URL: url,
  TRACKSTORY_URL: url,
  FLEET_RENT_URL: url,
  CLIENT_EVENTS_URL: url,
  GEOBASE_URL: z.string().refine((value) => value === 'embedded' || url.safeParse(value).success, 'must be an http or https URL, or embedded').default('embedded'),
  AUTH_JWKS: text,
  AUTH_ISSUER: text,
  AUTH_AUDIENCE: text.default('contractor-mentorship'),
  JOBS: z.enum(['on', 'off'], 'must be on or off').default('on'),
  TASK_WORKERS: integer(1, 256).default(8),
  TASK_LEASE: lease.default(30 * unitsMs.s),
  JOB_LEASE: lease.default(15 * unitsMs.s),
  IMPORT_MATCHINGS_EVERY: period.default(5 * unitsMs.m),
  IMPORT_RESULTS_EVERY: period.default(unitsMs.h),
  FINISH_PROGRAMME_EVERY: period.default(unitsMs.d),
  REPLICATE_EVERY: period.default(unitsMs.h),
  ARCHIVE_EVERY: period.default(unitsMs.d),
  ...tracingVariables,
  LOG_FILE: text.optional(),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], 'must be a pino level such as info').default('info'),
};
