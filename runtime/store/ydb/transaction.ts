// One run of a transaction's callback: reads as they are asked for, writes kept until the end. The callback's guards (versions, claims,
// leases) are judged on rows read in the same serializable transaction, so the writing query needs no guards of its own.
import type { MatchingId, Profile } from '../../../machines/ids.ts';
import type { MatchingRecord } from '../../../machines/matching-record.ts';
import { ServiceError } from '../../errors.ts';
import type { Lease } from '../../lock.ts';
import type { ProgressFigures, StoreTx } from '../../store.ts';
import type { NewTask } from '../../tasks.ts';
import { bucketOf } from './buckets.ts';
import { assertStorable, readInteger, readMatchingId, readText } from './columns.ts';
import { YdbFailure } from './failure.ts';
import { announcementKey, matchingReads, programmeNow, resultsOf, type Sight } from './matching-reads.ts';
import { mergeFigures, resultOf } from './result-columns.ts';

export interface Scope extends Sight {
  readonly nextSeq: () => number;
  /** Tasks whose presence is looked up with the first read, because an earlier run guessed it wrong. */
  readonly doubted: ReadonlySet<string>;
  readonly state: { ended: boolean };
}

export function conflict(why: string): YdbFailure {
  return new YdbFailure('conflict', why);
}

export function storeTx(scope: Scope): StoreTx {
  const { writes, reads } = scope;
  if (scope.doubted.size > 0) reads.expect('tasks', [...scope.doubted].map(taskKey));
  const plain = matchingReads(scope);
  const tx: StoreTx = {
    ...plain,
    matchings: (ids) => {
      const records = plain.matchings(ids);
      // Whoever reads a matching in a transaction soon asks for its figures: the same round trip brings them.
      reads.expect('results', ids.map((id) => ({ matching_id: id })));
      return records;
    },
    insertMatching: async (record) => insertMatching(scope, record),
    updateMatching: (next, stored) => updateMatching(scope, next, stored.version),
    insertTransition: async (record) => void writes.transitions.push(record),
    claimPerson: async (person, id) => claim(writes.persons, person, id),
    rememberIdempotencyKey: async (key, id) => claim(writes.keys, key, id),
    mergeResults: (id, newbie, figures) => mergeResults(scope, { id, newbie, figures }),
    retireResults: (id, epoch) => retireResults(scope, id, epoch),
    recordAnnouncement: async (record) => {
      const key = announcementKey(record);
      if (!writes.announcements.has(key)) writes.announcements.set(key, record);
    },
    putPendingPromocode: async (record) => {
      const key = `${record.entity} ${record.promocode}`;
      writes.takenPromocodes.delete(key);
      if (!writes.promocodes.has(key)) writes.promocodes.set(key, record);
    },
    deletePendingPromocode: async (entity, promocode) => {
      writes.promocodes.delete(`${entity} ${promocode}`);
      writes.takenPromocodes.set(`${entity} ${promocode}`, { entity, promocode });
    },
    insertRejects: async (records) => {
      for (const record of records) if (!writes.rejects.has(record.id)) writes.rejects.set(record.id, record);
    },
    putJobState: async (name, value) => void writes.states.set(name, value),
    putJobRun: async (record) => void writes.runs.set(record.id, record),
    putOperatorAction: async (record) => void writes.operatorActions.set(record.id, record),
    enqueue: (task) => enqueue(scope, task),
    assertLease: async (lease) => expectLease(scope, lease),
  };
  return whileOpen(scope, tx);
}

/** Every operation is refused after the end, and fails as soon as a lease is seen to be lost. */
function whileOpen(scope: Scope, tx: StoreTx): StoreTx {
  const guarded = Object.entries(tx).map(([name, operation]) => [name, async (...input: unknown[]) => {
    if (scope.state.ended) throw new ServiceError('internal', 'a transaction was used after its end');
    const result = await (operation as (...input: unknown[]) => Promise<unknown>)(...input);
    if (scope.writes.leases.size > 0) await assertKnownLeases(scope);
    return result;
  }]);
  return Object.fromEntries(guarded) as StoreTx;
}

function insertMatching({ writes, nextSeq }: Scope, record: MatchingRecord): void {
  if (writes.matchings.has(record.id)) throw conflict('the matching is already there');
  assertStorable(record);
  writes.matchings.set(record.id, { record, seq: nextSeq(), reached: 0, expectedVersion: null });
}

async function updateMatching({ writes }: Scope, next: MatchingRecord, expectedVersion: number): Promise<void> {
  const pending = writes.matchings.get(next.id);
  assertStorable(next);
  if (pending !== undefined && pending.record.version !== expectedVersion) throw conflict('the matching has another version');
  writes.matchings.set(next.id, { seq: 0, reached: 0, expectedVersion, ...pending, record: next });
}

function claim<Key>(claims: Map<Key, MatchingId>, key: Key, id: MatchingId): void {
  if ((claims.get(key) ?? id) !== id) throw conflict('claimed by another matching');
  claims.set(key, id);
}

