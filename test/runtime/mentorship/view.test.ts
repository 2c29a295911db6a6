import { expect, test, vi } from 'vitest';
import { type Profile, profileKey } from '../../../machines/ids.ts';
import { Status, statuses, visibleStatuses } from '../../../machines/status.ts';
import { contacts, messages, offer, participation, type ContactsRequest } from '../../../runtime/mentorship/view.ts';
import type { ContactList } from '../../../runtime/mentorship/participant.ts';
import type { DialogRecord } from '../../../runtime/store.ts';
import {
  dayMs, dialogOf, type DialogOptions, enteredAt, matchingId, mentor, newbie, profile, someFigures, start,
} from '../../suites/dialogs.ts';
import { driverScene, type DriverScene, introduce, storedMatching } from '../../suites/driver-scene.ts';

const now = start + 10 * dayMs;
const stranger = profile('park-3', 'stranger');

function setUp(...dialogs: DialogRecord[]): Promise<DriverScene> {
  return driverScene({ dialogs, now });
}

function list(scene: DriverScene, caller: Profile, changes: Partial<ContactsRequest> = {}): Promise<ContactList> {
  return contacts(scene.deps, { caller, role: null, limit: 50, cursor: null, locale: 'ru', ...changes });
}

function numbered(number: number, options: DialogOptions = {}): DialogRecord {
  const matching = { id: matchingId(number), newbie: profile('park-1', `newbie-${number}`), matchedAt: start + number, ...options.matching };
  return dialogOf(Status.initialized, { ...options, matching });
}

test('shows the newbie his mentor', async () => {
  const scene = await setUp(dialogOf(Status.initialized));
  introduce(scene, mentor, 'Пётр', '+79990001122');
  const query = vi.spyOn(scene.store, 'contacts');
  const shown = await list(scene, newbie);
  expect(shown).toMatchObject({
    role: 'newbie',
    roles: ['newbie'],
    participation: { matchingId: matchingId(1), status: 'initialized', since: enteredAt(Status.initialized) },
    unreadTotal: 1,
    nextCursor: null,
    degraded: [],
  });
  expect(shown.contacts).toEqual([
    {
      matchingId: matchingId(1),
      role: 'mentor',
      status: 'initialized',
      matchedAt: enteredAt(Status.matched),
      name: 'Иванов Пётр Иванович',
      phone: '+79990001122',
      links: [
        { kind: 'whatsapp', url: expect.stringMatching(/^https:\/\/wa\.me\/79990001122\?text=%D0%97/) },
        { kind: 'tel', url: 'tel:+79990001122' },
      ],
      unread: 1,
      messages: [expect.objectContaining({ kind: 'new_match', text: expect.stringContaining('ваш наставник — Пётр') })],
    },
  ]);
  expect(query).toHaveBeenCalledOnce();
});

test('shows the mentor all his newbies, the newest match first', async () => {
  const shown = await list(await setUp(numbered(1), numbered(3), numbered(2)), mentor);
  expect(shown.contacts.map((contact) => contact.matchingId)).toEqual([matchingId(3), matchingId(2), matchingId(1)]);
  expect(shown).toMatchObject({ role: 'mentor', roles: ['mentor'], participation: null, unreadTotal: 3 });
});

test('a newbie who became a mentor is a mentor first and has both roles', async () => {
  const own = dialogOf(Status.succeed, { matching: { newbie: mentor, mentor: stranger, id: matchingId(9) } });
  const scene = await setUp(numbered(1), own);
  const shown = await list(scene, mentor);
  expect(shown).toMatchObject({ role: 'mentor', roles: ['newbie', 'mentor'], participation: { matchingId: matchingId(9) } });
  expect(shown.contacts.map(({ role }) => role)).toEqual(['mentor', 'newbie']);
});

test('what was worded once is told again to the same side in the same language only', async () => {
  const dialog = dialogOf(Status.succeed, { matching: { mentorPromocode: 'SECRET' }, figures: someFigures });
  const scene = await setUp(dialog);
  scene.clock.ms += 60_000;
  // Known to the upstream by one and the same answer.
  const details = { fullName: { lastName: 'Иванов', firstName: 'Пётр', middleName: null }, phonePdId: null };
  for (const side of [newbie, mentor]) scene.driverProfiles.details.set(profileKey(side), details);
  const [first] = (await list(scene, mentor)).contacts;
  const [again] = (await list(scene, mentor)).contacts;
  const [english] = (await list(scene, mentor, { locale: 'en' })).contacts;
  const [other] = (await list(scene, newbie)).contacts;
  expect(again).toBe(first);
  expect(JSON.stringify(first)).toContain('SECRET');
  expect(english?.messages.map(({ text }) => text)).not.toEqual(first?.messages.map(({ text }) => text));
  expect(other).toMatchObject({ role: 'mentor' });
  expect(JSON.stringify(other)).not.toContain('SECRET');
});

