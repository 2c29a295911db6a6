// What replication and archiving ask of YDB: pages of changed rows, whole bundles, and forgetting them.
import { z } from 'zod';
import type { MatchingId } from '../../../machines/ids.ts';
import type { EpochMs, MatchingRecord } from '../../../machines/matching-record.ts';
import type { Status } from '../../../machines/status.ts';
import { ServiceError } from '../../errors.ts';
import type { Lease } from '../../lock.ts';
import type { ArchivedMatching, MatchingBundle, Retention, Tombstone } from '../../retention.ts';
import type { Page, PageRequest } from '../../store.ts';
import { bucketedList, type BucketedList, pageOfList } from './bucketed-page.ts';
import { bucketCount, perBucket } from './buckets.ts';
import { matchingFrom, matchingShape, readInteger, readMatchingId, readText, transitionFrom } from './columns.ts';
import type { ReadKind } from './keyed-reads.ts';
import { programmeNow, type Sight, storedMatchings } from './matching-reads.ts';
import { bind, type Arguments, type Part } from './query.ts';
import type { ReadSet } from './read-set.ts';
import { resultFrom } from './result-columns.ts';
import type { Scope } from './transaction.ts';
import type { Transactor } from './transactor.ts';
import type { Row } from './values.ts';

export const retentionLists = {
  changed: bucketedList({
    name: 'changed_since', table: 'matchings', view: 'by_updated', columns: Object.keys(matchingShape).join(', '), at: 'updated_at',
    descending: false, recent: true,
  }),
  archivable: bucketedList({
    name: 'archivable', table: 'matchings', view: 'by_status', columns: 'id, seq, status_since', equal: { status: 'Utf8' },
    at: 'status_since', descending: false, bounded: true, also: ' AND completed_at < $before',
  }),
  tombstones: bucketedList({
    name: 'tombstones', table: 'tombstones', view: 'by_deleted', columns: 'id, seq, deleted_at, transition_ids', at: 'deleted_at',
    descending: false, recent: true,
  }),
} as const;

export const retentionParts = {
  waiting: {
    name: 'waiting',
    parameters: { status: 'Utf8', before: 'Int64' },
    body: perBucket((bucket) => `SELECT COUNT(*) AS matchings FROM matchings VIEW by_status
WHERE bucket = ${bucket} AND status = $status AND status_since < $before;`),
    sets: bucketCount,
  },
  oldTombstones: {
    name: 'old_tombstones',
    parameters: { before: 'Int64', page_limit: 'Uint64' },
    body: perBucket((bucket) => `SELECT id FROM tombstones VIEW by_deleted
WHERE bucket = ${bucket} AND deleted_at < $before LIMIT $page_limit;`),
    sets: bucketCount,
  },
} as const satisfies Record<string, Part>;

const dropLimit = 100;

export interface RetentionAccess {
  readonly transactor: Transactor;
  /** Reads from one snapshot, again when the attempt fails. */
  readonly sighted: <Result>(read: (sight: Sight) => Promise<Result>) => Promise<Result>;
}

export function retentionOf(access: RetentionAccess): Retention {
  const { sighted } = access;
  const list = <Item>(of: BucketedList, where: { values: Arguments; page: PageRequest }, itemOf: (row: Row) => Item): Promise<Page<Item>> =>
    sighted(({ reads }) => pageOfList(reads, of, where, itemOf));
  return {
    changedMatchings: (since, page) => list(retentionLists.changed, { values: { since }, page }, matchingFrom),
    changedTransitions: (since, page) => sighted((sight) => changedRows(sight, 'transitions', { since, page }, (row) => {
      const move = transitionFrom(row);
      return move.createdAt >= since ? [move] : [];
    })),
    changedResults: (since, page) => sighted((sight) => changedRows(sight, 'results', { since, page }, (row) => {
      const result = resultFrom(row);
      return result.updatedAt >= since ? [result] : [];
    })),
    tombstones: (since, page) => list(retentionLists.tombstones, { values: { since }, page }, tombstoneFrom),
    archivable: ({ status, completedBefore }, page) =>
      list(retentionLists.archivable, { values: { status, before: completedBefore }, page }, (row) => readMatchingId(row, 'id')),
    bundles: (ids) => sighted((sight) => selectBundles(sight, ids)),
    forget: (archived, lease) => forget(access, archived, lease),
    dropTombstones: (before, lease) => dropTombstones(access, before, lease),
    countWaiting: (status, since) => sighted(({ reads }) => countWaiting(reads, status, since)),
  };
}

interface Since {
  readonly since: EpochMs;
  readonly page: PageRequest;
}

