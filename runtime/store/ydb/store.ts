// The store on YDB: opens at once whether YDB answers or not, and wires the store, the task queue and the leases to one client.
import type { IAuthService } from 'ydb-sdk';
import type { EpochMs } from '../../../machines/matching-record.ts';
import type { Timescale } from '../../clock.ts';
import { describeError } from '../../errors.ts';
import type { LeaseTable } from '../../lock.ts';
import type { Log } from '../../log.ts';
import type { Metrics } from '../../metrics.ts';
import type { Retention } from '../../retention.ts';
import type { Store, StoreReads } from '../../store.ts';
import type { TaskQueue } from '../../tasks.ts';
import { YdbClient } from './client.ts';
import { Connection } from './connection.ts';
import { containRejections } from './containment.ts';
import { selectContacts, selectDialog } from './dialogs.ts';
import { parseAddress } from './driver.ts';
import { selectJobRuns, selectRejects } from './journal.ts';
import { leaseTable } from './leases.ts';
import { listMatchings, longestInStatus, matchedBefore, selectProfilesOfDriver } from './listing.ts';
import { matchingReads, type Sight } from './matching-reads.ts';
import { selectOperatorActions } from './operator-actions.ts';
import type { BoundPart } from './query.ts';
import { ReadSet } from './read-set.ts';
import { retentionOf } from './retention.ts';
import { type RetryOptions, retrying, schemaIsOld } from './retry.ts';
import { applyMigrations } from './schema.ts';
import { ydb } from './sdk.ts';
import { foldCounts, readFunnel } from './status-counts.ts';
import { migrations } from './tables.ts';
import { taskQueue, tasksOfMatching } from './tasks.ts';
import { Transactor } from './transactor.ts';
import { noWrites } from './writes.ts';

export interface YdbStoreOptions {
  /** `grpc(s)://host:port/database`. */
  readonly connectionString: string;
  readonly timescale: Timescale;
  readonly log: Log;
  readonly metrics?: Metrics;
  /** Uniform in [0, 1): jitter. */
  readonly random?: () => number;
  /** Calls at once; more wait. */
  readonly poolSize?: number;
  /** Taken from the environment, as ydb-sdk documents it, when left out. */
  readonly credentials?: IAuthService;
  /** How long one attempt of a call may take. */
  readonly attemptTimeoutMs?: number;
  /** How long a call may be tried again. */
  readonly retryBudgetMs?: number;
  /** Stands for the database's clock in tests on a server whose clock cannot be moved. */
  readonly databaseNowMs?: () => EpochMs;
}

export interface YdbStore {
  readonly store: Store;
  readonly tasks: TaskQueue;
  readonly leases: LeaseTable;
  readonly retention: Retention;
}

const defaultPoolSize = 32;
const defaultAttemptTimeoutMs = 5_000;
const defaultRetryBudgetMs = 10_000;
/** Own transactions between two foldings of the funnel's differences. */
const foldEvery = 500;

interface Access {
  readonly client: YdbClient;
  readonly retry: RetryOptions;
  readonly timescale: Timescale;
  readonly log: Log;
}

/** Throws `bad_config` for a malformed address, never because YDB is away. `store.close()` closes the queue and the leases too. */
export function openYdbStore(options: YdbStoreOptions): YdbStore {
  const { log, timescale, metrics, random = Math.random, poolSize = defaultPoolSize, attemptTimeoutMs = defaultAttemptTimeoutMs } = options;
  const address = parseAddress(options.connectionString);
  const release = containRejections(log);
  // Now, and not in the middle of the first call, whose time is limited.
  const { getCredentialsFromEnv } = ydb();
  const connection = new Connection(address, { log, poolSize, credentials: options.credentials ?? getCredentialsFromEnv() });
  const client = new YdbClient({ connection, attemptTimeoutMs, log, databaseNowMs: options.databaseNowMs ?? null });
  const patience = { random, budgetMs: options.retryBudgetMs ?? defaultRetryBudgetMs };
  let isCurrent = false;
  const retry = { ...patience, schemaIsCurrent: () => isCurrent };
  const transactor = new Transactor({ client, timescale, retry, nextSeq: risingNumbers(), metrics });
  const access = { client, retry, timescale, log };
  const fold = foldingNowAndThen(access);
  const store: Store = {
    ...readsOf(access),
    transact: (work, signal) => transactor.transact((tx) => work(tx), signal).finally(fold),
    migrate: async () => {
      const applied = await applyMigrations({ client, retry: patience }, migrations);
      isCurrent = true;
      return applied;
    },
    ping: async () => {
      if (!isCurrent) throw schemaIsOld();
      await retrying(retry, () => client.read([]));
    },
    close: async () => {
      await connection.close();
      release();
    },
  };
  const retention = retentionOf({ transactor, sighted: (read) => retrying(retry, () => read(sightOf(access))) });
  return { store, tasks: taskQueue(access), leases: leaseTable(client, retry), retention };
}

