// The embedded store on node:sqlite: one file, one writing connection with group commit, one reading connection with snapshots.
import type { EpochMs } from '../../../machines/matching-record.ts';
import { type Status, statuses } from '../../../machines/status.ts';
import type { Timescale } from '../../clock.ts';
import { describeError } from '../../errors.ts';
import type { LeaseTable } from '../../lock.ts';
import type { Log } from '../../log.ts';
import type { Metrics } from '../../metrics.ts';
import type { Retention } from '../../retention.ts';
import type { MatchingReads, Store, StoreReads, StoreTx } from '../../store.ts';
import type { TaskQueue } from '../../tasks.ts';
import { matchingFrom } from './columns.ts';
import { Checkpoints } from './checkpoints.ts';
import { openConnections } from './database.ts';
import { DialogMemory } from './dialog-memory.ts';
import { type Memories, selectContacts, selectDialog } from './dialogs.ts';
import * as journal from './journal.ts';
import { assertLease, leaseTable } from './leases.ts';
import { LogSync, type SyncFile } from './log-sync.ts';
import { listMatchings, selectLongestInStatus, selectMatchedBefore } from './listing.ts';
import { MatchingMemory } from './matching-memory.ts';
import * as matchings from './matchings.ts';
import { putOperatorAction, selectOperatorActions } from './operator-actions.ts';
import * as results from './results.ts';
import { retentionOf } from './retention.ts';
import { applyMigrations, schemaVersion } from './schema.ts';
import type { DatabaseClock, Session } from './session.ts';
import { Snapshots } from './snapshots.ts';
import { statements } from './statements.ts';
import { migrations } from './tables.ts';
import { type Access, enqueueTask, taskQueue, tasksOfMatching } from './tasks.ts';
import { GroupCommitter, type TransactionWatcher } from './transaction.ts';

export interface SqliteStoreOptions {
  /** Path of the database file; it and its directory are made when missing. */
  readonly file: string;
  readonly timescale: Timescale;
  readonly databaseNowMs?: () => EpochMs;
  /** Uniform in [0, 1): jitter. */
  readonly random?: () => number;
  readonly metrics?: Metrics;
  /** Checkpoints in a thread of their own, for a process that has to answer meanwhile. */
  readonly checkpointsAside?: boolean;
  readonly log?: Log;
  /** Makes what was written to a file durable. */
  readonly syncFile?: SyncFile;
}

export interface SqliteStore {
  readonly store: Store;
  readonly tasks: TaskQueue;
  readonly leases: LeaseTable;
  readonly retention: Retention;
}

/** Throws `store_unavailable` when the file cannot be opened. `store.close()` closes the queue and the leases too. */
export function openSqliteStore(options: SqliteStoreOptions): SqliteStore {
  const { file, timescale, databaseNowMs = Date.now, random = Math.random, metrics } = options;
  const { writer, reader } = openConnections(file, new Set(Object.values(statements)));
  const clock: DatabaseClock = { timescale, databaseNowMs };
  const logSync = new LogSync(file, options.syncFile);
  const checkpoints = options.checkpointsAside === true ? new Checkpoints(file, checkpointsFailed(options.log)) : undefined;
  checkpoints?.begin(writer);
  // Every transaction of this store is the writer's, which counts the commits of everybody else.
  const memory = new MatchingMemory(() => writer.dataVersion());
  const snapshots = new Snapshots(reader, { clock, logSync, memory });
  const committer = new GroupCommitter(writer, { clock, logSync, checkpoints, random, metrics, changes: memory, watcher: watcherOf(memory, snapshots) });
  const access: Access = {
    read: (query) => snapshots.read(query),
    write: (work) => committer.transact(work),
  };
  const store: Store = {
    ...readsOf(access.read, { matchings: memory, dialogs: new DialogMemory() }),
    transact: (work, signal) => committer.transact((session) => work(transactionOf(session, memory)), signal),
    migrate: () => applyMigrations(committer, migrations),
    ping: async () => {
      committer.check();
      await access.read(schemaVersion);
    },
    close: async () => {
      await committer.close();
      snapshots.end();
      await logSync.close();
      await checkpoints?.close();
      // The writer last: the last connection to close tidies the log away, which a read-only one cannot.
      reader.close();
      writer.close();
    },
  };
  return { store, tasks: taskQueue(access), leases: leaseTable(access), retention: retentionOf(access) };
}

