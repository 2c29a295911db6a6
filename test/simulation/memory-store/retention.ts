// The retention port over the tables in memory.
import { z } from 'zod';
import type { MatchingId } from '../../../machines/ids.ts';
import { archivedState, type ArchivedMatching, type MatchingBundle, type Retention } from '../../../runtime/retention.ts';
import type { TransitionRecord } from '../../../runtime/store.ts';
import { decodeCursor, pageOf } from '../../../runtime/store/sqlite/paging.ts';
import type { Access, Session } from './access.ts';
import { compare, pageBy } from './listing.ts';
import { matchingsOf } from './reads.ts';
import { assertLease } from './writes.ts';

export function retentionOf({ read, write }: Pick<Access, 'read' | 'write'>): Retention {
  return {
    changedMatchings: (since, page) => read((session) =>
      pageBy(session, { table: 'matchings', found: ({ row }) => row.updatedAt >= since, moment: (row) => row.updatedAt, newest: false }, page)),
    changedTransitions: (since, page) => read((session) => {
      const after = page.cursor === null ? null : decodeCursor(page.cursor, z.tuple([z.int(), z.string()]));
      const placeOf = ({ createdAt, id }: TransitionRecord): readonly [number, string] => [createdAt, id];
      const all = session.tables.rows('transitions').flat().filter(({ createdAt }) => createdAt >= since)
        .sort((a, b) => compare(placeOf(a), placeOf(b)));
      return pageOf(after === null ? all : all.filter((row) => compare(placeOf(row), after) > 0), page.limit, (row) => row, placeOf);
    }),
    changedResults: (since, page) => read((session) =>
      pageBy(session, { table: 'results', found: ({ row }) => row.updatedAt >= since, moment: (row) => row.updatedAt, newest: false }, page)),
    tombstones: (since, page) => read((session) =>
      pageBy(session, { table: 'tombstones', found: ({ row }) => row.deletedAt >= since, moment: (row) => row.deletedAt, newest: false }, page)),
    archivable: ({ status, completedBefore }, page) => read((session) => {
      const found = ({ row }: { row: MatchingBundle['matching'] }): boolean =>
        row.status === status && row.completedAt !== null && row.completedAt < completedBefore;
      const { items, nextCursor } = pageBy(session, { table: 'matchings', found, moment: (row) => row.completedAt ?? 0, newest: false }, page);
      return { items: items.map(({ id }) => id), nextCursor };
    }),
    bundles: (ids) => read((session) => bundlesOf(session, ids)),
    forget: (archived, lease) => write((session) => {
      assertLease(session, lease);
      const forgotten = archived.filter((state) => isStill(session, state));
      for (const { id } of forgotten) forgetOne(session, id);
      return forgotten.map(({ id }) => id);
    }),
    dropTombstones: (before, lease) => write((session) => {
      assertLease(session, lease);
      const old = session.tables.rows('tombstones').filter(({ deletedAt }) => deletedAt < before);
      for (const { matchingId } of old) session.tables.remove('tombstones', matchingId);
      return old.length;
    }),
    countWaiting: (status, since) => read(({ tables }) =>
      tables.rows('matchings').filter((row) => row.status === status && row.statusSince < since).length),
  };
}

export function bundlesOf(session: Session, ids: readonly MatchingId[]): MatchingBundle[] {
  return matchingsOf(session, ids).map((matching) => ({
    matching,
    transitions: session.tables.get('transitions', matching.id) ?? [],
    results: session.tables.get('results', matching.id),
    history: session.tables.rows('history').filter(({ matchingId }) => matchingId === matching.id).sort((a, b) => a.epoch - b.epoch),
  }));
}

function isStill(session: Session, state: ArchivedMatching): boolean {
  const [bundle] = bundlesOf(session, [state.id]);
  const present = bundle === undefined ? null : archivedState(bundle);
  return present?.version === state.version && present.resultsUpdatedAt === state.resultsUpdatedAt;
}

function forgetOne({ tables, now }: Session, id: MatchingId): void {
  const transitionIds = (tables.get('transitions', id) ?? []).map((transition) => transition.id);
  for (const table of ['matchings', 'transitions', 'results'] as const) tables.remove(table, id);
  for (const { epoch } of tables.rows('history').filter(({ matchingId }) => matchingId === id)) tables.remove('history', `${id}:${epoch}`);
  for (const { epoch, event, recipient } of tables.rows('announcements').filter(({ matchingId }) => matchingId === id)) {
    tables.remove('announcements', `${id}:${epoch}:${event}:${recipient}`);
  }
  for (const { id: task } of tables.rows('tasks').filter(({ matchingId }) => matchingId === id)) tables.remove('tasks', task);
  for (const table of ['persons', 'keys'] as const) for (const key of tables.keysOf(table, id)) tables.remove(table, key);
  tables.put('tombstones', id, { matchingId: id, deletedAt: now, transitionIds });
}