/** Each method reads from one snapshot of its own, again when the attempt fails. */
function readsOf(access: Access): StoreReads {
  const { client, retry, timescale } = access;
  const sighted = <Result>(read: (sight: Sight) => Promise<Result>): Promise<Result> => retrying(retry, () => read(sightOf(access)));
  const ask = (parts: readonly BoundPart[]) => retrying(retry, () => client.read(parts));
  return {
    now: () => sighted((sight) => matchingReads(sight).now()),
    matchings: (ids) => sighted((sight) => matchingReads(sight).matchings(ids)),
    matchingsOfNewbies: (profiles) => sighted((sight) => matchingReads(sight).matchingsOfNewbies(profiles)),
    matchingsOfMentors: (profiles) => sighted((sight) => matchingReads(sight).matchingsOfMentors(profiles)),
    results: (ids) => sighted((sight) => matchingReads(sight).results(ids)),
    transitions: (id) => sighted((sight) => matchingReads(sight).transitions(id)),
    announcements: (id) => sighted((sight) => matchingReads(sight).announcements(id)),
    matchingOfPerson: (person) => sighted((sight) => matchingReads(sight).matchingOfPerson(person)),
    matchingOfIdempotencyKey: (key) => sighted((sight) => matchingReads(sight).matchingOfIdempotencyKey(key)),
    pendingPromocodes: (page) => sighted((sight) => matchingReads(sight).pendingPromocodes(page)),
    jobState: (name) => sighted((sight) => matchingReads(sight).jobState(name)),
    contacts: (query) => selectContacts(ask, timescale, query),
    dialog: (id) => sighted((sight) => selectDialog(sight, id)),
    matchedBefore: (status, before, page) => sighted(({ reads }) => matchedBefore(reads, status, before, page)),
    listMatchings: (filter, page) => sighted(({ reads }) => listMatchings(reads, filter, page)),
    longestInStatus: (status, window) => sighted(({ reads }) => longestInStatus(reads, status, window)),
    profilesOfDriver: (driverId) => sighted(({ reads }) => selectProfilesOfDriver(reads, driverId)),
    funnel: () => readFunnel({ read: ask }),
    jobRuns: (filter, page) => sighted(({ reads }) => selectJobRuns(reads, filter, page)),
    rejects: (filter, page) => sighted(({ reads }) => selectRejects(reads, filter, page)),
    tasksOfMatching: (id) => tasksOfMatching(access, id),
    operatorActions: (filter, page) => sighted(({ reads }) => selectOperatorActions(reads, filter, page)),
  };
}

function sightOf({ client, timescale }: Access): Sight {
  return { reads: new ReadSet((parts) => client.read(parts)), writes: noWrites(), timescale };
}

/** Order among rows of equal times: the process's clock, and where it stands still the next number. */
function risingNumbers(): () => number {
  let last = 0;
  return () => {
    last = Math.max(last + 1, Date.now() * 1_024);
    return last;
  };
}

/** In the background: nobody waits for it, and the next one makes up for a failure. */
function foldingNowAndThen({ client, retry, log }: Access): () => void {
  let left = foldEvery;
  return () => {
    left -= 1;
    if (left > 0) return;
    left = foldEvery;
    retrying(retry, () => foldCounts(client)).catch((error: unknown) => {
      log.debug({ error: describeError(error) }, 'the counts of statuses were not folded');
    });
  };
}
