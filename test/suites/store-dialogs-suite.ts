// What participants and operators are shown of the matchings: contacts, dialogs, lists, the funnel.
import { describe, expect, test } from 'vitest';
import { Status, statuses, visibleStatuses } from '../../machines/status.ts';
import type { MatchingFilter } from '../../runtime/store.ts';
import { aMatchingId, aProfile, figures, matchedRecord, matchingRecord, suiteStartMs, transitionRecord } from './records.ts';
import { allPages, insertMatchings, type OpenStore, storeOfEachTest } from './store-under-test.ts';

const hideAfterMs = 21 * 86_400_000;

export function storeDialogsSuite(name: string, open: OpenStore): void {
  describe(`${name}: dialogs and lists`, () => {
    const under = storeOfEachTest(open);

    test('shows a contact to both sides, in the four visible statuses only', async () => {
      const { store } = under();
      const [newbie, mentor] = [aProfile(), aProfile()];
      const records = statuses.map((status) => matchedRecord({ status, newbie, mentor }));
      await insertMatchings(store, ...records);
      for (const profile of [newbie, mentor]) {
        const { dialogs } = await store.contacts({ profiles: [profile], hideAfterMs });
        expect(dialogs.map(({ matching }) => matching.status).sort()).toEqual([...visibleStatuses].sort());
      }
      expect(await store.contacts({ profiles: [aProfile()], hideAfterMs })).toEqual({ dialogs: [], participation: null });
    });

    test('gathers the contacts of all profiles of the caller, newest match first, each once', async () => {
      const { store } = under();
      const [one, two] = [aProfile(), aProfile()];
      const older = matchedRecord({ newbie: one, matchedAt: suiteStartMs });
      const newer = matchedRecord({ mentor: two, matchedAt: suiteStartMs + 1 });
      const withHimself = matchedRecord({ newbie: one, mentor: two, matchedAt: suiteStartMs + 2 });
      await insertMatchings(store, older, withHimself, newer, matchedRecord());
      const { dialogs } = await store.contacts({ profiles: [one, two, one], hideAfterMs });
      expect(dialogs.map(({ matching }) => matching)).toEqual([withHimself, newer, older]);
    });

    test('hides a completed contact and the participation once their time is over', async () => {
      const { store, passTime } = under();
      const record = matchedRecord({ status: Status.succeed, completedAt: suiteStartMs });
      await insertMatchings(store, record);
      passTime(hideAfterMs - 1);
      const query = { profiles: [record.newbie], hideAfterMs };
      expect(await store.contacts(query)).toMatchObject({ dialogs: [{ matching: record }], participation: record });
      passTime(1);
      expect(await store.contacts(query)).toEqual({ dialogs: [], participation: null });
    });

    test('gives the latest matching as a newbie as the participation, in any status, and never one as a mentor', async () => {
      const { store } = under();
      const newbie = aProfile();
      const older = matchingRecord({ newbie, status: Status.failed, completedAt: suiteStartMs });
      const latest = matchingRecord({ newbie, createdAt: suiteStartMs + 1 });
      const asMentor = matchedRecord({ mentor: newbie, createdAt: suiteStartMs + 2 });
      await insertMatchings(store, latest, older, asMentor);
      expect((await store.contacts({ profiles: [newbie], hideAfterMs })).participation).toEqual(latest);
    });

    test('shows the moves of the present epoch and the creation, none of an earlier mentor', async () => {
      const { store } = under();
      const record = matchedRecord({ epoch: 2, version: 6 });
      const moves = [
        transitionRecord(record.id, { from: null, to: 'created', epoch: 0, version: 1 }),
        transitionRecord(record.id, { from: 'created', to: 'requested', event: 'APPLICATION_WRITTEN', epoch: 0, version: 2 }),
        transitionRecord(record.id, { from: 'requested', to: 'matched', event: 'MATCHED', epoch: 1, version: 3 }),
        transitionRecord(record.id, { from: 'matched', to: 'initialized', event: 'MATCH_ANNOUNCED', epoch: 1, version: 4 }),
        transitionRecord(record.id, { from: 'initialized', to: 'matched', event: 'MATCHED', epoch: 2, version: 5 }),
        transitionRecord(record.id, { from: 'matched', to: 'initialized', event: 'MATCH_ANNOUNCED', epoch: 2, version: 6 }),
      ];
      await store.transact(async (tx) => {
        await tx.insertMatching(record);
        for (const move of moves) await tx.insertTransition(move);
        await tx.mergeResults(record.id, record.newbie, figures({ sh_7d: '12' }));
      });
      const shown = { matching: record, transitions: [moves[0], moves[4], moves[5]], results: { figures: { sh_7d: '12' } } };
      expect(await store.dialog(record.id)).toMatchObject(shown);
      expect((await store.contacts({ profiles: [record.newbie], hideAfterMs })).dialogs).toMatchObject([shown]);
      expect((await store.dialog(record.id))?.transitions).toHaveLength(3);
    });

    test('shows each change at once, however often it was asked before, also two within one moment', async () => {
      const { store, passTime } = under();
      const record = matchedRecord();
      await insertMatchings(store, record);
      const seen = async (): Promise<string> => {
        const [inList, alone] = [(await store.contacts({ profiles: [record.newbie], hideAfterMs })).dialogs[0], await store.dialog(record.id)];
        expect(inList).toEqual(alone);
        return `${alone?.transitions.length} ${alone?.results?.figures.sh_7d ?? 'none'}`;
      };
      const put = (hours: string): Promise<boolean> => store.transact((tx) => tx.mergeResults(record.id, record.newbie, figures({ sh_7d: hours })));
      expect([await seen(), await seen()]).toEqual(['0 none', '0 none']);
      passTime(5_000);
      expect([await seen(), await put('1'), await seen(), await put('2'), await seen()]).toEqual(['0 none', true, '0 1', true, '0 2']);
      passTime(5_000);
      expect([await seen(), await put('3'), await seen(), await put('4'), await seen()]).toEqual(['0 2', true, '0 3', true, '0 4']);
      passTime(5_000);
      expect(await seen()).toBe('0 4');
      await store.transact(async (tx) => {
        const [stored] = await tx.matchings([record.id]);
        if (stored === undefined) throw new TypeError('the matching is gone');
        await tx.updateMatching({ ...stored, version: stored.version + 1 }, stored);
        await tx.insertTransition(transitionRecord(record.id, { version: stored.version + 1, epoch: stored.epoch }));
      });
      expect([await seen(), await seen()]).toEqual(['1 4', '1 4']);
    });

    test('knows no dialog of an unknown matching, and no figures where none came', async () => {
      const { store } = under();
      const record = matchedRecord();
      await insertMatchings(store, record);
      expect(await store.dialog(aMatchingId())).toBeNull();
      expect(await store.dialog(record.id)).toEqual({ matching: record, transitions: [], results: null });
    });

    test('pages through matchings matched before a moment, oldest first, ties included', async () => {
      const { store } = under();
      const at = (matchedAt: number) => matchedRecord({ matchedAt });
      const due = [at(1), at(2), at(2), at(2), at(3)];
      const others = [at(4), matchedRecord({ matchedAt: 1, status: Status.finished }), matchingRecord({ status: Status.initialized })];
      await insertMatchings(store, ...others, ...due);
      const pages = await allPages(2, (page) => store.matchedBefore(Status.initialized, 4, page));
      expect(pages.map((page) => page.length)).toEqual([2, 2, 1]);
      expect(pages.flat()).toEqual(due);
    });

    test('misses no matching when others leave the list between two pages', async () => {
      const { store } = under();
      const due = Array.from({ length: 6 }, (_, index) => matchedRecord({ matchedAt: index }));
      await insertMatchings(store, ...due);
      const firstPage = await store.matchedBefore(Status.initialized, 100, { limit: 3, cursor: null });
      for (const record of firstPage.items) {
        const moved = { ...record, status: Status.in_progress, version: record.version + 1 };
        await store.transact((tx) => tx.updateMatching(moved, record));
      }
      const rest = await store.matchedBefore(Status.initialized, 100, { limit: 3, cursor: firstPage.nextCursor });
      expect(rest).toEqual({ items: due.slice(3), nextCursor: null });
    });

    test('lists matchings of all statuses, latest change first', async () => {
      const { store } = under();
      const records = statuses.flatMap((status, index) => [
        matchedRecord({ status, statusSince: suiteStartMs + index }),
        matchedRecord({ status, statusSince: suiteStartMs - index }),
      ]);
      await insertMatchings(store, ...records);
      const pages = await allPages(3, (page) => store.listMatchings({}, page));
      const since = pages.flat().map(({ statusSince }) => statusSince);
      expect(since).toEqual([...since].sort((a, b) => b - a));
      expect(new Set(pages.flat().map(({ id }) => id)).size).toBe(records.length);
    });

    test('answers who is longest in a status, from any place on', async () => {
      const { store } = under();
      const since = [5, 1, 3, 3, 2, 4].map((offset) => matchingRecord({ statusSince: suiteStartMs + offset }));
      await insertMatchings(store, ...since, matchedRecord({ statusSince: suiteStartMs }));
      const longest = async (skip: number, limit: number) =>
        (await store.longestInStatus(Status.created, { skip, limit })).map(({ statusSince }) => statusSince - suiteStartMs);
      expect(await longest(0, 100)).toEqual([1, 2, 3, 3, 4, 5]);
      expect(await longest(2, 3)).toEqual([3, 3, 4]);
      expect(await longest(6, 1)).toEqual([]);
      expect(await store.longestInStatus(Status.failed, { skip: 0, limit: 1 })).toEqual([]);
    });

    test('finds the middle of a crowd, or near it', async () => {
      const { store } = under();
      const crowd = Array.from({ length: 1_600 }, (_, offset) => matchingRecord({ statusSince: suiteStartMs + offset }));
      await insertMatchings(store, ...crowd);
      const [middle] = await store.longestInStatus(Status.created, { skip: 800, limit: 1 });
      const place = (middle?.statusSince ?? 0) - suiteStartMs;
      expect(place).toBeGreaterThan(640);
      expect(place).toBeLessThan(960);
    });

    test('lists by statuses, by profiles of either side or of one and by time in the status, alone and together', async () => {
      const { store } = under();
      const profile = aProfile();
      const asNewbie = matchedRecord({ newbie: profile, statusSince: 10 });
      const asMentor = matchedRecord({ mentor: profile, statusSince: 20, status: Status.finished });
      const stranger = matchedRecord({ statusSince: 30 });
      await insertMatchings(store, asNewbie, asMentor, stranger);
      const listed = async (filter: MatchingFilter) => (await allPages(1, (page) => store.listMatchings(filter, page))).flat();
      expect(await listed({ statuses: [Status.initialized] })).toEqual([stranger, asNewbie]);
      expect(await listed({ statuses: [Status.finished, Status.initialized] })).toEqual([stranger, asMentor, asNewbie]);
      expect(await listed({ profiles: [profile] })).toEqual([asMentor, asNewbie]);
      expect(await listed({ profiles: [aProfile(), profile, stranger.newbie] })).toEqual([stranger, asMentor, asNewbie]);
      expect(await listed({ profiles: [] })).toEqual([]);
      expect(await listed({ profiles: [profile], role: 'newbie' })).toEqual([asNewbie]);
      expect(await listed({ profiles: [profile], role: 'mentor' })).toEqual([asMentor]);
      expect(await listed({ inStatusSinceBefore: 30 })).toEqual([asMentor, asNewbie]);
      expect(await listed({ inStatusSinceBefore: 20, profiles: [profile] })).toEqual([asNewbie]);
      expect(await listed({ statuses: [Status.finished], profiles: [profile], inStatusSinceBefore: 21 })).toEqual([asMentor]);
      expect(await listed({ statuses: [Status.created] })).toEqual([]);
    });

    test('finds the profiles of a driver id that takes part on either side, each once', async () => {
      const { store } = under();
      const [one, other] = [aProfile(), aProfile()];
      const elsewhere = aProfile(one.driverId, 'park-9');
      await insertMatchings(store, matchedRecord({ newbie: one }), matchedRecord({ mentor: one }), matchedRecord({ mentor: elsewhere }), matchedRecord({ newbie: other }));
      const found = await store.profilesOfDriver(one.driverId);
      expect(found).toHaveLength(2);
      expect(found).toEqual(expect.arrayContaining([one, elsewhere]));
      expect(await store.profilesOfDriver(aProfile().driverId)).toEqual([]);
    });

    test('counts how many ever reached a status once each, and who is in it since when', async () => {
      const { store } = under();
      const record = matchingRecord({ statusSince: 5 });
      const rematched = [Status.created, Status.matched, Status.initialized, Status.matched, Status.initialized];
      await store.transact(async (tx) => {
        await tx.insertMatching(record);
        await tx.insertMatching(matchingRecord({ statusSince: 7 }));
        for (const [index, to] of rematched.entries()) {
          await tx.insertTransition(transitionRecord(record.id, { to, version: index + 1 }));
        }
      });
      expect(await store.funnel()).toMatchObject({
        created: { reached: 1, present: 2, oldestSince: 5 },
        matched: { reached: 1, present: 0, oldestSince: null },
        initialized: { reached: 1, present: 0, oldestSince: null },
        succeed: { reached: 0, present: 0, oldestSince: null },
      });
      await store.transact((tx) => tx.updateMatching({ ...record, status: Status.initialized, statusSince: 9, version: 2 }, record));
      expect(await store.funnel()).toMatchObject({ created: { present: 1, oldestSince: 7 }, initialized: { present: 1, oldestSince: 9 } });
      expect(Object.keys(await store.funnel()).sort()).toEqual([...statuses].sort());
    });

    test.each(['', '!', 'bm90IGpzb24', Buffer.from('{"a":1}').toString('base64url'), Buffer.from('["x","y","z"]').toString('base64url')])(
      'refuses the cursor %j that it has not made',
      async (cursor) => {
        const { store, tasks } = under();
        const page = { limit: 1, cursor };
        const refusal = { code: 'bad_cursor', status: 400, message: expect.stringContaining('cursor') };
        await expect(store.listMatchings({}, page)).rejects.toMatchObject(refusal);
        await expect(store.matchedBefore(Status.created, 1, page)).rejects.toMatchObject(refusal);
        await expect(store.pendingPromocodes(page)).rejects.toMatchObject(refusal);
        await expect(store.jobRuns({}, page)).rejects.toMatchObject(refusal);
        await expect(store.rejects({}, page)).rejects.toMatchObject(refusal);
        await expect(tasks.list({}, page)).rejects.toMatchObject(refusal);
      },
    );
  });
}
