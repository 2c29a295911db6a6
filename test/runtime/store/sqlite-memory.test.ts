// What was read once is read again from memory only while it is still so, whoever commits.
import { randomUUID } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { setImmediate as turn } from 'node:timers/promises';
import * as fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import type { MatchingId, Profile } from '../../../machines/ids.ts';
import type { MatchingRecord } from '../../../machines/matching-record.ts';
import { Status } from '../../../machines/status.ts';
import { realTime } from '../../../runtime/clock.ts';
import { archivedState } from '../../../runtime/retention.ts';
import { openConnections } from '../../../runtime/store/sqlite/database.ts';
import { LogSync } from '../../../runtime/store/sqlite/log-sync.ts';
import { MatchingMemory } from '../../../runtime/store/sqlite/matching-memory.ts';
import { Session } from '../../../runtime/store/sqlite/session.ts';
import { Snapshots } from '../../../runtime/store/sqlite/snapshots.ts';
import { statements } from '../../../runtime/store/sqlite/statements.ts';
import { openSqliteStore, type SqliteStore } from '../../../runtime/store/sqlite/store.ts';
import { aMatchingId, aProfile, figures, matchedRecord, suiteStartMs } from '../../suites/records.ts';
import { insertMatchings } from '../../suites/store-under-test.ts';
import { beforeEachTwoStores, change, contactsOf, hideAfterMs, inTransaction, openOn, syncFile, type TwoStores, versionsShownTo } from './two-stores.ts';

let { place, ours, theirs } = {} as TwoStores;
beforeEachTwoStores((stores) => void ({ place, ours, theirs } = stores));

function shownTo(profile: Profile): Promise<number[]> {
  return versionsShownTo(ours, profile);
}

async function forget({ retention, leases }: SqliteStore, id: MatchingId): Promise<void> {
  const lease = await leases.acquire(`archive:${randomUUID()}`, 'test', 60_000);
  if (lease === null) throw new TypeError('the lock is free');
  await retention.forget((await retention.bundles([id])).map(archivedState), lease);
  await leases.release(lease);
}

test('a statement that changes matchings is one of those that tell', () => {
  const changing = Object.entries(statements).filter(([, sql]) => /\b(INTO|UPDATE|DELETE FROM)\s+matchings\b/i.test(sql)).map(([name]) => name);
  expect(changing.sort()).toEqual(['matchings.insert', 'matchings.move', 'matchings.update', 'results.touchMatching', 'retention.forgetMatching']);
});

test('a commit of this store and of another one shows at once, within the same turn too', async () => {
  const record = matchedRecord();
  const newbie = record.newbie;
  await insertMatchings(ours.store, record);
  expect([await shownTo(newbie), await shownTo(newbie)]).toEqual([[4], [4]]);
  for (const committer of [ours, theirs, theirs, ours]) {
    const [before, version] = await Promise.all([shownTo(newbie), change(committer, record.id, {})]);
    if (committer === theirs) await turn();
    expect(before).toEqual([version - 1]);
    expect(await Promise.all([shownTo(newbie), shownTo(newbie)])).toEqual([[version], [version]]);
  }
});

test('what has not yet been committed is not shown, nor kept', async () => {
  const record = matchedRecord();
  await insertMatchings(ours.store, record);
  const seen: number[][] = [];
  await ours.store.transact(async (tx) => {
    await tx.updateMatching({ ...record, version: 5 }, record);
    seen.push(await shownTo(record.newbie));
  });
  seen.push(await shownTo(record.newbie));
  const failing = ours.store.transact(async (tx) => {
    await tx.updateMatching({ ...record, version: 6 }, { ...record, version: 5 });
    seen.push(await shownTo(record.newbie));
    throw new TypeError('changed its mind');
  });
  await expect(failing).rejects.toThrow('changed its mind');
  expect([...seen, await shownTo(record.newbie)]).toEqual([[4], [5], [5], [5]]);
});

test('figures that were asked for just before they are committed show afterwards', async () => {
  const record = matchedRecord();
  await insertMatchings(ours.store, record);
  const shown = async (): Promise<unknown> => (await contactsOf(ours, record.newbie)).dialogs[0]?.results?.figures.sh_7d;
  expect(await shown()).toBeUndefined();
  const before = await ours.store.transact(async (tx) => {
    await tx.mergeResults(record.id, record.newbie, figures({ sh_7d: '40' }));
    return shown();
  });
  expect([before, await shown()]).toEqual([undefined, '40']);
});

test('a rematch shows to the new mentor and no longer to the old one', async () => {
  const record = matchedRecord();
  const [before, after] = [record.mentor ?? aProfile(), aProfile()];
  await insertMatchings(ours.store, record);
  expect([await shownTo(before), await shownTo(after)]).toEqual([[4], []]);
  await change(ours, record.id, { mentor: after });
  expect([await shownTo(before), await shownTo(after)]).toEqual([[], [5]]);
  await change(theirs, record.id, { mentor: before });
  expect([await shownTo(before), await shownTo(after)]).toEqual([[6], []]);
});

