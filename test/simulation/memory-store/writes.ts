// What a transaction of the store port writes, over the tables in memory.
import { statuses } from '../../../machines/status.ts';
import { ServiceError } from '../../../runtime/errors.ts';
import type { Lease } from '../../../runtime/lock.ts';
import { progressFields, type ProgressFigures, type StoreTx, type TransitionRecord } from '../../../runtime/store.ts';
import type { MatchingId, Profile } from '../../../machines/ids.ts';
import { Conflict, type Session } from './access.ts';
import { matchingReads } from './reads.ts';
import { epochKey } from './tables.ts';
import { enqueue } from './tasks.ts';

export function transactionOf(session: Session): StoreTx {
  return {
    ...matchingReads(async (query) => query(session.live())),
    insertMatching: async (record) => {
      if (session.tables.get('matchings', record.id) !== null) throw new Conflict('the key is taken');
      if (!statuses.includes(record.status)) throw new ServiceError('internal', 'a row breaks a constraint');
      session.tables.put('matchings', record.id, record);
    },
    updateMatching: async (next, stored) => {
      if (session.tables.get('matchings', next.id)?.version !== stored.version) throw new Conflict('the matching has another version');
      session.tables.put('matchings', next.id, next);
    },
    insertTransition: async (record) => insertTransition(session, record),
    claimPerson: async (person, id) => claim(session, 'persons', person, id),
    rememberIdempotencyKey: async (key, id) => claim(session, 'keys', key, id),
    mergeResults: async (id, newbie, figures) => mergeResults(session, id, newbie, figures),
    retireResults: async (id, epoch) => {
      const results = session.tables.get('results', id);
      if (results === null) return;
      session.tables.put('history', epochKey(id, epoch), { ...results, epoch });
      session.tables.remove('results', id);
    },
    recordAnnouncement: async (record) => {
      const key = `${epochKey(record.matchingId, record.epoch)}:${record.event}:${record.recipient}`;
      if (session.tables.get('announcements', key) === null) session.tables.put('announcements', key, record);
    },
    putPendingPromocode: async (record) => {
      const key = `${record.entity}:${record.promocode}`;
      if (session.tables.get('pending', key) === null) session.tables.put('pending', key, record);
    },
    deletePendingPromocode: async (entity, promocode) => void session.tables.remove('pending', `${entity}:${promocode}`),
    insertRejects: async (records) => {
      for (const record of records) if (session.tables.get('rejects', record.id) === null) session.tables.put('rejects', record.id, record);
    },
    putJobState: async (name, value) => session.tables.put('states', name, value),
    putJobRun: async (record) => session.tables.put('runs', record.id, record),
    putOperatorAction: async (record) => session.tables.put('actions', record.id, record),
    enqueue: async (task) => enqueue(session, task),
    assertLease: async (lease) => assertLease(session, lease),
  };
}

export function assertLease(session: Session, { name, owner, epoch }: Lease): void {
  const row = session.tables.get('leases', name);
  if (row === null || row.owner !== owner || row.epoch !== epoch || row.expiresAtMs <= session.now) {
    throw new ServiceError('lock_lost', `the lock ${name} is no longer held`);
  }
}

function insertTransition({ tables }: Session, record: TransitionRecord): void {
  const present = tables.get('transitions', record.matchingId) ?? [];
  if (present.some(({ version }) => version === record.version)) throw new Conflict('the key is taken');
  if (!present.some(({ to }) => to === record.to)) tables.put('reached', record.to, (tables.get('reached', record.to) ?? 0) + 1);
  tables.put('transitions', record.matchingId, [...present, record].sort((a, b) => a.version - b.version));
}

function claim({ tables }: Session, table: 'persons' | 'keys', key: string, id: MatchingId): void {
  const holder = tables.get(table, key);
  if (holder !== null && holder !== id) throw new Conflict('another matching has it');
  if (holder === null) tables.put(table, key, id);
}

function mergeResults({ tables, now }: Session, id: MatchingId, newbie: Profile, figures: ProgressFigures): boolean {
  const stored = tables.get('results', id);
  const merged = Object.fromEntries(progressFields.map((field) => [field, figures[field] ?? stored?.figures[field] ?? null])) as ProgressFigures;
  if (progressFields.every((field) => merged[field] === (stored?.figures[field] ?? null))) return false;
  tables.put('results', id, { matchingId: id, newbie: stored?.newbie ?? newbie, figures: merged, updatedAt: now });
  const matching = tables.get('matchings', id);
  if (matching !== null) tables.put('matchings', id, { ...matching, updatedAt: now });
  return true;
}
