// The list of contacts as it is sent. An app asks for it far more often than it changes, so nearly all lists are written once for many
// replies: those of one contact. They are kept with that contact, and are forgotten with his name and phone.
import { type Profile, profileKey, sameProfile } from '../../machines/ids.ts';
import type { Contact, ContactList, Locale, Participation } from '../../runtime/mentorship/participant.ts';
import { strongETag } from '../reply.ts';
import { contactListToJson, contactListToWire } from './wire.ts';

export interface WrittenList {
  /** JSON in UTF-8. */
  readonly body: Uint8Array;
  readonly etag: string;
}

/** Whom it is for: the tag differs by both. */
export interface Reader {
  readonly caller: Profile;
  readonly locale: Locale;
}

interface KeptList extends WrittenList {
  readonly list: ContactList;
  readonly reader: Reader;
}

const kept = new WeakMap<Contact, KeptList>();

export function writeContactList(list: ContactList, reader: Reader): WrittenList {
  const [only] = list.contacts;
  if (only === undefined || list.contacts.length > 1) return asSent(contactListToJson(list), reader);
  const known = kept.get(only);
  if (known !== undefined && sameReader(known.reader, reader) && saysTheSame(known.list, list)) return known;
  const written = { ...asSent(JSON.stringify(contactListToWire(list)), reader), list, reader };
  kept.set(only, written);
  return written;
}

function asSent(json: string, { caller, locale }: Reader): WrittenList {
  return { body: Buffer.from(json), etag: strongETag([profileKey(caller), locale, json]) };
}

function sameReader(a: Reader, b: Reader): boolean {
  return a.locale === b.locale && sameProfile(a.caller, b.caller);
}

/** Apart from the contacts, which are the same already. */
function saysTheSame(a: ContactList, b: ContactList): boolean {
  return a.unreadTotal === b.unreadTotal && a.role === b.role && a.nextCursor === b.nextCursor && sameWords(a.roles, b.roles)
    && sameWords(a.degraded, b.degraded) && sameParticipation(a.participation, b.participation);
}

function sameParticipation(a: Participation | null, b: Participation | null): boolean {
  if (a === null || b === null) return a === b;
  return a.status === b.status && a.since === b.since && a.matchingId === b.matchingId;
}

function sameWords(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((word, place) => word === b[place]);
}
