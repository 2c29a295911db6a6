// Stores on one file, as several processes have them, and what is asked of them to see what they remember.
import { rmSync } from 'node:fs';
import { beforeEach } from 'vitest';
import type { MatchingId, Profile } from '../../../machines/ids.ts';
import type { MatchingRecord } from '../../../machines/matching-record.ts';
import { realTime } from '../../../runtime/clock.ts';
import type { ContactsRecord } from '../../../runtime/store.ts';
import { openSqliteStore, type SqliteStore } from '../../../runtime/store/sqlite/store.ts';
import { suiteStartMs } from '../../suites/records.ts';
import { freshFile, type FreshFile } from './files.ts';

export const hideAfterMs = 21 * 86_400_000;
/** Of the database's clock in these stores. */
export const nowMs = suiteStartMs + 10_000;
export const syncFile = async (): Promise<void> => {};

export interface TwoStores {
  readonly place: FreshFile;
  /** The one that is asked, and another one on the same file. */
  readonly ours: SqliteStore;
  readonly theirs: SqliteStore;
}

/** Before each test of the file, for that test alone. */
export function beforeEachTwoStores(take: (stores: TwoStores) => void): void {
  beforeEach(async () => {
    const place = freshFile();
    const ours = openOn(place.file);
    await ours.store.migrate();
    const theirs = openOn(place.file);
    take({ place, ours, theirs });
    return async () => {
      await Promise.all([ours.store.close(), theirs.store.close()]);
      rmSync(place.directory, { recursive: true });
    };
  });
}

export function openOn(file: string): SqliteStore {
  return openSqliteStore({ file, timescale: realTime, databaseNowMs: () => nowMs, syncFile });
}

export function contactsOf({ store }: SqliteStore, ...profiles: readonly Profile[]): Promise<ContactsRecord> {
  return store.contacts({ profiles, hideAfterMs });
}

export async function versionsShownTo(opened: SqliteStore, profile: Profile): Promise<number[]> {
  return (await contactsOf(opened, profile)).dialogs.map(({ matching }) => matching.version);
}

/** Changes the matching as it is now; nothing where it is gone. */
export function change({ store }: SqliteStore, id: MatchingId, changes: Partial<MatchingRecord>): Promise<number> {
  return store.transact(async (tx) => {
    const [present] = await tx.matchings([id]);
    if (present === undefined) return 0;
    const next = { ...present, ...changes, version: present.version + 1 };
    await tx.updateMatching(next, present);
    return next.version;
  });
}

export function inTransaction({ store }: SqliteStore, ids: readonly MatchingId[]): Promise<MatchingRecord[]> {
  return store.transact((tx) => tx.matchings(ids));
}
