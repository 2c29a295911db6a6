// The checked configuration: plain data, so that a job's thread receives it as it is. One clear line for each mistake.
import { join } from 'node:path';
import { z } from 'zod';
import type { LifecyclePolicy } from '../../machines/matching-record.ts';
import { realTime, type Timescale } from '../clock.ts';
import { ServiceError } from '../errors.ts';
import { serviceVariables, storeVariables } from './env.ts';
import { type TracingConfig, tracingOf } from './tracing.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export type StoreConfig =
  | { readonly kind: 'sqlite'; readonly file: string }
  | { readonly kind: 'ydb'; readonly connectionString: string };

/** The rules of the programme that an operator may set (requirements section 7). */
export interface ProgrammeConfig {
  readonly policy: LifecyclePolicy;
  readonly hideAfterMs: number;
  readonly archiveAfterMs: number;
  readonly archiveFailed: boolean;
  readonly promocodePolicy: 'one_per_row' | 'all_finished';
  readonly promocodeLookbackMs: number;
  readonly importOverlapMs: number;
  readonly createMissingFromCrm: boolean;
  readonly cityIpFallback: boolean;
  readonly nameFormat: 'full' | 'first_initial';
}

export interface YtConfig {
  readonly proxy: string;
  readonly token: string | null;
  readonly newDrivers: string;
  readonly distribution: string;
  readonly results: string;
  readonly promocodesDir: string;
  readonly driverLogin: string;
  readonly replicaDir: string;
  readonly archiveDir: string;
  readonly connectedTz: string;
}

export interface UpstreamConfig {
  readonly driverProfiles: string;
  readonly personal: string;
  readonly trackstory: string;
  readonly fleetRent: string;
  readonly clientEvents: string;
  /** A base URL or `embedded`. */
  readonly geobase: string;
}

export interface SpoolConfig {
  /** How long an enrolment waits for the store before it is spooled. */
  readonly afterMs: number;
  readonly maxRecords: number;
  readonly maxBytes: number;
}

export interface JobsConfig {
  readonly enabled: boolean;
  readonly everyMs: {
    readonly 'import-matchings': number;
    readonly 'import-results': number;
    readonly 'finish-programme': number;
    readonly replicate: number;
    readonly archive: number;
  };
}

export interface HttpConfig {
  readonly host: string;
  readonly port: number;
  /** Of one driver; 0 for no limit. */
  readonly requestsPerMinute: number;
  /** Refused tokens of one address, after which its unknown tokens are not looked at; 0 for no limit. */
  readonly refusalsPerMinute: number;
  /** Under way at once; infinite for no limit. */
  readonly concurrentRequests: number;
}

export interface Config {
  readonly http: HttpConfig;
  readonly admin: { readonly host: string; readonly port: number; readonly token: string | null };
  readonly dataDir: string;
  readonly store: StoreConfig;
  readonly spool: SpoolConfig;
  readonly timescale: Timescale;
  readonly yt: YtConfig;
  readonly upstreams: UpstreamConfig;
  readonly auth: { readonly jwks: string; readonly issuer: string; readonly audience: string };
  readonly jobs: JobsConfig;
  readonly taskWorkers: number;
  /** How long a task and the lock of a job outlive a holder that died. */
  readonly leases: { readonly taskMs: number; readonly jobMs: number };
  /** Null where nothing is to be traced. */
  readonly tracing: TracingConfig | null;
  readonly logLevel: string;
  /** Null for standard output. */
  readonly logFile: string | null;
  readonly programme: ProgrammeConfig;
}

type ServiceVariables = z.output<z.ZodObject<typeof serviceVariables>>;
type StoreVariables = z.output<z.ZodObject<typeof storeVariables>>;

