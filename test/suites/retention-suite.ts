// Replication and archiving on any store: pages of what changed, whole bundles, and forgetting only what was archived.
import { describe, expect, test } from 'vitest';
import type { MatchingRecord } from '../../machines/matching-record.ts';
import { Status } from '../../machines/status.ts';
import type { Lease } from '../../runtime/lock.ts';
import { archivedState, type Retention } from '../../runtime/retention.ts';
import type { Store } from '../../runtime/store.ts';
import {
  announcementRecord, aMatchingId, aPerson, aProfile, aUdid, figures, matchedRecord, newTask, suiteStartMs, transitionRecord,
} from './records.ts';
import { allPages, insertMatchings, storeOfEachTest, type RetainingStore } from './store-under-test.ts';

const everyPage = { limit: 1_000, cursor: null };
const dayMs = 86_400_000;

function completed(overrides: Partial<MatchingRecord> = {}): MatchingRecord {
  const at = overrides.completedAt ?? suiteStartMs;
  return matchedRecord({ status: Status.succeed, version: 7, completedAt: at, statusSince: at, newbieUdid: aUdid('udid-1'), ...overrides });
}

/** A matching with a row in every table that knows of matchings. */
async function insertWhole(store: Store, record: MatchingRecord): Promise<void> {
  await store.transact(async (tx) => {
    await tx.insertMatching(record);
    await tx.insertTransition(transitionRecord(record.id, { version: 1 }));
    await tx.insertTransition(transitionRecord(record.id, { version: 7, from: Status.finished, to: record.status, event: 'PROMOCODE_ANNOUNCED' }));
    await tx.mergeResults(record.id, record.newbie, figures({ sh_7d: 'old' }));
    await tx.retireResults(record.id, 1);
    await tx.mergeResults(record.id, record.newbie, figures({ sh_7d: '40' }));
    await tx.recordAnnouncement(announcementRecord(record.id));
    await tx.claimPerson(aPerson(record.newbieUdid ?? 'nobody'), record.id);
    await tx.claimPerson(aPerson(`alias-of-${record.id}`), record.id);
    await tx.rememberIdempotencyKey(`key-${record.id}`, record.id);
    await tx.enqueue(newTask({ id: `done:${record.id}`, matchingId: record.id }));
  });
}

async function settle({ tasks }: RetainingStore): Promise<void> {
  for (const task of await tasks.claim({ owner: 'suite', limit: 100, leaseMs: 1_000 })) await tasks.complete(task);
}

async function leased({ leases }: RetainingStore): Promise<Lease> {
  const lease = await leases.acquire('job:archive', 'suite', 60_000);
  if (lease === null) throw new TypeError('the lock is free');
  return lease;
}

async function statesOf(retention: Retention, ids: readonly MatchingRecord['id'][]) {
  return (await retention.bundles(ids)).map(archivedState);
}

