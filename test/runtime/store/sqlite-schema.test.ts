// The file itself: versions of the schema, what another program reads in it, and how much room a matching takes.
import { randomUUID } from 'node:crypto';
import { rmSync, statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { MatchingRecord } from '../../../machines/matching-record.ts';
import { Status, statuses } from '../../../machines/status.ts';
import { realTime } from '../../../runtime/clock.ts';
import { openConnections } from '../../../runtime/store/sqlite/database.ts';
import { LogSync } from '../../../runtime/store/sqlite/log-sync.ts';
import { applyMigrations } from '../../../runtime/store/sqlite/schema.ts';
import { statements } from '../../../runtime/store/sqlite/statements.ts';
import { openSqliteStore } from '../../../runtime/store/sqlite/store.ts';
import { migrations } from '../../../runtime/store/sqlite/tables.ts';
import { GroupCommitter } from '../../../runtime/store/sqlite/transaction.ts';
import type { StoreTx } from '../../../runtime/store.ts';
import {
  announcementRecord, aPerson, aProfile, aUdid, figures, matchedRecord, matchingRecord, suiteStartMs, transitionRecord,
} from '../../suites/records.ts';
import { freshFile, type FreshFile } from './files.ts';

let place: FreshFile;
beforeEach(() => {
  place = freshFile();
});
afterEach(() => {
  rmSync(place.directory, { recursive: true });
});

/** Rows as another program reads them. */
function readFile(sql: string): unknown[] {
  const database = new DatabaseSync(place.file, { readOnly: true });
  try {
    return database.prepare(sql).all().map((row) => ({ ...row }));
  } finally {
    database.close();
  }
}

async function migrateTo(version: number): Promise<void> {
  const { writer, reader } = openConnections(place.file, new Set(Object.values(statements)));
  const clock = { timescale: realTime, databaseNowMs: Date.now };
  const logSync = new LogSync(place.file);
  const committer = new GroupCommitter(writer, { clock, logSync, random: Math.random, metrics: undefined });
  await applyMigrations(committer, migrations.filter((each) => each.version <= version));
  await committer.close();
  await logSync.close();
  reader.close();
  writer.close();
  expect(readFile('PRAGMA user_version')).toEqual([{ user_version: version }]);
}

test('applies each version once, also when two stores start together', async () => {
  const stores = [1, 2].map(() => openSqliteStore({ file: place.file, timescale: realTime }).store);
  const applied = await Promise.all(stores.map((store) => store.migrate()));
  expect(applied.flat().sort((a, b) => a - b)).toEqual(migrations.map(({ version }) => version));
  expect(await stores[0]?.migrate()).toEqual([]);
  for (const store of stores) await store.close();
});

test('brings a file of the first version up to date and counts what is in it', async () => {
  await migrateTo(1);
  const old = openSqliteStore({ file: place.file, timescale: realTime }).store;
  const record = matchedRecord({ status: Status.initialized, statusSince: 4 });
  const moves = [Status.created, Status.matched, Status.initialized, Status.matched, Status.initialized];
  await old.transact(async (tx) => {
    await tx.insertMatching(record);
    for (const [index, to] of moves.entries()) await tx.insertTransition(transitionRecord(record.id, { to, version: index + 1 }));
  });
  expect(await old.migrate()).toEqual([2, 3, 4, 5, 6]);
  expect(await old.matchings([record.id])).toEqual([record]);
  const funnel = await old.funnel();
  expect(statuses.map((status) => funnel[status].reached)).toEqual([1, 0, 1, 1, 0, 0, 0, 0]);
  expect(funnel.initialized).toEqual({ reached: 1, present: 1, oldestSince: 4 });
  await old.close();
});

test('refuses a file that a newer program has written', async () => {
  const newer = new DatabaseSync(place.file);
  newer.exec('PRAGMA user_version = 99');
  newer.close();
  const { store } = openSqliteStore({ file: place.file, timescale: realTime });
  await expect(store.migrate()).rejects.toMatchObject({ code: 'bad_config', message: expect.stringContaining('newer') });
  await store.close();
});

test('writes ahead into a log that checkpoints sync, and holds references', () => {
  const { writer, reader } = openConnections(place.file, new Set(['PRAGMA synchronous', 'PRAGMA journal_mode', 'PRAGMA foreign_keys']));
  expect(writer.get('PRAGMA synchronous', [])).toMatchObject({ synchronous: 1 });
  expect(writer.get('PRAGMA journal_mode', [])).toMatchObject({ journal_mode: 'wal' });
  expect(writer.get('PRAGMA foreign_keys', [])).toMatchObject({ foreign_keys: 1 });
  expect(() => reader.execute('CREATE TABLE t (a)')).toThrow(expect.objectContaining({ code: 'store_unavailable' }));
  reader.close();
  writer.close();
});

test('shows ids as text under the names of the design, and keeps retired figures', async () => {
  const { store } = openSqliteStore({ file: place.file, timescale: realTime });
  await store.migrate();
  const record = matchedRecord();
  const move = transitionRecord(record.id, { from: Status.matched, to: Status.initialized });
  await store.transact(async (tx) => {
    await tx.insertMatching(record);
    await tx.insertTransition(move);
    await tx.mergeResults(record.id, record.newbie, figures({ rate_avg_7d: '4.90' }));
    await tx.retireResults(record.id, 1);
  });
  expect(readFile('SELECT id, newbie_park_id, created_at FROM matchings')).toEqual([
    { id: record.id, newbie_park_id: record.newbie.parkId, created_at: record.createdAt },
  ]);
  expect(readFile('SELECT id, matching_id, "from", "to" FROM status_transitions')).toEqual([
    { id: move.id, matching_id: record.id, from: 'matched', to: 'initialized' },
  ]);
  const retired = readFile('SELECT matching_id, epoch, rate_avg_7d FROM results_history');
  expect(retired).toEqual([{ matching_id: record.id, epoch: 1, rate_avg_7d: '4.90' }]);
  await store.close();
});

test('keeps no transition, figure or announcement without its matching', async () => {
  const { store } = openSqliteStore({ file: place.file, timescale: realTime });
  await store.migrate();
  const { id, newbie } = matchingRecord();
  const orphans: ((tx: StoreTx) => Promise<unknown>)[] = [
    (tx) => tx.insertTransition(transitionRecord(id)),
    (tx) => tx.mergeResults(id, newbie, figures({ sh_7d: '1' })),
    (tx) => tx.recordAnnouncement(announcementRecord(id)),
  ];
  for (const orphan of orphans) await expect(store.transact(orphan)).rejects.toMatchObject({ code: 'internal' });
  await store.close();
});

const whole = [
  { to: Status.created, event: 'ENROLLED', actor: 'driver', told: [] },
  { to: Status.requested, event: 'APPLICATION_WRITTEN', actor: 'task:create_application', told: [] },
  { to: Status.matched, event: 'MATCHED', actor: 'job:import-matchings', told: [] },
  { to: Status.initialized, event: 'MATCH_ANNOUNCED', actor: 'task:announce', told: ['newbie', 'mentor'] },
  { to: Status.in_progress, event: 'PROGRESS_ANNOUNCED', actor: 'task:announce', told: ['mentor'] },
  { to: Status.finished, event: 'RESULT_ANNOUNCED', actor: 'task:announce', told: ['mentor'] },
  { to: Status.succeed, event: 'PROMOCODE_ANNOUNCED', actor: 'task:announce', told: ['mentor'] },
] as const;
const allFigures = figures({
  rate_avg_7d: '4.87', rate_avg_14d: '4.90', avg_dp_7d: '92.5', avg_dp_14d: '95.5', sh_7d: '45.5', sh_14d: '90.25',
  correct_answers: '8', passed_test_flg: '1',
});

/** A matching at the end of the programme, with ids of the platform's usual 32 digits. */
function completedMatching(): MatchingRecord {
  const id32 = () => randomUUID().replaceAll('-', '');
  return matchedRecord({
    version: whole.length,
    status: Status.succeed,
    newbie: aProfile(id32(), id32()),
    mentor: aProfile(id32(), id32()),
    newbieUdid: aUdid(id32()),
    mentorUdid: aUdid(id32()),
    mentorPromocode: 'MENTOR-AB12CD',
    completedAt: suiteStartMs,
    newbieLastReadAt: suiteStartMs,
    mentorLastReadAt: suiteStartMs,
  });
}

async function storeLifecycle(tx: StoreTx): Promise<void> {
  const record = completedMatching();
  await tx.insertMatching(record);
  await tx.claimPerson(aPerson(record.newbieUdid ?? ''), record.id);
  await tx.mergeResults(record.id, record.newbie, allFigures);
  for (const [index, { to, event, actor, told }] of whole.entries()) {
    const from = whole[index - 1]?.to ?? null;
    await tx.insertTransition(transitionRecord(record.id, { from, to, event, actor, version: index + 1, epoch: index > 1 ? 1 : 0 }));
    for (const recipient of told) {
      await tx.recordAnnouncement(announcementRecord(record.id, { eventId: `${record.id}:${to}:1:${recipient}`, event, recipient }));
    }
  }
}

test('a matching with all its rows and indexes takes no more than 2 KB', async () => {
  const { store } = openSqliteStore({ file: place.file, timescale: realTime });
  await store.migrate();
  const emptyBytes = statSync(place.file).size;
  const [batches, perBatch] = [20, 200];
  for (let batch = 0; batch < batches; batch += 1) {
    await store.transact(async (tx) => {
      for (let index = 0; index < perBatch; index += 1) await storeLifecycle(tx);
    });
  }
  await store.close();
  const bytes = (statSync(place.file).size - emptyBytes) / (batches * perBatch);
  expect(bytes).toBeLessThanOrEqual(2_048);
});