test('what retention has removed is gone, whoever removed it', async () => {
  const newbie = aProfile();
  for (const remover of [ours, theirs]) {
    const record = matchedRecord({ newbie, status: Status.succeed, completedAt: suiteStartMs });
    await insertMatchings(ours.store, record);
    expect(await shownTo(newbie)).toEqual([4]);
    await forget(remover, record.id);
    expect(await shownTo(newbie)).toEqual([]);
  }
});

test('who may see a matching is decided anew although its row is remembered', async () => {
  let nowMs = suiteStartMs;
  const store = openSqliteStore({ file: place.file, timescale: realTime, databaseNowMs: () => nowMs, syncFile });
  const record = matchedRecord({ status: Status.succeed, completedAt: suiteStartMs });
  await insertMatchings(store.store, record);
  expect((await contactsOf(store, record.newbie)).dialogs).toHaveLength(1);
  nowMs += hideAfterMs;
  await turn();
  expect(await contactsOf(store, record.newbie)).toEqual({ dialogs: [], participation: null });
  await store.store.close();
});

test('asks the file again neither for what is remembered nor after a commit about somebody else, and keeps no more than its limits', async () => {
  const records = Array.from({ length: 5 }, () => matchedRecord());
  await insertMatchings(ours.store, ...records);
  const { writer, reader } = openConnections(place.file, new Set(Object.values(statements)));
  const memory = new MatchingMemory(() => writer.dataVersion(), { profiles: 2, matchings: 2 });
  memory.isTrueOf(reader.dataVersion());
  const session = new Session(reader, { timescale: realTime, databaseNowMs: () => 0 });
  const statementsFor = (...asked: readonly MatchingRecord[]): number => {
    const all = vi.spyOn(session, 'all');
    for (const { newbie } of asked) memory.matchingsOf(session, newbie);
    const { length } = all.mock.calls;
    all.mockRestore();
    return length;
  };
  const [first, second] = records as [MatchingRecord, MatchingRecord];
  expect([statementsFor(first, second), statementsFor(first, second, first)]).toEqual([4, 0]);
  memory.changedMatching(records[4]?.id ?? aMatchingId(), null);
  memory.settle(true);
  expect(statementsFor(first, second)).toBe(0);
  memory.changedMatching(first.id, null);
  memory.settle(true);
  expect([statementsFor(first, second), statementsFor(first, second)]).toEqual([1, 0]);
  expect([statementsFor(...records), statementsFor(...records)]).toEqual([6, 10]);
  reader.close();
  writer.close();
});

test.each(['before', 'after'] as const)('what another one commits just %s it is looked for is shown', async (when) => {
  const record = matchedRecord();
  await insertMatchings(ours.store, record);
  const { writer, reader } = openConnections(place.file, new Set(Object.values(statements)));
  const other = new DatabaseSync(place.file);
  let toCommit = 0;
  const commitOne = (): void => {
    if (toCommit === 0) return;
    toCommit -= 1;
    other.exec('UPDATE matchings SET version = version + 1');
  };
  const memory = new MatchingMemory(() => {
    if (when === 'before') commitOne();
    const version = writer.dataVersion();
    if (when === 'after') commitOne();
    return version;
  });
  const logSync = new LogSync(place.file, syncFile);
  const snapshots = new Snapshots(reader, { clock: { timescale: realTime, databaseNowMs: () => 0 }, logSync, memory });
  const shown = async (): Promise<number | undefined> => {
    snapshots.end();
    return snapshots.read((session) => memory.matchingsOf(session, record.newbie).asNewbie[0]?.version);
  };
  const fresh = (): unknown => other.prepare('SELECT version FROM matchings').get()?.['version'];
  for (const commits of [1, 0, 0, 1, 1, 2, 0]) {
    toCommit = commits;
    other.exec('UPDATE matchings SET version = version + 1');
    await shown();
    expect(await shown()).toBe(fresh());
  }
  snapshots.end();
  await logSync.close();
  for (const connection of [other, reader, writer]) connection.close();
});

const committer = fc.constantFrom('ours' as const, 'theirs' as const);
const place5 = fc.nat(4);
const profileOrNobody = fc.option(place5, { nil: null });
const step = fc.oneof(
  fc.record({ kind: fc.constant('insert' as const), by: committer, matching: place5, newbie: place5, mentor: profileOrNobody }),
  fc.record({ kind: fc.constant('move' as const), by: committer, matching: place5, status: fc.constantFrom(Status.initialized, Status.in_progress, Status.created) }),
  fc.record({ kind: fc.constant('rematch' as const), by: committer, matching: place5, mentor: profileOrNobody }),
  fc.record({ kind: fc.constant('figures' as const), by: committer, matching: place5, hours: fc.nat(9) }),
  fc.record({ kind: fc.constant('forget' as const), by: committer, matching: place5 }),
  fc.record({ kind: fc.constant('fail' as const), by: committer, matching: place5 }),
  fc.record({ kind: fc.constant('other' as const), by: committer }),
  fc.record({ kind: fc.constant('read' as const), profiles: fc.array(place5, { minLength: 1, maxLength: 3 }) }),
  fc.record({ kind: fc.constant('turn' as const) }),
);
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

