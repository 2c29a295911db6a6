// The list of contacts as it is sent: written once while it says the same, and anew for everything that tells it from another.
import { expect, test } from 'vitest';
import { contactListToWire } from '../../http/driver/wire.ts';
import { type Reader, writeContactList } from '../../http/driver/written-list.ts';
import { parseProfile } from '../../machines/ids.ts';
import type { ContactList } from '../../runtime/mentorship/participant.ts';
import { contactList } from './driver-fakes.ts';
import { caller } from './listener.ts';

const reader: Reader = { caller, locale: 'ru' };
const elsewhere = parseProfile('park-elsewhere', caller.driverId)!;
const [contact] = contactList.contacts;
const alone: ContactList = { ...contactList, contacts: [contact!] };

test('a list that says the same is the very one that was written before', () => {
  const written = writeContactList(alone, reader);
  const again: ContactList = { ...alone, roles: [...alone.roles], degraded: [...alone.degraded], participation: alone.participation && { ...alone.participation } };
  expect(writeContactList(again, { ...reader, caller: { ...caller } }).body).toBe(written.body);
});

const others: Readonly<Record<string, ContactList>> = {
  'another role': { ...alone, role: alone.role === 'mentor' ? 'newbie' : 'mentor' },
  'more roles': { ...alone, roles: ['newbie', 'mentor'] },
  'other roles': { ...alone, roles: alone.roles.map((role) => (role === 'mentor' ? 'newbie' : 'mentor')) },
  'no participation': { ...alone, participation: null },
  'a participation in another status': { ...alone, participation: { matchingId: contact!.matchingId, status: 'failed', since: 1 } },
  'a participation since another moment': { ...alone, participation: { matchingId: contact!.matchingId, status: 'failed', since: 2 } },
  'another count of unread messages': { ...alone, unreadTotal: alone.unreadTotal + 1 },
  'more pages': { ...alone, nextCursor: 'bmV4dA' },
  'something missing': { ...alone, degraded: ['personal'] },
  'another contact': { ...alone, contacts: [{ ...contact!, unread: contact!.unread + 1 }] },
  'no contacts': { ...alone, contacts: [] },
  'more contacts': { ...alone, contacts: [contact!, { ...contact!, name: null }] },
};

test.each(Object.entries(others))('%s is written anew, and so is the list that was there before', (_, list) => {
  const before = writeContactList(alone, reader);
  for (const one of [list, alone, list]) {
    const { body, etag } = writeContactList(one, reader);
    expect(Buffer.from(body).toString()).toBe(JSON.stringify(contactListToWire(one)));
    expect(etag === before.etag).toBe(one === alone);
  }
});

test.each<[string, Reader]>([
  ['another caller', { ...reader, caller: elsewhere }],
  ['another language', { ...reader, locale: 'en' }],
])('%s gets a tag of his own for the same words', (_, other) => {
  const first = writeContactList(alone, reader);
  const second = writeContactList(alone, other);
  expect(second.body).toEqual(first.body);
  expect(second.etag).not.toBe(first.etag);
  expect(writeContactList(alone, reader).etag).toBe(first.etag);
});