interface Merge {
  readonly id: MatchingId;
  readonly newbie: Profile;
  readonly figures: ProgressFigures;
}

/** Answers whether a figure was added or changed; figures that say nothing make no row. */
async function mergeResults(scope: Scope, { id, newbie, figures }: Merge): Promise<boolean> {
  const [stored] = await resultsOf(scope, [id]);
  const merged = mergeFigures(stored ?? null, figures);
  if (merged === null) return false;
  const now = await programmeNow(scope);
  const { results, matchings, touched } = scope.writes;
  results.set(id, resultOf(id, newbie, merged, now));
  // Replication finds changed figures by the moment of their matching.
  const pending = matchings.get(id);
  if (pending === undefined) touched.set(id, now);
  else matchings.set(id, { ...pending, record: { ...pending.record, updatedAt: now } });
  return true;
}

async function retireResults(scope: Scope, id: MatchingId, epoch: number): Promise<void> {
  const [stored] = await resultsOf(scope, [id]);
  if (stored === undefined) return;
  scope.writes.history.push({ epoch, result: stored });
  scope.writes.results.set(id, null);
}

export function taskKey(id: string): { bucket: number; id: string } {
  return { bucket: bucketOf(id), id };
}

/**
 * A task that nothing is known of is taken for new, without asking: nearly all are. The writing query finds out; where the guess was
 * wrong nothing is committed and the callback runs again with the task looked up (transactor.ts).
 */
async function enqueue({ reads, writes, doubted }: Scope, task: NewTask): Promise<boolean> {
  if (writes.tasks.has(task.id)) return false;
  if (doubted.has(task.id) || reads.knows('tasks', taskKey(task.id))) {
    const [row] = await reads.load('tasks', [taskKey(task.id)]);
    if (row !== undefined && readText(row, 'state') !== 'done') return false;
  }
  writes.tasks.set(task.id, task);
  return true;
}

function expectLease({ reads, writes }: Scope, lease: Lease): void {
  writes.leases.set(`${lease.name} ${lease.owner} ${lease.epoch}`, lease);
  reads.expect('leases', [{ name: lease.name }]);
}

async function assertKnownLeases(scope: Scope): Promise<void> {
  for (const lease of scope.writes.leases.values()) if (scope.reads.knows('leases', { name: lease.name })) await assertLease(scope, lease);
}

async function assertLease({ reads }: Scope, { name, owner, epoch }: Lease): Promise<void> {
  const [row] = await reads.load('leases', [{ name }]);
  const alive = row !== undefined && readText(row, 'owner') === owner && readInteger(row, 'epoch') === epoch
    && BigInt(readInteger(row, 'expires_at')) > (await reads.nowMicros());
  if (!alive) throw new ServiceError('lock_lost', `the lock ${name} is no longer held`);
}

/** Throws when the transaction must not be committed. What is not yet known is read together, in one round trip. */
export async function judge(scope: Scope): Promise<void> {
  const { reads, writes } = scope;
  const pendingLeases = [...writes.leases.values()].map(({ name }) => ({ name }));
  await Promise.all([
    reads.load('leases', pendingLeases),
    reads.load('persons', [...writes.persons.keys()].map((person) => ({ person }))),
    reads.load('keys', [...writes.keys.keys()].map((key) => ({ idempotency_key: key }))),
    reads.load('matchings', touchedMatchings(scope).map((id) => ({ id }))),
  ]);
  for (const lease of writes.leases.values()) await assertLease(scope, lease);
  await assertClaims(scope);
  await assertVersions(scope);
}

/** Matchings whose stored row decides: those to be changed, and those that only got a transition. */
function touchedMatchings({ writes }: Scope): MatchingId[] {
  const changed = [...writes.matchings].filter(([, { expectedVersion }]) => expectedVersion !== null).map(([id]) => id);
  const moved = writes.transitions.map(({ matchingId }) => matchingId).filter((id) => !writes.matchings.has(id));
  return [...new Set([...changed, ...moved])];
}

async function assertClaims({ reads, writes }: Scope): Promise<void> {
  for (const [person, id] of writes.persons) {
    const [row] = await reads.load('persons', [{ person }]);
    if (row !== undefined && readText(row, 'matching_id') !== id) throw conflict('the person is claimed by another matching');
  }
  for (const [key, id] of writes.keys) {
    const [row] = await reads.load('keys', [{ idempotency_key: key }]);
    if (row !== undefined && readText(row, 'matching_id') !== id) throw conflict('the key belongs to another matching');
  }
}

async function assertVersions({ reads, writes }: Scope): Promise<void> {
  const expected = [...writes.matchings.values()].filter(({ expectedVersion }) => expectedVersion !== null);
  const rows = await reads.load('matchings', expected.map(({ record }) => ({ id: record.id })));
  const versions = new Map(rows.map((row) => [readMatchingId(row, 'id'), readInteger(row, 'version')]));
  for (const { record, expectedVersion } of expected) {
    if (versions.get(record.id) !== expectedVersion) throw conflict('the matching has another version');
  }
}
