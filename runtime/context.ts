// The record of ports that every use case takes as its first argument. compose.ts builds it; tests override parts of it.
import type { Config } from './config/config.ts';
import type { Locks } from './lock.ts';
import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';
import type { Operations } from './operations.ts';
import type { Retention } from './retention.ts';
import type { Spool } from './spool.ts';
import type { Store } from './store.ts';
import type { TaskQueue } from './tasks.ts';
import type { Tracing } from './trace.ts';
import type { Upstreams } from './upstream.ts';
import type { Yt } from './yt.ts';

export interface Context {
  readonly config: Config;
  readonly store: Store;
  /** Of the process that serves drivers; jobs and commands have one that keeps nothing. */
  readonly spool: Spool;
  readonly retention: Retention;
  readonly tasks: TaskQueue;
  readonly locks: Locks;
  readonly yt: Yt;
  readonly upstreams: Upstreams;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly operations: Operations;
  /** Absent unless the environment names a collector. */
  readonly tracing?: Tracing;
  /** A fresh UUID v4. */
  readonly newId: () => string;
  /** Uniform in [0, 1): jitter. */
  readonly random: () => number;
}
