// The one file that names adapters: builds the record of ports from the configuration.
import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import type { Config, StoreConfig } from './config/config.ts';
import type { Context } from './context.ts';
import { realTime, type Timescale } from './clock.ts';
import { ServiceError } from './errors.ts';
import type { LeaseTable } from './lock.ts';
import { createLocks } from './lock/lease.ts';
import { createLog, logFile, type Log } from './log.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { createOperations, type Operations } from './operations.ts';
import type { Store } from './store.ts';
import { openSqliteStore } from './store/sqlite/store.ts';
import type { TaskQueue } from './tasks.ts';
import { createUpstreams } from './upstream/upstreams.ts';
import { createYt } from './yt/cluster.ts';

export interface ComposeOverrides {
  readonly log?: Log;
  readonly metrics?: Metrics;
  readonly operations?: Operations;
}

export interface Composed {
  readonly ctx: Context;
  close(): Promise<void>;
}

/** How long a job's lock outlives a holder that died. */
const lockTtlMs = 15_000;

/** Opens the store and brings its schema up to date; nothing else is contacted. */
export async function compose(config: Config, overrides: ComposeOverrides = {}): Promise<Composed> {
  const log = overrides.log ?? createLog(config.logLevel, config.logFile === null ? undefined : logFile(config.logFile));
  const metrics = overrides.metrics ?? createMetrics();
  const operations = overrides.operations ?? createOperations();
  const { store, tasks, leases } = openStore(config.store, { timescale: config.timescale, metrics });
  await store.migrate();
  const locks = createLocks(leases, { owner: processName(), ttlMs: lockTtlMs, log });
  const upstreams = createUpstreams(config.upstreams, { log, metrics, operations, random: Math.random });
  const yt = createYt(config.yt, { log, metrics, random: Math.random });
  const ctx: Context = { config, store, tasks, locks, yt, upstreams, log, metrics, operations, newId: randomUUID, random: Math.random };
  const close = async (): Promise<void> => {
    await Promise.all([upstreams.close(), yt.close()]);
    await store.close();
  };
  return { ctx, close };
}

export interface OpenStore {
  readonly store: Store;
  readonly tasks: TaskQueue;
  readonly leases: LeaseTable;
}

export function openStore(config: StoreConfig, options: { timescale?: Timescale; metrics?: Metrics } = {}): OpenStore {
  if (config.kind === 'ydb') throw new ServiceError('bad_config', 'STORE: ydb is not built into this version; use sqlite');
  mkdirSync(dirname(config.file), { recursive: true });
  return openSqliteStore({ file: config.file, timescale: realTime, ...options });
}

/** Unique to this process, for locks and task leases. */
export function processName(): string {
  return `${hostname()}:${process.pid}:${randomUUID().slice(0, 8)}`;
}