function watcherOf(memory: MatchingMemory, snapshots: Snapshots): TransactionWatcher {
  return {
    began: () => {
      if (!memory.isTrueOfTransaction()) snapshots.end();
    },
    undone: () => memory.undone(),
    ended: (committed) => {
      memory.settle(committed);
      snapshots.end();
    },
  };
}

function checkpointsFailed(log: Log | undefined): (error: unknown) => void {
  return (error) => log?.error({ error: describeError(error) }, 'the thread of checkpoints has failed: commits make them from now on');
}

function matchingReadsOf(run: Access['read']): MatchingReads {
  return {
    now: () => run((session) => session.now),
    matchings: (ids) => run((session) => matchings.selectMatchings(session, ids)),
    matchingsOfNewbies: (profiles) => run((session) => matchings.rowsOfNewbies(session, profiles).map(matchingFrom)),
    matchingsOfMentors: (profiles) => run((session) => matchings.rowsOfMentors(session, profiles).map(matchingFrom)),
    results: (ids) => run((session) => results.selectResults(session, ids)),
    transitions: (id) => run((session) => matchings.selectTransitions(session, id)),
    announcements: (id) => run((session) => results.selectAnnouncements(session, id)),
    matchingOfPerson: (person) => run((session) => matchings.matchingOfPerson(session, person)),
    matchingOfIdempotencyKey: (key) => run((session) => matchings.matchingOfIdempotencyKey(session, key)),
    pendingPromocodes: (page) => run((session) => results.selectPendingPromocodes(session, page)),
    jobState: (name) => run((session) => journal.jobState(session, name)),
  };
}

function readsOf(run: Access['read'], memories: Memories): StoreReads {
  return {
    ...matchingReadsOf(run),
    contacts: (query) => run((session) => selectContacts(session, memories, query)),
    dialog: (id) => run((session) => selectDialog(session, memories.dialogs, id)),
    matchedBefore: (status, before, page) => run((session) => selectMatchedBefore(session, status, before, page)),
    listMatchings: (filter, page) => run((session) => listMatchings(session, filter, page)),
    longestInStatus: (status, window) => run((session) => selectLongestInStatus(session, status, window)),
    profilesOfDriver: (driverId) => run((session) => matchings.selectProfilesOfDriver(session, driverId)),
    funnel: () => run(countAll),
    jobRuns: (filter, page) => run((session) => journal.selectJobRuns(session, filter, page)),
    rejects: (filter, page) => run((session) => journal.selectRejects(session, filter, page)),
    tasksOfMatching: (id) => run((session) => tasksOfMatching(session, id)),
    operatorActions: (filter, page) => run((session) => selectOperatorActions(session, filter, page)),
  };
}

function countAll(session: Session): Record<Status, matchings.StatusCount> {
  const counts = statuses.map((status) => [status, matchings.countStatus(session, status)]);
  return Object.fromEntries(counts) as Record<Status, matchings.StatusCount>;
}

function transactionOf(session: Session, memory: MatchingMemory): StoreTx {
  return {
    ...matchingReadsOf(async (query) => query(session.live())),
    matchings: async (ids) => memory.matchings(session.live(), ids),
    insertMatching: async (record) => matchings.insertMatching(session, record),
    updateMatching: async (next, stored) => matchings.updateMatching(session, next, stored),
    insertTransition: async (record) => matchings.insertTransition(session, record),
    claimPerson: async (person, id) => matchings.claimPerson(session, person, id),
    rememberIdempotencyKey: async (key, id) => matchings.rememberIdempotencyKey(session, key, id),
    mergeResults: async (id, newbie, figures) => results.mergeResults(session, id, newbie, figures),
    retireResults: async (id, epoch) => results.retireResults(session, id, epoch),
    recordAnnouncement: async (record) => results.recordAnnouncement(session, record),
    putPendingPromocode: async (record) => results.putPendingPromocode(session, record),
    deletePendingPromocode: async (entity, promocode) => results.deletePendingPromocode(session, entity, promocode),
    insertRejects: async (records) => journal.insertRejects(session, records),
    putJobState: async (name, value) => journal.putJobState(session, name, value),
    putJobRun: async (record) => journal.putJobRun(session, record),
    putOperatorAction: async (record) => putOperatorAction(session, record),
    enqueue: async (task) => enqueueTask(session, task),
    assertLease: async (lease) => assertLease(session, lease),
  };
}