/** Throws `bad_config` whose message has one line per mistake, each naming its variable. */
export function readConfig(environment: Environment): Config {
  const variables = parse(z.object(serviceVariables), environment);
  const needs = storeMistakes(variables);
  if (needs.length > 0) throw new ServiceError('bad_config', needs.join('\n'));
  return {
    http: {
      host: variables.HTTP_HOST,
      port: variables.HTTP_PORT,
      requestsPerMinute: variables.RATE_LIMIT_PER_DRIVER,
      refusalsPerMinute: variables.RATE_LIMIT_PER_ADDRESS,
      concurrentRequests: variables.MAX_CONCURRENT_REQUESTS || Number.POSITIVE_INFINITY,
    },
    admin: { host: variables.ADMIN_HOST, port: variables.ADMIN_PORT, token: variables.ADMIN_TOKEN ?? null },
    dataDir: variables.DATA_DIR,
    store: storeOf(variables),
    spool: { afterMs: variables.SPOOL_AFTER, maxRecords: variables.SPOOL_MAX_RECORDS, maxBytes: variables.SPOOL_MAX_BYTES },
    timescale: realTime,
    yt: ytOf(variables),
    upstreams: {
      driverProfiles: variables.DRIVER_PROFILES_URL,
      personal: variables.PERSONAL_URL,
      trackstory: variables.TRACKSTORY_URL,
      fleetRent: variables.FLEET_RENT_URL,
      clientEvents: variables.CLIENT_EVENTS_URL,
      geobase: variables.GEOBASE_URL,
    },
    auth: { jwks: variables.AUTH_JWKS, issuer: variables.AUTH_ISSUER, audience: variables.AUTH_AUDIENCE },
    jobs: {
      enabled: variables.JOBS === 'on',
      everyMs: {
        'import-matchings': variables.IMPORT_MATCHINGS_EVERY,
        'import-results': variables.IMPORT_RESULTS_EVERY,
        'finish-programme': variables.FINISH_PROGRAMME_EVERY,
        replicate: variables.REPLICATE_EVERY,
        archive: variables.ARCHIVE_EVERY,
      },
    },
    taskWorkers: variables.TASK_WORKERS,
    leases: { taskMs: variables.TASK_LEASE, jobMs: variables.JOB_LEASE },
    tracing: tracingOf(variables),
    logLevel: variables.LOG_LEVEL,
    logFile: variables.LOG_FILE ?? null,
    programme: programmeOf(variables),
  };
}

/** The store's part alone, for commands that need nothing else. */
export function readStoreConfig(environment: Environment): StoreConfig {
  const variables = parse(z.object(storeVariables), environment);
  const needs = storeMistakes(variables);
  if (needs.length > 0) throw new ServiceError('bad_config', needs.join('\n'));
  return storeOf(variables);
}

function parse<Shape extends z.ZodObject>(shape: Shape, environment: Environment): z.output<Shape> {
  const parsed = shape.safeParse(environment);
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.map((issue) => {
    const name = String(issue.path[0]);
    return environment[name] === undefined ? `${name}: is required` : `${name}: ${issue.message}`;
  });
  throw new ServiceError('bad_config', [...new Set(lines)].join('\n'));
}

function storeMistakes(variables: StoreVariables): string[] {
  const missing = variables.STORE === 'ydb' && variables.YDB_CONNECTION_STRING === undefined;
  return missing ? ['YDB_CONNECTION_STRING: is required when STORE is ydb'] : [];
}

function storeOf(variables: StoreVariables): StoreConfig {
  if (variables.STORE === 'ydb') return { kind: 'ydb', connectionString: variables.YDB_CONNECTION_STRING ?? '' };
  return { kind: 'sqlite', file: join(variables.DATA_DIR, 'mentorship.sqlite') };
}

function ytOf(variables: ServiceVariables): YtConfig {
  return {
    proxy: variables.YT_PROXY,
    token: variables.YT_TOKEN ?? null,
    newDrivers: variables.YT_NEW_DRIVERS,
    distribution: variables.YT_DISTRIBUTION,
    results: variables.YT_RESULTS,
    promocodesDir: variables.YT_PROMOCODES_DIR,
    driverLogin: variables.YT_DRIVER_LOGIN,
    replicaDir: variables.YT_REPLICA_DIR,
    archiveDir: variables.YT_ARCHIVE_DIR,
    connectedTz: variables.YT_CONNECTED_TZ,
  };
}

function programmeOf(variables: ServiceVariables): ProgrammeConfig {
  return {
    policy: {
      progressAgeMs: variables.PROGRESS_AGE,
      resultAgeMs: variables.RESULT_AGE,
      failAgeMs: variables.FAIL_AGE,
      failGraceMs: variables.FAIL_GRACE,
      latePromocodeReopens: variables.LATE_PROMOCODE_REOPENS,
    },
    hideAfterMs: variables.HIDE_AFTER,
    archiveAfterMs: variables.ARCHIVE_AFTER,
    archiveFailed: variables.ARCHIVE_FAILED,
    promocodePolicy: variables.PROMOCODE_POLICY,
    promocodeLookbackMs: variables.PROMOCODE_LOOKBACK,
    importOverlapMs: variables.IMPORT_OVERLAP,
    createMissingFromCrm: variables.CREATE_MISSING_FROM_CRM,
    cityIpFallback: variables.CITY_IP_FALLBACK,
    nameFormat: variables.NAME_FORMAT,
  };
}
