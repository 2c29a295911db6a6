// What a transaction reads from memory is what the file would have said, whoever wrote it and whether or not it was committed.
import { DatabaseSync } from 'node:sqlite';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { realTime } from '../../../runtime/clock.ts';
import type { StoreTx } from '../../../runtime/store.ts';
import { openConnections } from '../../../runtime/store/sqlite/database.ts';
import { MatchingMemory } from '../../../runtime/store/sqlite/matching-memory.ts';
import { updateMatching } from '../../../runtime/store/sqlite/matchings.ts';
import { Session } from '../../../runtime/store/sqlite/session.ts';
import { statements } from '../../../runtime/store/sqlite/statements.ts';
import { aProfile, figures, matchedRecord, suiteStartMs } from '../../suites/records.ts';
import { insertMatchings } from '../../suites/store-under-test.ts';
import { beforeEachTwoStores, change, inTransaction, nowMs, type TwoStores, versionsShownTo } from './two-stores.ts';

let { place, ours, theirs } = {} as TwoStores;
beforeEachTwoStores((stores) => void ({ place, ours, theirs } = stores));

test('a transaction reads what was committed before it and what its group has written, whoever wrote it', async () => {
  const record = matchedRecord();
  const { id } = record;
  await insertMatchings(ours.store, record);
  const seen: (number | undefined)[] = [];
  const look = async (tx: StoreTx): Promise<void> => void seen.push((await tx.matchings([id]))[0]?.version);
  const move = (version: number) => async (tx: StoreTx): Promise<void> => {
    await tx.updateMatching({ ...record, version }, { ...record, version: version - 1 });
    await look(tx);
  };
  await ours.store.transact(look);
  await Promise.all([ours.store.transact(move(5)), ours.store.transact(look)]);
  await theirs.store.transact(move(6));
  await ours.store.transact(look);
  const failing = ours.store.transact(async (tx) => {
    await move(7)(tx);
    throw new TypeError('changed its mind');
  });
  await Promise.all([expect(failing).rejects.toThrow('changed its mind'), ours.store.transact(look)]);
  await ours.store.transact(look);
  // The one that fails is run a second time, apart from the one that it shared a group with.
  expect(seen).toEqual([4, 5, 5, 6, 6, 7, 7, 6, 6]);
});

test('figures make a row of a later moment, in their own transaction too', async () => {
  const record = matchedRecord();
  await insertMatchings(ours.store, record);
  const seen = await ours.store.transact(async (tx) => {
    await tx.matchings([record.id]);
    await tx.mergeResults(record.id, record.newbie, figures({ sh_7d: '40' }));
    return tx.matchings([record.id]);
  });
  expect(seen).toEqual([{ ...record, updatedAt: nowMs }]);
});

test('what is read beside a transaction is of no snapshot from before a commit that the transaction has seen', async () => {
  const record = matchedRecord();
  await insertMatchings(ours.store, record);
  const other = new DatabaseSync(place.file);
  const shown: number[][] = [];
  // So that the next group of transactions begins after what is asked for the turn before it.
  await turn();
  await turn();
  const before = new Promise<void>((resolve) => {
    setImmediate(() => {
      void versionsShownTo(ours, aProfile());
      other.exec('UPDATE matchings SET version = 5');
      resolve();
    });
  });
  await ours.store.transact(async () => void shown.push(await versionsShownTo(ours, record.newbie)));
  shown.push(await versionsShownTo(ours, record.newbie));
  await before;
  expect(shown).toEqual([[5], [5]]);
  other.close();
});

test('what was written is remembered as it would be read', async () => {
  const record = matchedRecord();
  await insertMatchings(ours.store, record);
  await change(ours, record.id, { mentorUdid: null, completedAt: suiteStartMs, newbieLastReadAt: suiteStartMs + 1, mentorPromocode: 'МЕНТОР-1' });
  expect(await inTransaction(ours, [record.id])).toStrictEqual(await theirs.store.matchings([record.id]));
});

test('the file is asked for no matching that was written or shown a moment before', async () => {
  const record = matchedRecord();
  await insertMatchings(ours.store, record);
  const { writer, reader } = openConnections(place.file, new Set(Object.values(statements)));
  const memory = new MatchingMemory(() => writer.dataVersion());
  const session = new Session(writer, { timescale: realTime, databaseNowMs: () => 0 }, memory);
  const all = vi.spyOn(session, 'all');
  const versions = (): (number | undefined)[] => [memory.matchings(session, [record.id, record.id]), memory.matchingsOf(session, record.newbie).asNewbie].map((found) => found[0]?.version);
  const move = (version: number): void => {
    updateMatching(session, { ...record, version }, { ...record, version: version - 1 });
    memory.settle(true);
  };
  memory.isTrueOfTransaction();
  expect(versions()).toEqual([4, 4]);
  const statementsSoFar = all.mock.calls.length;
  move(5);
  expect([memory.isTrueOfTransaction(), versions(), all.mock.calls.length - statementsSoFar]).toEqual([true, [5, 5], 0]);
  move(6);
  expect([versions(), all.mock.calls.length - statementsSoFar]).toEqual([[6, 6], 0]);
  memory.changedMatching(record.id, { ...record, version: 7 });
  memory.settle(false);
  expect([versions(), all.mock.calls.length - statementsSoFar]).toEqual([[6, 6], 2]);
  reader.close();
  writer.close();
});
