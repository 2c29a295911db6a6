import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Profile, sameProfile } from '../../../machines/ids.ts';
import { visibleStatuses } from '../../../machines/status.ts';
import type { Contact, ContactList } from '../../../runtime/mentorship/participant.ts';
import { contacts, type ContactsRequest, messages } from '../../../runtime/mentorship/view.ts';
import type { DialogRecord } from '../../../runtime/store.ts';
import type { Person } from '../../../runtime/upstream.ts';
import { anyDialog, dayMs, profile, start } from '../../suites/dialogs.ts';
import { type DriverScene, openDriverScene } from '../../suites/driver-scene.ts';

const now = start + 10 * dayMs;
const pool = [1, 2, 3, 4, 5, 6].map((number) => profile(`park-${number % 2}`, `driver-${number}`));
const people: Person[] = [
  { udid: null, profiles: pool.slice(0, 2) },
  { udid: null, profiles: pool.slice(2, 4) },
  { udid: null, profiles: pool.slice(4, 5) },
];
const anyCaller = fc.constantFrom(...pool);
const anyDialogs = fc.tuple(...Array.from({ length: 8 }, (_, index) => anyDialog(pool, index)));

function list(scene: DriverScene, caller: Profile, changes: Partial<ContactsRequest> = {}): Promise<ContactList> {
  return contacts(scene.deps, { caller, role: null, limit: 50, cursor: null, locale: 'ru', ...changes });
}

/** Each run has a database of its own, on disk. */
const runs = { numRuns: 50 };

async function over<Result>(dialogs: readonly DialogRecord[], check: (scene: DriverScene) => Promise<Result>): Promise<Result> {
  const scene = await openDriverScene({ dialogs, now, people });
  try {
    return await check(scene);
  } finally {
    await scene.close();
  }
}

function owns(caller: Profile, side: Profile | null): boolean {
  const profiles = people.find((person) => person.profiles.some((one) => sameProfile(one, caller)))?.profiles ?? [caller];
  return side !== null && profiles.some((one) => sameProfile(one, side));
}

function mayShow(caller: Profile, { matching }: DialogRecord): boolean {
  return visibleStatuses.includes(matching.status) && (owns(caller, matching.newbie) || owns(caller, matching.mentor));
}

test('nobody but the two participants sees a dialog', async () => {
  const property = fc.asyncProperty(anyDialogs, anyCaller, (dialogs, caller) =>
    over(dialogs, async (scene) => {
      const allowed = dialogs.filter((dialog) => mayShow(caller, dialog)).map(({ matching }) => matching.id);
      const shown = await list(scene, caller);
      expect(shown.contacts.map((contact) => contact.matchingId).sort()).toEqual(allowed.sort());
      for (const { matching } of dialogs) {
        const opened = await messages(scene.deps, { caller, matchingId: matching.id, locale: 'ru' });
        expect(opened !== null).toBe(allowed.includes(matching.id));
      }
    }),
  );
  await fc.assert(property, runs);
});

test('pages of any size give every contact once, in order, and the same counter', async () => {
  const property = fc.asyncProperty(anyDialogs, anyCaller, fc.integer({ min: 1, max: 5 }), (dialogs, caller, limit) =>
    over(dialogs, async (scene) => {
      const whole = await list(scene, caller);
      const gathered: Contact[] = [];
      let page = await list(scene, caller, { limit });
      for (;;) {
        gathered.push(...page.contacts);
        expect(page.unreadTotal).toBe(whole.unreadTotal);
        if (page.nextCursor === null) break;
        expect(page.contacts).toHaveLength(limit);
        page = await list(scene, caller, { limit, cursor: page.nextCursor });
      }
      expect(gathered).toEqual(whole.contacts);
    }),
  );
  await fc.assert(property, runs);
});

test('the counters equal the unread messages', async () => {
  const property = fc.asyncProperty(anyDialogs, anyCaller, async (dialogs, caller) => {
    const shown = await over(dialogs, (scene) => list(scene, caller));
    const unread = shown.contacts.map((contact) => contact.messages.filter(({ read }) => !read).length);
    expect(shown.contacts.map((contact) => contact.unread)).toEqual(unread);
    expect(shown.unreadTotal).toBe(unread.reduce((total, count) => total + count, 0));
  });
  await fc.assert(property, runs);
});

test('a newbie sees the same whatever the promocode and the figures are', async () => {
  const property = fc.asyncProperty(anyDialogs, anyCaller, async (dialogs, caller) => {
    const bare = dialogs.map((dialog) => ({ ...dialog, matching: { ...dialog.matching, mentorPromocode: null }, results: null }));
    const mentorsOf = (scene: DriverScene): Promise<ContactList> => list(scene, caller, { role: 'mentor' });
    expect((await over(dialogs, mentorsOf)).contacts).toEqual((await over(bare, mentorsOf)).contacts);
  });
  await fc.assert(property, runs);
});
