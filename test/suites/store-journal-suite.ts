// Figures, announcements, early promocodes and what jobs write down about themselves.
import { describe, expect, test } from 'vitest';
import type { ProfileKey } from '../../machines/ids.ts';
import {
  aMatchingId, announcementRecord, figures, jobRunRecord, matchedRecord, newTask, noFigures, operatorActionRecord, rejectRecord, suiteStartMs,
} from './records.ts';
import { allPages, insertMatchings, type OpenStore, storeOfEachTest } from './store-under-test.ts';

export function storeJournalSuite(name: string, open: OpenStore): void {
  describe(`${name}: figures and journal`, () => {
    const under = storeOfEachTest(open);

    test('merges figures: a null never erases a stored one, and only a change counts', async () => {
      const { store, passTime } = under();
      const { id, newbie, ...rest } = matchedRecord();
      await insertMatchings(store, { id, newbie, ...rest });
      const merge = (values: Parameters<typeof figures>[0]) => store.transact((tx) => tx.mergeResults(id, newbie, figures(values)));
      expect(await merge({ rate_avg_7d: '4.870', sh_7d: '' })).toBe(true);
      passTime(1_000);
      expect(await merge({ rate_avg_7d: '4.870' })).toBe(false);
      expect(await store.results([id])).toMatchObject([{ updatedAt: suiteStartMs }]);
      expect(await merge({ rate_avg_7d: '4.9', passed_test_flg: '1' })).toBe(true);
      const merged = figures({ rate_avg_7d: '4.9', sh_7d: '', passed_test_flg: '1' });
      const stored = { matchingId: id, newbie, figures: merged, updatedAt: suiteStartMs + 1_000 };
      expect(await store.results([id, id, aMatchingId()])).toEqual([stored]);
    });

    test('makes no row of figures that say nothing', async () => {
      const { store } = under();
      const record = matchedRecord();
      await insertMatchings(store, record);
      expect(await store.transact((tx) => tx.mergeResults(record.id, record.newbie, noFigures))).toBe(false);
      expect(await store.results([record.id])).toEqual([]);
    });

    test('starts a new match without the figures of the retired one', async () => {
      const { store } = under();
      const record = matchedRecord();
      await insertMatchings(store, record);
      await store.transact((tx) => tx.mergeResults(record.id, record.newbie, figures({ rate_avg_7d: '5', sh_14d: '40' })));
      await store.transact((tx) => tx.retireResults(record.id, 1));
      expect(await store.results([record.id])).toEqual([]);
      await store.transact((tx) => tx.mergeResults(record.id, record.newbie, figures({ sh_7d: '1' })));
      await store.transact((tx) => tx.retireResults(record.id, 2));
      await store.transact((tx) => tx.retireResults(record.id, 3));
      expect(await store.results([record.id])).toEqual([]);
    });

    test('remembers who accepted which announcement, the first time', async () => {
      const { store } = under();
      const { id, ...rest } = matchedRecord();
      await insertMatchings(store, { id, ...rest });
      const newbie = announcementRecord(id);
      const mentor = announcementRecord(id, { recipient: 'mentor', eventId: 'no part of the matching', acceptedAt: suiteStartMs + 1 });
      const later = announcementRecord(id, { epoch: 2, recipient: 'mentor', event: 'PROMOCODE_ANNOUNCED', eventId: `=~${id}` });
      await store.transact(async (tx) => {
        for (const record of [later, newbie, mentor]) await tx.recordAnnouncement(record);
      });
      await store.transact((tx) => tx.recordAnnouncement({ ...newbie, eventId: 'replay', acceptedAt: suiteStartMs + 9 }));
      expect(await store.announcements(id)).toEqual([newbie, mentor, later]);
      expect(await store.transact((tx) => tx.announcements(aMatchingId()))).toEqual([]);
    });

    test('keeps early promocodes until they are taken, oldest first', async () => {
      const { store } = under();
      const entity = 'park_driver' as ProfileKey;
      const pending = ['b', 'a', 'c'].map((promocode, index) => ({ entity, promocode, firstSeenAt: suiteStartMs + index }));
      const twin = { entity: 'a_a' as ProfileKey, promocode: 'b', firstSeenAt: suiteStartMs };
      await store.transact(async (tx) => {
        for (const record of [...pending, twin]) await tx.putPendingPromocode(record);
      });
      await store.transact((tx) => tx.putPendingPromocode({ ...twin, firstSeenAt: 0 }));
      expect(await allPages(3, (page) => store.pendingPromocodes(page))).toEqual([[twin, pending[0], pending[1]], [pending[2]]]);
      await store.transact((tx) => tx.deletePendingPromocode(entity, 'a'));
      expect((await store.pendingPromocodes({ limit: 10, cursor: null })).items).toEqual([twin, pending[0], pending[2]]);
    });

    test('adds nothing when the same row is rejected again, and lists by source', async () => {
      const { store } = under();
      const sources = ['results', 'distribution', 'results', 'distribution'];
      const rejects = [1, 2, 2, 3].map((firstSeenAt, index) => rejectRecord({ firstSeenAt, source: sources[index] ?? '' }));
      await store.transact((tx) => tx.insertRejects(rejects));
      await store.transact((tx) => tx.insertRejects(rejects.map((record) => ({ ...record, firstSeenAt: 99 }))));
      const newestFirst = rejects.toReversed();
      expect(await allPages(3, (page) => store.rejects({}, page))).toEqual([newestFirst.slice(0, 3), newestFirst.slice(3)]);
      expect(await allPages(1, (page) => store.rejects({ source: 'results' }, page))).toEqual([[rejects[2]], [rejects[0]]]);
      expect(await store.rejects({ source: 'promocodes' }, { limit: 5, cursor: null })).toEqual({ items: [], nextCursor: null });
    });

    test('follows a job’s run from its start to its end, newest run first', async () => {
      const { store } = under();
      const older = jobRunRecord();
      const newer = jobRunRecord({ startedAt: suiteStartMs + 1, job: 'archive', dryRun: true, error: 'yt_unavailable: no' });
      const ended = { ...older, finishedAt: suiteStartMs + 5, outcome: 'succeeded', counts: { applied: 3, 'bad date': 0 } };
      await store.transact((tx) => tx.putJobRun(older));
      await store.transact((tx) => tx.putJobRun(newer));
      await store.transact((tx) => tx.putJobRun(ended));
      expect(await allPages(1, (page) => store.jobRuns({}, page))).toEqual([[newer], [ended]]);
      expect((await store.jobRuns({ job: 'import-matchings' }, { limit: 1, cursor: null })).items).toEqual([ended]);
    });

    test('records what operators do, before and after it, newest first and by matching', async () => {
      const { store } = under();
      const matchingId = aMatchingId();
      const run = operatorActionRecord({ reason: 'asked by the CRM' });
      const retry = operatorActionRecord({ at: suiteStartMs + 1, action: 'retry_task', subject: 'task', matchingId, actor: 'olga@fleet' });
      const event = operatorActionRecord({ at: suiteStartMs + 2, action: 'send_event', subject: 'MATCHED', matchingId });
      for (const record of [retry, event, run]) await store.transact((tx) => tx.putOperatorAction(record));
      const retried = { ...retry, outcome: 'retried' };
      await store.transact((tx) => tx.putOperatorAction(retried));
      expect(await allPages(2, (page) => store.operatorActions({}, page))).toEqual([[event, retried], [run]]);
      expect(await allPages(1, (page) => store.operatorActions({ matchingId }, page))).toEqual([[event], [retried]]);
      expect(await store.operatorActions({ matchingId: aMatchingId() }, { limit: 5, cursor: null })).toEqual({ items: [], nextCursor: null });
    });

    test('remembers how far a job has come', async () => {
      const { store } = under();
      expect(await store.jobState('cursor')).toBeNull();
      await store.transact((tx) => tx.putJobState('cursor', '1'));
      await store.transact((tx) => tx.putJobState('cursor', '{"at":2}'));
      expect(await store.jobState('cursor')).toBe('{"at":2}');
    });

    test('shows the tasks of a matching, oldest first', async () => {
      const { store } = under();
      const matchingId = aMatchingId();
      await store.transact(async (tx) => {
        await tx.enqueue(newTask({ id: 'z', matchingId }));
        await tx.enqueue(newTask({ id: 'a', matchingId, queue: 'create_application' }));
        await tx.enqueue(newTask());
      });
      const shown = await store.tasksOfMatching(matchingId);
      expect(shown).toMatchObject([{ id: 'z', state: 'pending' }, { id: 'a', queue: 'create_application' }]);
    });
  });
}
