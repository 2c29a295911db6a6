import * as fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import type { Profile } from '../../../machines/ids.ts';
import type { MatchingRecord } from '../../../machines/matching-record.ts';
import { Status } from '../../../machines/status.ts';
import { markRead } from '../../../runtime/mentorship/read-marks.ts';
import { messages } from '../../../runtime/mentorship/view.ts';
import type { DialogRecord } from '../../../runtime/store.ts';
import { dayMs, dialogOf, enteredAt, matchingId, mentor, newbie, profile, start } from '../../suites/dialogs.ts';
import { driverScene, type DriverScene, openDriverScene, storedMatching } from '../../suites/driver-scene.ts';

const id = matchingId(1);
const later = start + 20 * dayMs;

function setUp(dialog: DialogRecord = dialogOf(Status.in_progress)): Promise<DriverScene> {
  return driverScene({ dialogs: [dialog], now: later });
}

function stored(scene: DriverScene): Promise<MatchingRecord> {
  return storedMatching(scene, id);
}

function read({ deps }: DriverScene, caller: Profile, readThrough: number | null): Promise<boolean> {
  return markRead(deps, { caller, matchingId: id, readThrough });
}

test('reads everything there is by now', async () => {
  const scene = await setUp();
  expect(await read(scene, newbie, null)).toBe(true);
  expect(await stored(scene)).toMatchObject({ newbieLastReadAt: later, mentorLastReadAt: null, updatedAt: later, version: 6 });
  expect(await messages(scene.deps, { caller: newbie, matchingId: id, locale: 'ru' })).toMatchObject({ unread: 0 });
});

test('moves the mark of the side of the caller, whichever profile he uses', async () => {
  const other = profile('park-9', 'mentor-too');
  const scene = await driverScene({ dialogs: [dialogOf(Status.in_progress)], now: later, people: [{ udid: null, profiles: [mentor, other] }] });
  expect(await read(scene, other, enteredAt(Status.initialized))).toBe(true);
  expect(await stored(scene)).toMatchObject({ newbieLastReadAt: null, mentorLastReadAt: enteredAt(Status.initialized) });
  const shown = await messages(scene.deps, { caller: mentor, matchingId: id, locale: 'ru' });
  expect(shown).toMatchObject({ unread: 1, messages: [{ kind: 'new_match', read: true }, { kind: 'progress', read: false }] });
});

test('never marks the future as read', async () => {
  const scene = await setUp();
  await read(scene, mentor, later + dayMs);
  expect((await stored(scene)).mentorLastReadAt).toBe(later);
});

test('writes nothing when the mark is already there', async () => {
  const scene = await setUp();
  await read(scene, mentor, later - 5);
  expect(await read(scene, mentor, later - 5)).toBe(true);
  expect(await read(scene, mentor, later - 10)).toBe(true);
  expect(await stored(scene)).toMatchObject({ version: 6, mentorLastReadAt: later - 5 });
});

test.each([
  ['a stranger', dialogOf(Status.in_progress), profile('park-3', 'stranger')],
  ['a newbie not told yet', dialogOf(Status.matched), newbie],
  ['a newbie who failed', dialogOf(Status.failed), newbie],
  ['a mentor after the dialog is hidden', dialogOf(Status.succeed, { matching: { completedAt: later - 22 * dayMs } }), mentor],
])('refuses %s and writes nothing', async (_, dialog, caller) => {
  const scene = await setUp(dialog);
  expect(await read(scene, caller, null)).toBe(false);
  expect(await stored(scene)).toEqual(dialog.matching);
});

test('refuses a dialog that does not exist', async () => {
  const { deps } = await setUp();
  expect(await markRead(deps, { caller: newbie, matchingId: matchingId(404), readThrough: null })).toBe(false);
});

test('both sides reading at once lose neither mark', async () => {
  const scene = await setUp();
  expect(await Promise.all([read(scene, newbie, later - 1), read(scene, mentor, later - 2), read(scene, newbie, later - 3)])).toEqual([true, true, true]);
  expect(await stored(scene)).toMatchObject({ newbieLastReadAt: later - 1, mentorLastReadAt: later - 2, version: 7 });
});

test('does not undo what another instance stored meanwhile', async () => {
  const scene = await setUp();
  const transact = scene.store.transact.bind(scene.store);
  // The row as it was before the other instance's write: the compare-and-set has to notice.
  const { store } = scene;
  const stale = await stored(scene);
  await read(scene, newbie, later);
  vi.spyOn(store, 'transact').mockImplementation((work) => transact((tx) => work({ ...tx, matchings: async () => [stale] })));
  await expect(read(scene, newbie, later - dayMs)).rejects.toMatchObject({ code: 'store_conflict' });
  expect((await stored(scene)).newbieLastReadAt).toBe(later);
});

interface ReadStep {
  readonly caller: Profile;
  readonly readThrough: number | null;
  readonly passesMs: number;
}

const anyStep: fc.Arbitrary<ReadStep> = fc.record({
  caller: fc.constantFrom(newbie, mentor),
  readThrough: fc.option(fc.integer({ min: start - dayMs, max: later + 30 * dayMs })),
  passesMs: fc.nat(3 * dayMs),
});

async function takeStep(scene: DriverScene, { caller, readThrough, passesMs }: ReadStep): Promise<void> {
  scene.clock.ms += passesMs;
  const own = caller === newbie ? 'newbieLastReadAt' : 'mentorLastReadAt';
  const others = caller === newbie ? 'mentorLastReadAt' : 'newbieLastReadAt';
  const before = await stored(scene);
  expect(await read(scene, caller, readThrough)).toBe(true);
  const after = await stored(scene);
  const asked = Math.min(readThrough ?? scene.clock.ms, scene.clock.ms);
  expect(after[own]).toBe(Math.max(before[own] ?? asked, asked));
  expect(after[others]).toBe(before[others]);
  expect(after.version - before.version).toBe(after[own] === before[own] ? 0 : 1);
}

test('marks never go back nor past the present, and each write is a version', async () => {
  const property = fc.asyncProperty(fc.array(anyStep, { maxLength: 12 }), async (steps) => {
    const scene = await openDriverScene({ dialogs: [dialogOf(Status.in_progress)], now: later });
    try {
      for (const step of steps) await takeStep(scene, step);
    } finally {
      await scene.close();
    }
  });
  await fc.assert(property, { numRuns: 50 });
});