test('filters by the role of the contact while the counter keeps counting all', async () => {
  const own = dialogOf(Status.succeed, { matching: { newbie: mentor, mentor: stranger, id: matchingId(9) } });
  const scene = await setUp(numbered(1), own);
  const shown = await list(scene, mentor, { role: 'mentor' });
  expect(shown.contacts.map((contact) => contact.matchingId)).toEqual([matchingId(9)]);
  expect(shown).toMatchObject({ role: 'mentor', roles: ['newbie', 'mentor'], unreadTotal: 3 });
});

test('a newbie still waiting for a mentor has a role and no contacts', async () => {
  expect(await list(await setUp(dialogOf(Status.requested)), newbie)).toMatchObject({ role: 'newbie', roles: ['newbie'], contacts: [], unreadTotal: 0 });
});

test('one who takes no part has neither role nor participation', async () => {
  const scene = await setUp(dialogOf(Status.initialized));
  expect(await list(scene, stranger)).toEqual({
    role: null, roles: [], participation: null, contacts: [], unreadTotal: 0, nextCursor: null, degraded: [],
  });
});

test('asks for the names and phones of the page alone', async () => {
  const scene = await setUp(numbered(1), numbered(2), numbered(3));
  await list(scene, mentor, { limit: 1 });
  expect(scene.driverProfiles.retrieveCalls).toEqual([['park-1_newbie-3']]);
});

test('finds the dialogs of every profile of the person', async () => {
  const other = profile('park-7', 'same-person');
  const scene = await driverScene({ dialogs: [dialogOf(Status.initialized)], now, people: [{ udid: null, profiles: [newbie, other] }] });
  expect((await list(scene, other)).contacts).toHaveLength(1);
});

test('goes on without names and phones while their upstreams are down', async () => {
  const scene = await setUp(dialogOf(Status.initialized));
  introduce(scene, mentor, 'Пётр', '+79990001122');
  scene.driverProfiles.down = true;
  scene.personal.down = true;
  const shown = await list(scene, newbie);
  expect(shown.degraded).toEqual(['driver-profiles']);
  expect(shown.contacts[0]).toMatchObject({ name: null, phone: null, links: [], unread: 1 });
  scene.driverProfiles.down = false;
  expect(await list(scene, newbie)).toMatchObject({ degraded: ['personal'], contacts: [{ name: 'Иванов Пётр Иванович', phone: null, links: [] }] });
});

test('with initials set, the first name is nowhere in the answer', async () => {
  const scene = await driverScene({ dialogs: [dialogOf(Status.succeed)], now, nameFormat: 'first_initial' });
  introduce(scene, mentor, 'Пётр', '+79990001122');
  const shown = await list(scene, newbie);
  expect(shown.contacts[0]?.name).toBe('Иванов П.');
  expect(JSON.stringify(shown)).not.toMatch(new RegExp(`Пётр|${encodeURIComponent('Пётр')}`));
});

test('the same data gives the same list', async () => {
  const dialogs = [numbered(1), numbered(2, { matching: { id: matchingId(2), matchedAt: start + 1 } }), numbered(3)];
  const once = await list(await setUp(...dialogs), mentor);
  const again = await list(await setUp(...dialogs.toReversed()), mentor);
  expect(JSON.stringify(again)).toBe(JSON.stringify(once));
});

const forged = [`1.${matchingId(1)}.x`, `NaN.${matchingId(1)}`].map((text) => Buffer.from(text).toString('base64url'));

test.each(['', 'garbage', 'ZZZZ', ...forged])('refuses %j as a cursor', async (cursor) => {
  await expect(list(await setUp(), mentor, { cursor })).rejects.toMatchObject({ code: 'bad_cursor', status: 400 });
});

test('refuses the cursor of another caller', async () => {
  const scene = await setUp(numbered(1), numbered(2));
  const { nextCursor } = await list(scene, mentor, { limit: 1 });
  await expect(list(scene, stranger, { cursor: nextCursor })).rejects.toMatchObject({ code: 'bad_cursor' });
  expect((await list(scene, mentor, { cursor: nextCursor })).contacts.map((contact) => contact.matchingId)).toEqual([matchingId(1)]);
});

