// What every store adapter promises: transactions, matchings and the guards around them. The rest of the port is in the two suites
// called at the end.
import { describe, expect, test } from 'vitest';
import { EventType } from '../../machines/events.ts';
import { Status, statuses } from '../../machines/status.ts';
import { storeDialogsSuite } from './store-dialogs-suite.ts';
import { storeJournalSuite } from './store-journal-suite.ts';
import {
  aMatchingId, aPerson, aProfile, aUdid, figures, matchedRecord, matchingRecord, newTask, suiteStartMs, transitionRecord,
} from './records.ts';
import { insertMatchings, type OpenStore, storeOfEachTest } from './store-under-test.ts';

export function storeSuite(name: string, open: OpenStore): void {
  describe(`${name}: store`, () => {
    const under = storeOfEachTest(open);

    test('gives a matching back byte for byte, with the longest ids and every field filled', async () => {
      const { store } = under();
      const record = matchedRecord({
        newbie: aProfile('N'.repeat(64), 'P'.repeat(64)),
        mentor: aProfile('-'.repeat(64), '0'.repeat(64)),
        newbieUdid: aUdid('u'.repeat(64)),
        mentorUdid: aUdid('A'.repeat(64)),
        createdAt: 0,
        updatedAt: 8_640_000_000_000_000,
        statusSince: 1_767_225_600_001,
        matchedAt: 1_767_225_600_999,
        originalConnectedAt: 1_000,
        mentorPromocode: `п'"\\${'x'.repeat(1_000)}😀`,
        completedAt: 1,
        newbieLastReadAt: 2,
        mentorLastReadAt: 3,
      });
      await insertMatchings(store, record);
      expect(await store.matchings([record.id])).toEqual([record]);
    });

    test('gives a matching back with every optional field empty', async () => {
      const { store } = under();
      const record = matchingRecord();
      await insertMatchings(store, record);
      expect(await store.matchings([record.id])).toEqual([record]);
    });

    test('answers each known matching once, however often it is asked for', async () => {
      const { store } = under();
      const [a, b] = [matchingRecord(), matchingRecord()];
      await insertMatchings(store, a, b);
      expect(await store.matchings([b.id, aMatchingId(), a.id, b.id])).toEqual([b, a]);
      expect(await store.matchings([])).toEqual([]);
    });

    test('finds matchings by either side, and only by the pair of park and driver', async () => {
      const { store } = under();
      const [newbie, mentor] = [aProfile('same-driver', 'park-1'), aProfile('same-driver', 'park-2')];
      const record = matchedRecord({ newbie, mentor });
      await insertMatchings(store, record, matchingRecord());
      expect(await store.matchingsOfNewbies([newbie, mentor, newbie])).toEqual([record]);
      expect(await store.matchingsOfMentors([newbie, mentor])).toEqual([record]);
      expect(await store.matchingsOfNewbies([mentor])).toEqual([]);
      expect(await store.matchingsOfMentors([])).toEqual([]);
    });

    test('stores every status and every event in transitions, in the order of versions', async () => {
      const { store } = under();
      const record = matchingRecord();
      await insertMatchings(store, record);
      const events = Object.values(EventType);
      const moves = statuses.map((to, index) => transitionRecord(record.id, {
        from: statuses[index - 1] ?? null,
        to,
        event: events[index] ?? 'MATCHED',
        actor: `task:${'a'.repeat(60)}`,
        version: index + 1,
        epoch: index,
        reason: index === 0 ? null : 'the operator’s words',
      }));
      await store.transact(async (tx) => {
        for (const move of moves.toReversed()) await tx.insertTransition(move);
      });
      expect(await store.transitions(record.id)).toEqual(moves);
      expect(await store.transitions(aMatchingId())).toEqual([]);
    });

    test('keeps a transition id that is no UUID as it is', async () => {
      const { store } = under();
      const record = matchingRecord();
      const ids = ['ENROLLED:1', 'ABCDEF00-0000-4000-8000-000000000000'];
      const moves = ids.map((id, index) => transitionRecord(record.id, { id, version: index + 1 }));
      await insertMatchings(store, record);
      await store.transact(async (tx) => {
        for (const move of moves) await tx.insertTransition(move);
      });
      expect((await store.transitions(record.id)).map(({ id }) => id)).toEqual(ids);
    });

    test('replaces a matching that still has the expected version', async () => {
      const { store } = under();
      const record = matchingRecord();
      await insertMatchings(store, record);
      const next = matchedRecord({ id: record.id, newbie: record.newbie, version: 2, mentorLastReadAt: 7 });
      await store.transact((tx) => tx.updateMatching(next, record));
      expect(await store.matchings([record.id])).toEqual([next]);
    });

    test('runs a transaction again when the version has moved on, and commits what the rerun found', async () => {
      const { store } = under();
      const record = matchingRecord();
      await insertMatchings(store, record);
      let runs = 0;
      await store.transact(async (tx) => {
        runs += 1;
        const version = runs === 1 ? 99 : 1;
        await tx.enqueue(newTask({ id: `task:run-${runs}` }));
        await tx.updateMatching({ ...record, status: Status.requested, version: 2 }, { ...record, version });
      });
      expect(runs).toBe(2);
      expect(await store.matchings([record.id])).toMatchObject([{ status: 'requested', version: 2 }]);
      expect(await under().tasks.find('task:run-1')).toBeNull();
      expect(await under().tasks.find('task:run-2')).not.toBeNull();
    });

    test('gives up with store_conflict after five reruns', async () => {
      const { store } = under();
      let runs = 0;
      const hopeless = store.transact(async (tx) => {
        runs += 1;
        await tx.updateMatching(matchingRecord({ version: 2 }), matchingRecord({ version: 1 }));
      });
      await expect(hopeless).rejects.toMatchObject({ code: 'store_conflict', retryable: true });
      expect(runs).toBe(6);
    });

    test('loses none of many increments made at once', async () => {
      const { store } = under();
      const record = matchingRecord();
      await insertMatchings(store, record);
      const increments = Array.from({ length: 50 }, () => store.transact(async (tx) => {
        const [stored] = await tx.matchings([record.id]);
        if (stored === undefined) throw new TypeError('the matching is gone');
        await tx.updateMatching({ ...stored, version: stored.version + 1 }, stored);
      }));
      await Promise.all(increments);
      expect(await store.matchings([record.id])).toMatchObject([{ version: 51 }]);
    });

    test('takes nothing of a transaction that throws, and lets its error through', async () => {
      const { store } = under();
      const record = matchingRecord();
      const failure = new RangeError('ours');
      const failing = store.transact(async (tx) => {
        await tx.insertMatching(record);
        await tx.claimPerson(aPerson('p'), record.id);
        await tx.enqueue(newTask({ id: 'task:never' }));
        throw failure;
      });
      await expect(failing).rejects.toBe(failure);
      expect(await store.matchings([record.id])).toEqual([]);
      expect(await store.matchingOfPerson(aPerson('p'))).toBeNull();
      expect(await under().tasks.find('task:never')).toBeNull();
    });

    test('reads its own writes inside the transaction', async () => {
      const { store } = under();
      const record = matchingRecord();
      const seen = await store.transact(async (tx) => {
        await tx.insertMatching(record);
        await tx.insertTransition(transitionRecord(record.id));
        await tx.mergeResults(record.id, record.newbie, figures({ sh_7d: '1' }));
        await tx.putJobState('s', 'v');
        return Promise.all([
          tx.matchings([record.id]),
          tx.matchingsOfNewbies([record.newbie]),
          tx.transitions(record.id),
          tx.results([record.id]),
          tx.jobState('s'),
        ]);
      });
      expect(seen).toMatchObject([[record], [record], [{ to: 'created' }], [{ figures: { sh_7d: '1' } }], 'v']);
    });

    test('refuses a transaction that was kept beyond its callback', async () => {
      const { store } = under();
      const kept = await store.transact(async (tx) => [tx]);
      await expect(kept[0]?.putJobState('late', 'x')).rejects.toThrow('after its end');
      await expect(kept[0]?.now()).rejects.toThrow();
      expect(await store.jobState('late')).toBeNull();
    });

    test('does not begin a transaction whose signal is aborted', async () => {
      const { store } = under();
      let ran = false;
      const cancelled = store.transact(async () => {
        ran = true;
      }, AbortSignal.abort());
      await expect(cancelled).rejects.toMatchObject({ code: 'cancelled' });
      expect(ran).toBe(false);
    });

    test('gives a person to one of many matchings that want him at once', async () => {
      const { store } = under();
      const person = aPerson('udid-1');
      const records = Array.from({ length: 10 }, () => matchingRecord());
      const winners = await Promise.all(records.map((record) => store.transact(async (tx) => {
        const present = await tx.matchingOfPerson(person);
        if (present !== null) return present;
        await tx.insertMatching(record);
        await tx.claimPerson(person, record.id);
        return record.id;
      })));
      expect(new Set(winners).size).toBe(1);
      expect(await store.matchingOfPerson(person)).toBe(winners[0]);
      expect(await store.matchings(records.map(({ id }) => id))).toHaveLength(1);
    });

    test('lets the same matching claim its person again, and no other', async () => {
      const { store } = under();
      const [person, id] = [aPerson('p'.repeat(129)), aMatchingId()];
      await store.transact((tx) => tx.claimPerson(person, id));
      await store.transact((tx) => tx.claimPerson(person, id));
      await expect(store.transact((tx) => tx.claimPerson(person, aMatchingId()))).rejects.toMatchObject({ code: 'store_conflict' });
      expect(await store.matchingOfPerson(person)).toBe(id);
      expect(await store.matchingOfPerson(aPerson('nobody'))).toBeNull();
    });

    test('remembers the matching of an idempotency key', async () => {
      const { store } = under();
      const [key, id] = [`Ключ ${'k'.repeat(250)}`, aMatchingId()];
      await store.transact((tx) => tx.rememberIdempotencyKey(key, id));
      await store.transact((tx) => tx.rememberIdempotencyKey(key, id));
      expect(await store.matchingOfIdempotencyKey(key)).toBe(id);
      expect(await store.transact((tx) => tx.matchingOfIdempotencyKey('other'))).toBeNull();
    });

    test('refuses a second matching with the id of a first', async () => {
      const { store } = under();
      const record = matchingRecord();
      await insertMatchings(store, record);
      await expect(insertMatchings(store, record)).rejects.toMatchObject({ code: 'store_conflict' });
    });

    test('refuses a status that is none', async () => {
      const { store } = under();
      await expect(insertMatchings(store, matchingRecord({ status: 'lost' as Status }))).rejects.toMatchObject({ code: 'internal' });
    });

    test('tells programme time by the database’s clock, in and out of a transaction', async () => {
      const { store, passTime } = under();
      expect(await store.now()).toBe(suiteStartMs);
      passTime(86_400_000);
      expect(await store.now()).toBe(suiteStartMs + 86_400_000);
      expect(await store.transact((tx) => tx.now())).toBe(suiteStartMs + 86_400_000);
    });

    test('has nothing left to migrate once it is open', async () => {
      const { store } = under();
      expect(await store.migrate()).toEqual([]);
      await expect(store.ping()).resolves.toBeUndefined();
    });

    test('is unavailable once it is closed, and may be closed again', async () => {
      const { store, tasks, leases } = under();
      await store.close();
      await store.close();
      const unavailable = { code: 'store_unavailable' };
      await expect(store.transact((tx) => tx.putJobState('a', 'b'))).rejects.toMatchObject(unavailable);
      await expect(store.now()).rejects.toMatchObject(unavailable);
      await expect(store.ping()).rejects.toMatchObject(unavailable);
      await expect(tasks.stats()).rejects.toMatchObject(unavailable);
      await expect(leases.acquire('job', 'a', 1)).rejects.toMatchObject(unavailable);
    });
  });
  storeDialogsSuite(name, open);
  storeJournalSuite(name, open);
}