test('after any commits of two stores the answers are those of a store that remembers nothing', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(step, fc.boolean()), { minLength: 5, maxLength: 30 }), async (steps) => {
      const profiles = Array.from({ length: 5 }, () => aProfile());
      const ids = Array.from({ length: 5 }, () => aMatchingId());
      const underWay: Promise<unknown>[] = [];
      for (const [each, waits] of steps) {
        const taken = take(each, ids, profiles);
        if (waits) await taken;
        else underWay.push(taken);
      }
      await Promise.all(underWay);
      // News of another process never comes within the turn of a snapshot that was begun before.
      await turn();
      await expectFresh(profiles, ids);
    }),
    { numRuns: 60 },
  );
}, 60_000);

async function expectFresh(profiles: readonly Profile[], ids: readonly MatchingId[]): Promise<void> {
  const fresh = openOn(place.file);
  for (const profile of profiles) expect(await contactsOf(ours, profile)).toEqual(await contactsOf(fresh, profile));
  expect(await inTransaction(ours, ids)).toEqual(await fresh.store.matchings(ids));
  await fresh.store.close();
}

async function take(each: Step, ids: MatchingId[], profiles: readonly Profile[]): Promise<void> {
  if (each.kind === 'turn') return turn();
  if (each.kind === 'read') return void (await contactsOf(ours, ...each.profiles.map((index) => nth(profiles, index))));
  const by = each.by === 'ours' ? ours : theirs;
  if (each.kind === 'other') return by.store.transact((tx) => tx.putJobState('s', 'x'));
  const id = nth(ids, each.matching);
  switch (each.kind) {
    case 'insert':
      return insertOnce(by, matchedRecord({ id, newbie: nth(profiles, each.newbie), mentor: mentorOf(each.mentor, profiles) }));
    case 'move':
      return void (await change(by, id, { status: each.status }));
    case 'rematch':
      return void (await change(by, id, { mentor: mentorOf(each.mentor, profiles) }));
    case 'figures':
      return mergeOnce(by, id, String(each.hours));
    case 'forget':
      // No matching is made anew under the id of a forgotten one.
      ids[each.matching] = aMatchingId();
      return forget(by, id);
    case 'fail':
      return changeItsMind(by, id);
  }
}

function nth<Item>(items: readonly Item[], index: number): Item {
  const item = items[index];
  if (item === undefined) throw new TypeError('out of range');
  return item;
}

function mentorOf(index: number | null, profiles: readonly Profile[]): Profile | null {
  return index === null ? null : nth(profiles, index);
}

function insertOnce({ store }: SqliteStore, record: MatchingRecord): Promise<void> {
  return store.transact(async (tx) => {
    if ((await tx.matchings([record.id])).length === 0) await tx.insertMatching(record);
  });
}

function mergeOnce({ store }: SqliteStore, id: MatchingId, hours: string): Promise<void> {
  return store.transact(async (tx) => {
    const [present] = await tx.matchings([id]);
    if (present !== undefined) await tx.mergeResults(id, present.newbie, figures({ sh_7d: hours }));
  });
}

async function changeItsMind({ store }: SqliteStore, id: MatchingId): Promise<void> {
  const failed = store.transact(async (tx) => {
    const [present] = await tx.matchings([id]);
    if (present !== undefined) await tx.updateMatching({ ...present, status: Status.finished, version: present.version + 1 }, present);
    throw new RangeError('changed its mind');
  });
  await expect(failed).rejects.toThrow('changed its mind');
}

test('reads beside commits of two stores never miss what was told before they began', async () => {
  const record = matchedRecord();
  await insertMatchings(ours.store, record);
  let told = record.version;
  const committing = { done: false };
  const commit = async (by: SqliteStore): Promise<void> => {
    for (let times = 0; times < 60; times += 1) {
      const version = await change(by, record.id, {});
      // News of another process comes in a turn of its own.
      if (by === theirs) await turn();
      told = Math.max(told, version);
    }
  };
  const read = async (): Promise<void> => {
    for (let times = 0; !committing.done; times += 1) {
      const least = told;
      const [version = 0] = await shownTo(times % 2 === 0 ? record.newbie : (record.mentor ?? record.newbie));
      expect(version).toBeGreaterThanOrEqual(least);
      if (times % 3 === 0) await turn();
    }
  };
  const commits = Promise.all([commit(ours), commit(theirs)]).finally(() => void (committing.done = true));
  await Promise.all([commits, read(), read()]);
  expect(await shownTo(record.newbie)).toEqual([record.version + 120]);
});