export function retentionSuite(name: string, open: () => Promise<RetainingStore>): void {
  describe(`${name}: what changed`, () => {
    const under = storeOfEachTest(open);

    test('pages through matchings changed at or after a moment, oldest first, whatever shares a moment', async () => {
      const { store, retention } = under();
      const at = [5, 3, 3, 3, 9, 1].map((offset) => matchedRecord({ updatedAt: suiteStartMs + offset }));
      await insertMatchings(store, ...at);
      for (const limit of [1, 2, 100]) {
        const pages = await allPages(limit, (page) => retention.changedMatchings(suiteStartMs + 3, page));
        expect(pages.flat().map(({ updatedAt }) => updatedAt - suiteStartMs)).toEqual([3, 3, 3, 5, 9]);
        expect(new Set(pages.flat().map(({ id }) => id)).size).toBe(5);
      }
      expect((await retention.changedMatchings(suiteStartMs + 9, everyPage)).items).toEqual([at[4]]);
      expect((await retention.changedMatchings(suiteStartMs + 10, everyPage)).items).toEqual([]);
    });

    test('pages through transitions made at or after a moment', async () => {
      const { store, retention } = under();
      const records = [20, 10, 10].map((offset) => matchedRecord({ updatedAt: suiteStartMs + offset }));
      const moves = records.flatMap(({ id, updatedAt }) => [
        transitionRecord(id, { version: 1, createdAt: suiteStartMs }),
        transitionRecord(id, { version: 2, createdAt: updatedAt - 1, reason: 'because' }),
        transitionRecord(id, { version: 3, createdAt: updatedAt }),
      ]);
      await insertMatchings(store, ...records);
      await store.transact(async (tx) => {
        for (const move of moves) await tx.insertTransition(move);
      });
      const expected = moves.filter(({ createdAt }) => createdAt >= suiteStartMs + 9);
      for (const limit of [1, 2, 100]) {
        const found = (await allPages(limit, (page) => retention.changedTransitions(suiteStartMs + 9, page))).flat();
        expect(found).toHaveLength(expected.length);
        expect(new Set(found)).toEqual(new Set(expected));
      }
    });

    test('pages through figures changed at or after a moment', async () => {
      const { store, retention, passTime } = under();
      const records = Array.from({ length: 5 }, () => matchedRecord());
      await insertMatchings(store, ...records);
      for (const [index, { id, newbie }] of records.entries()) {
        if (index % 2 === 1) passTime(10);
        await store.transact((tx) => tx.mergeResults(id, newbie, figures({ sh_7d: String(index) })));
      }
      for (const limit of [1, 2, 100]) {
        const found = (await allPages(limit, (page) => retention.changedResults(suiteStartMs + 10, page))).flat();
        expect(found.map(({ figures: { sh_7d } }) => Number(sh_7d)).sort((a, b) => a - b)).toEqual([1, 2, 3, 4]);
        expect(found.map(({ updatedAt }) => updatedAt - suiteStartMs).sort((a, b) => a - b)).toEqual([10, 10, 20, 20]);
      }
    });

    test('counts matchings that have waited in a status since before a moment', async () => {
      const { store, retention } = under();
      const since = [1, 2, 3].map((offset) => suiteStartMs + offset);
      await insertMatchings(store, ...since.map((statusSince) => matchedRecord({ status: Status.requested, statusSince })));
      expect(await retention.countWaiting(Status.requested, suiteStartMs + 3)).toBe(2);
      expect(await retention.countWaiting(Status.created, suiteStartMs + 3)).toBe(0);
    });
  });

  describe(`${name}: archiving`, () => {
    const under = storeOfEachTest(open);

    test('finds what was completed before a moment in one status, longest completed first', async () => {
      const { store, retention } = under();
      const old = [3, 1, 2].map((offset) => completed({ completedAt: suiteStartMs + offset, newbieUdid: null }));
      const others = [
        completed({ completedAt: suiteStartMs + 4 }), completed({ status: Status.failed }), matchedRecord({ status: Status.finished }),
      ];
      await insertMatchings(store, ...old, ...others);
      for (const limit of [1, 2, 100]) {
        const pages = await allPages(limit, (page) => retention.archivable({ status: Status.succeed, completedBefore: suiteStartMs + 4 }, page));
        expect(pages.flat()).toEqual([old[1], old[2], old[0]].map((record) => record?.id));
      }
    });

    test('reads bundles whole, in the order asked for', async () => {
      const { store, retention } = under();
      const [whole, bare] = [completed(), matchedRecord()];
      await insertWhole(store, whole);
      await insertMatchings(store, bare);
      const [first, second, ...more] = await retention.bundles([bare.id, whole.id, aMatchingId()]);
      expect(first).toEqual({ matching: bare, transitions: [], results: null, history: [] });
      expect(second).toEqual({
        matching: whole,
        transitions: await store.transitions(whole.id),
        results: (await store.results([whole.id]))[0],
        history: [{ matchingId: whole.id, newbie: whole.newbie, epoch: 1, figures: figures({ sh_7d: 'old' }), updatedAt: suiteStartMs }],
      });
      expect(second?.transitions).toHaveLength(2);
      expect(more).toEqual([]);
    });

    test('forgets a matching with every row that knows of it, and leaves the others alone', async () => {
      const { store, retention, passTime } = under();
      const [gone, kept] = [completed(), completed({ newbieUdid: aUdid('udid-2') })];
      for (const record of [gone, kept]) await insertWhole(store, record);
      await settle(under());
      const transitionIds = (await store.transitions(gone.id)).map(({ id }) => id);
      const before = await retention.bundles([kept.id]);
      passTime(dayMs);
      expect(await retention.forget(await statesOf(retention, [gone.id]), await leased(under()))).toEqual([gone.id]);
      expect(await retention.bundles([gone.id, kept.id])).toEqual(before);
      expect(await store.transitions(gone.id)).toEqual([]);
      expect(await store.results([gone.id])).toEqual([]);
      expect(await store.announcements(gone.id)).toEqual([]);
      expect(await store.tasksOfMatching(gone.id)).toEqual([]);
      for (const guard of ['udid-1', `alias-of-${gone.id}`]) expect(await store.matchingOfPerson(aPerson(guard))).toBeNull();
      expect(await store.matchingOfIdempotencyKey(`key-${gone.id}`)).toBeNull();
      for (const guard of ['udid-2', `alias-of-${kept.id}`]) expect(await store.matchingOfPerson(aPerson(guard))).toBe(kept.id);
      expect(await store.matchingOfIdempotencyKey(`key-${kept.id}`)).toBe(kept.id);
      expect(await store.tasksOfMatching(kept.id)).toHaveLength(1);
      expect(await store.announcements(kept.id)).toHaveLength(1);
      const tombstone = { matchingId: gone.id, deletedAt: suiteStartMs + dayMs, transitionIds };
      expect((await retention.tombstones(suiteStartMs + dayMs, everyPage)).items).toEqual([tombstone]);
      expect((await retention.tombstones(suiteStartMs + dayMs + 1, everyPage)).items).toEqual([]);
    });

    test('frees the guard of a profile where no udid is known', async () => {
      const { store, retention } = under();
      const record = completed({ newbie: aProfile('driver-9', 'park-9'), newbieUdid: null });
      await insertMatchings(store, record);
      await store.transact((tx) => tx.claimPerson(aPerson('park-9_driver-9'), record.id));
      await retention.forget(await statesOf(retention, [record.id]), await leased(under()));
      expect(await store.matchingOfPerson(aPerson('park-9_driver-9'))).toBeNull();
    });

    test('keeps what changed after it was archived: the row by its version, the figures by their moment', async () => {
      const { store, retention, passTime } = under();
      const records = [completed(), completed({ newbieUdid: null }), completed({ newbieUdid: null })] as const;
      await insertMatchings(store, ...records);
      const [moved, figured, still] = records;
      const archived = await statesOf(retention, records.map(({ id }) => id));
      passTime(1);
      await store.transact(async (tx) => {
        await tx.updateMatching({ ...moved, version: moved.version + 1 }, moved);
        await tx.mergeResults(figured.id, figured.newbie, figures({ sh_14d: '1' }));
      });
      const lease = await leased(under());
      expect(await retention.forget([...archived, { id: aMatchingId(), version: 1, resultsUpdatedAt: null }], lease)).toEqual([still.id]);
      expect((await store.matchings(records.map(({ id }) => id))).map(({ id }) => id)).toEqual([moved.id, figured.id]);
    });

    test('leaves no task that would keep the person from another, and the funnel of all who ever came', async () => {
      const { store, retention } = under();
      const record = completed();
      await insertWhole(store, record);
      const { succeed } = await store.funnel();
      await retention.forget(await statesOf(retention, [record.id]), await leased(under()));
      expect(await store.tasksOfMatching(record.id)).toEqual([]);
      expect(await store.transact((tx) => tx.enqueue(newTask({ id: `done:${record.id}`, matchingId: aMatchingId() })))).toBe(true);
      expect((await store.funnel()).succeed).toEqual({ reached: succeed.reached, present: succeed.present - 1, oldestSince: null });
    });

    test('S9: forgets nothing and drops no tombstone under a lease that was taken over', async () => {
      const { store, retention, leases } = under();
      const record = completed();
      await insertWhole(store, record);
      const lost = await leased(under());
      await leases.release(lost);
      await leases.acquire('job:archive', 'somebody else', 60_000);
      const states = await statesOf(retention, [record.id]);
      await expect(retention.forget(states, lost)).rejects.toMatchObject({ code: 'lock_lost' });
      await expect(retention.dropTombstones(suiteStartMs + dayMs, lost)).rejects.toMatchObject({ code: 'lock_lost' });
      expect(await statesOf(retention, [record.id])).toEqual(states);
    });

    test('drops tombstones older than a moment', async () => {
      const { store, retention, passTime } = under();
      const lease = await leased(under());
      const records = [completed(), completed({ newbieUdid: null })];
      await insertMatchings(store, ...records);
      for (const { id } of records) {
        await retention.forget(await statesOf(retention, [id]), lease);
        passTime(10);
      }
      const found = (await allPages(1, (page) => retention.tombstones(0, page))).flat();
      expect(found.map(({ matchingId }) => matchingId)).toEqual(records.map(({ id }) => id));
      expect(await retention.dropTombstones(suiteStartMs + 10, lease)).toBe(1);
      expect((await retention.tombstones(0, everyPage)).items).toMatchObject([{ matchingId: records[1]?.id, transitionIds: [] }]);
    });

    test('a person who was forgotten may be claimed by a new matching', async () => {
      const { store, retention } = under();
      const record = completed();
      await insertWhole(store, record);
      await retention.forget(await statesOf(retention, [record.id]), await leased(under()));
      const next = matchedRecord({ newbieUdid: aUdid('udid-1') });
      await insertWhole(store, next);
      expect(await store.matchingOfPerson(aPerson('udid-1'))).toBe(next.id);
    });
  });
}
