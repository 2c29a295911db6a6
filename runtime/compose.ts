// The one file that names adapters: builds the record of ports from the configuration.
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Config, StoreConfig } from './config/config.ts';
import type { Context } from './context.ts';
import { programmeTime, realTime, type Timescale } from './clock.ts';
import { asServiceError, describeError, ServiceError } from './errors.ts';
import type { LeaseTable } from './lock.ts';
import { createLocks } from './lock/lease.ts';
import { createLog, logFile, standardError, type Log } from './log.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { createOperations, type Operations } from './operations.ts';
import { timeOrderedIds } from './new-id.ts';
import type { Retention } from './retention.ts';
import { spoolFiles } from './spool/files.ts';
import { noSpool } from './spool/no-spool.ts';
import { openSpool } from './spool/spool.ts';
import type { Store } from './store.ts';
import { observeReads } from './store/observed-reads.ts';
import { openSqliteStore } from './store/sqlite/store.ts';
import { openYdbStore } from './store/ydb/store.ts';
import type { TaskQueue } from './tasks.ts';
import type { Upstreams } from './upstream.ts';
import { createUpstreams } from './upstream/upstreams.ts';
import { serviceVersion } from './version.ts';
import { createYt } from './yt/cluster.ts';

export interface ComposeOverrides {
  readonly log?: Log;
  readonly metrics?: Metrics;
  readonly operations?: Operations;
  readonly upstreams?: Upstreams;
  /** Whether this process answers drivers: it keeps a spool, and must not stand still for the store's upkeep. */
  readonly serves?: boolean;
}

export interface Composed {
  readonly ctx: Context;
  close(): Promise<void>;
}

/** Opens the store and brings its schema up to date, in the background where the store is not on this machine. */
export async function compose(config: Config, overrides: ComposeOverrides = {}): Promise<Composed> {
  const log = overrides.log ?? createLog(config.logLevel, config.logFile === null ? undefined : logFile(config.logFile));
  const metrics = overrides.metrics ?? createMetrics();
  const operations = overrides.operations ?? createOperations();
  const { serves = false } = overrides;
  const { store: opened, tasks, leases, retention } = openStore(config.store, { timescale: config.timescale, metrics, log, serves });
  const store = observeReads(opened, metrics);
  metrics.buildInfo.set({ version: serviceVersion, node: process.version, store: config.store.kind }, 1);
  // Only then is the SDK loaded.
  const tracing = config.tracing === null ? undefined : await (await import('./trace/otlp.ts')).openOtlpTracing(config.tracing, serviceVersion);
  const closing = new AbortController();
  // A file is there or never will be; a database across the network may come later, and the rest of the service works meanwhile.
  if (config.store.kind === 'sqlite') await store.migrate();
  else void migrateEventually(store, log, closing.signal);
  const locks = createLocks(leases, { owner: processName(), ttlMs: config.leases.jobMs, log });
  const upstreams = overrides.upstreams ?? createUpstreams(config.upstreams, { log, metrics, operations, random: Math.random });
  const yt = createYt(config.yt, { log, metrics, random: Math.random });
  const spoolNow = (): number => programmeTime(config.timescale, Date.now());
  const spool = serves
    ? await openSpool({ ...config.spool, files: spoolFiles(join(config.dataDir, 'spool')), owner: randomUUID(), now: spoolNow, log, metrics })
    : noSpool(spoolNow);
  const ctx: Context = {
    config, store, spool, retention, tasks, locks, yt, upstreams, log, metrics, operations, random: Math.random,
    newId: config.store.kind === 'sqlite' ? timeOrderedIds() : randomUUID,
    ...(tracing === undefined ? {} : { tracing }),
  };
  const close = async (): Promise<void> => {
    closing.abort();
    await Promise.all([spool.close(), upstreams.close(), yt.close()]);
    await store.close();
    await tracing?.close();
  };
  return { ctx, close };
}

export interface OpenStore {
  readonly store: Store;
  readonly tasks: TaskQueue;
  readonly leases: LeaseTable;
  readonly retention: Retention;
}

export interface OpenStoreOptions {
  readonly timescale?: Timescale;
  readonly metrics?: Metrics;
  readonly log?: Log;
  readonly serves?: boolean;
}

/** Throws `store_unavailable`, naming the variable, when the file of SQLite cannot be opened. */
export function openStore(config: StoreConfig, options: OpenStoreOptions = {}): OpenStore {
  const { timescale = realTime, log = createLog('warn', standardError()), serves = false, ...rest } = options;
  if (config.kind === 'ydb') return openYdbStore({ connectionString: config.connectionString, timescale, log, ...rest });
  try {
    return openSqliteStore({ file: config.file, timescale, log, checkpointsAside: serves, ...rest });
  } catch (cause) {
    const { code, message } = asServiceError(cause);
    throw new ServiceError(code, `DATA_DIR: ${message}`, { cause });
  }
}

const migrateAgainMs = 1_000;

async function migrateEventually(store: Store, log: Log, closing: AbortSignal): Promise<void> {
  while (!closing.aborted) {
    const failure = await store.migrate().then(() => null, asServiceError);
    if (failure === null || closing.aborted) return;
    log.warn({ error: describeError(failure) }, 'the schema is not up to date yet');
    if (!failure.retryable) return;
    await sleep(migrateAgainMs);
  }
}

/** Unique to this process, for locks and task leases. */
export function processName(): string {
  return `${hostname()}:${process.pid}:${randomUUID().slice(0, 8)}`;
}