test('goes on after the cursor although the contact it points at went to another mentor', async () => {
  const scene = await setUp(numbered(1), numbered(2), numbered(3));
  const { nextCursor } = await list(scene, mentor, { limit: 2 });
  const gone = await storedMatching(scene, matchingId(2));
  await scene.store.transact((tx) => tx.updateMatching({ ...gone, mentor: stranger, version: gone.version + 1 }, gone));
  expect((await list(scene, mentor, { cursor: nextCursor })).contacts.map((contact) => contact.matchingId)).toEqual([matchingId(1)]);
});

test('gives the messages of one dialog as the list does', async () => {
  const scene = await setUp(dialogOf(Status.finished, { figures: someFigures }));
  introduce(scene, newbie, 'Анна', '+79990001122');
  const shown = await messages(scene.deps, { caller: mentor, matchingId: matchingId(1), locale: 'ru' });
  const { contacts: [contact] } = await list(scene, mentor);
  expect(shown).toEqual({ messages: contact?.messages, unread: contact?.unread });
  expect(shown?.messages[1]?.text).toMatch(/^Анна: первые 7 дней позади/);
});

test('gives the messages without a name while driver-profiles is down', async () => {
  const scene = await setUp(dialogOf(Status.initialized));
  scene.driverProfiles.down = true;
  expect(await messages(scene.deps, { caller: newbie, matchingId: matchingId(1), locale: 'en' })).toMatchObject({
    unread: 1,
    messages: [{ text: expect.stringMatching(/^You have a mentor now\./) }],
  });
});

test('a dialog that does not exist and one of others look the same', async () => {
  const { deps } = await setUp(dialogOf(Status.initialized));
  expect(await messages(deps, { caller: stranger, matchingId: matchingId(1), locale: 'ru' })).toBeNull();
  expect(await messages(deps, { caller: stranger, matchingId: matchingId(2), locale: 'ru' })).toBeNull();
});

test.each(statuses)('the messages of a %s dialog are shown only where both are told', async (status) => {
  const { deps } = await setUp(dialogOf(status));
  const shown = await messages(deps, { caller: newbie, matchingId: matchingId(1), locale: 'ru' });
  expect(shown !== null).toBe(visibleStatuses.includes(status));
});

test.each([
  [21 * dayMs - 1, true],
  [21 * dayMs, false],
])('a dialog completed %d ms ago is shown: %s', async (age, isShown) => {
  const scene = await setUp(dialogOf(Status.succeed, { matching: { completedAt: now - age } }));
  expect((await messages(scene.deps, { caller: mentor, matchingId: matchingId(1), locale: 'ru' })) !== null).toBe(isShown);
  expect((await list(scene, mentor)).contacts.length === 1).toBe(isShown);
});

test.each(statuses)('a newbie learns that his participation is %s', async (status) => {
  const { deps } = await setUp(dialogOf(status));
  expect(await participation(deps, { caller: newbie })).toEqual({
    participation: { matchingId: matchingId(1), status, since: enteredAt(status) },
    roles: ['newbie'],
  });
});

test('who may take part with a profile that is not known now is told that the answer may miss it', async () => {
  const { deps, driverProfiles } = await setUp(dialogOf(Status.initialized));
  driverProfiles.down = true;
  expect(await participation(deps, { caller: stranger })).toEqual({ participation: null, roles: [], degraded: ['driver-profiles'] });
});

test('a mentor has a role without taking part', async () => {
  expect(await participation((await setUp(dialogOf(Status.initialized))).deps, { caller: mentor })).toEqual({ participation: null, roles: ['mentor'] });
  expect(await participation((await setUp(dialogOf(Status.matched))).deps, { caller: mentor })).toEqual({ participation: null, roles: [] });
});

test('the offer is shown to one who takes no part', async () => {
  const { deps } = await setUp(dialogOf(Status.initialized));
  expect(await offer(deps, { caller: stranger, locale: 'ru' })).toMatchObject({ show: true, button: 'Хочу наставника' });
  expect(await offer(deps, { caller: stranger, locale: 'en' })).toMatchObject({ show: true, button: 'Find me a mentor' });
});

test.each(statuses)('the offer is not shown to a newbie whose matching is %s', async (status) => {
  expect(await offer((await setUp(dialogOf(status))).deps, { caller: newbie, locale: 'ru' })).toMatchObject({ show: false });
});

test('the offer is not shown to a mentor', async () => {
  expect(await offer((await setUp(dialogOf(Status.matched))).deps, { caller: mentor, locale: 'ru' })).toMatchObject({ show: false });
});

test('the offer is not shown while it cannot be accepted', async () => {
  const scene = await setUp();
  scene.driverProfiles.down = true;
  expect(await offer(scene.deps, { caller: stranger, locale: 'ru' })).toMatchObject({ show: false });
});