/** Moves and figures are found by the moment of their matching. A page holds those of as many matchings as its limit says. */
async function changedRows<Item>(
  sight: Sight,
  kind: 'transitions' | 'results',
  { since, page }: Since,
  itemsOf: (row: Row) => Item[],
): Promise<Page<Item>> {
  const { items, nextCursor } = await pageOfList(sight.reads, retentionLists.changed, { values: { since }, page }, matchingFrom);
  const rows = await sight.reads.load(kind, items.map(({ id }: MatchingRecord) => ({ matching_id: id })));
  return { items: rows.flatMap(itemsOf), nextCursor };
}

const idsSchema = z.array(z.string());

function tombstoneFrom(row: Row): Tombstone {
  const ids = idsSchema.safeParse(JSON.parse(readText(row, 'transition_ids')));
  if (!ids.success) throw new ServiceError('record_corrupt', 'ydb: column transition_ids holds what it must not');
  return { matchingId: readMatchingId(row, 'id'), deletedAt: readInteger(row, 'deleted_at'), transitionIds: ids.data };
}

async function selectBundles(sight: Sight, ids: readonly MatchingId[]): Promise<MatchingBundle[]> {
  const [stored, rows] = await Promise.all([storedMatchings(sight, ids), rowsOf(sight.reads, ids, ['transitions', 'results', 'history'])]);
  return stored.map(({ record }) => ({
    matching: record,
    transitions: rows('transitions', record.id).map(transitionFrom).sort((a, b) => a.version - b.version),
    results: rows('results', record.id).map(resultFrom)[0] ?? null,
    history: rows('history', record.id)
      .map((row) => ({ ...resultFrom(row), epoch: readInteger(row, 'epoch') }))
      .sort((a, b) => a.epoch - b.epoch),
  }));
}

type RowsOf = (kind: ReadKind, id: MatchingId) => readonly Row[];

/** The rows of several kinds that belong to the matchings, in one round trip. */
async function rowsOf(reads: ReadSet, ids: readonly MatchingId[], kinds: readonly ReadKind[]): Promise<RowsOf> {
  const distinct = [...new Set(ids)];
  const answers = await Promise.all(kinds.map((kind) => reads.loadEach(kind, distinct.map((id) => ({ matching_id: id })))));
  return (kind, id) => answers[kinds.indexOf(kind)]?.[distinct.indexOf(id)] ?? [];
}

const forgottenKinds = [
  'transitions', 'results', 'history', 'announcements', 'guards', 'keysOfMatching', 'tasksOfMatching',
] as const satisfies readonly ReadKind[];

function forget({ transactor }: RetentionAccess, archived: readonly ArchivedMatching[], lease: Lease): Promise<MatchingId[]> {
  return transactor.transact(async (tx, scope) => {
    await tx.assertLease(lease);
    const ids = archived.map(({ id }) => id);
    const [records, rows] = await Promise.all([tx.matchings(ids), rowsOf(scope.reads, ids, forgottenKinds)]);
    const present = new Map(records.map((record) => [record.id, record]));
    const gone = archived.filter(({ id, version, resultsUpdatedAt }) =>
      present.get(id)?.version === version && (rows('results', id).map(resultFrom)[0]?.updatedAt ?? null) === resultsUpdatedAt);
    const deletedAt = await programmeNow(scope);
    for (const { id } of gone) bury(scope, present.get(id), { rows, deletedAt });
    return gone.map(({ id }) => id);
  });
}

function bury({ writes }: Scope, record: MatchingRecord | undefined, { rows, deletedAt }: { rows: RowsOf; deletedAt: EpochMs }): void {
  if (record === undefined) return;
  const { id, status } = record;
  writes.forgotten.set(id, {
    status,
    deletedAt,
    transitions: rows('transitions', id),
    results: rows('results', id),
    history: rows('history', id),
    announcements: rows('announcements', id),
    guards: rows('guards', id),
    keys: rows('keysOfMatching', id),
    tasks: rows('tasksOfMatching', id),
  });
}

/** In batches, each proving the lease. */
async function dropTombstones({ transactor }: RetentionAccess, before: EpochMs, lease: Lease): Promise<number> {
  for (let total = 0; ; ) {
    const dropped = await transactor.transact(async (tx, { reads, writes }) => {
      await tx.assertLease(lease);
      await tx.now();
      const { parts } = await reads.query([bind(retentionParts.oldTombstones, { before, page_limit: dropLimit })]);
      for (const row of (parts[0] ?? []).flat()) writes.droppedTombstones.add(readText(row, 'id'));
      return writes.droppedTombstones.size;
    });
    total += dropped;
    if (dropped === 0) return total;
  }
}

async function countWaiting(reads: ReadSet, status: Status, before: EpochMs): Promise<number> {
  const { parts } = await reads.query([bind(retentionParts.waiting, { status, before })]);
  return (parts[0] ?? []).flat().reduce((sum, row) => sum + readInteger(row, 'matchings'), 0);
}
