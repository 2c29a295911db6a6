// What a participant reads: his own participation, the offer, his contacts, the messages of one dialog. Nothing here writes.
import { type MatchingId, type Profile, profileKey } from '../../machines/ids.ts';
import { Status } from '../../machines/status.ts';
import { asServiceError } from '../errors.ts';
import { composeMessages, countUnread } from '../messages/compose.ts';
import { contactLinks, greeting } from '../messages/links.ts';
import { say } from '../messages/texts.ts';
import type { SpooledEnrolment } from '../spool.ts';
import type { ContactsRecord, DialogRecord, Role } from '../store.ts';
import { withinTime } from './deadline.ts';
import { comparePositions, type ContactPosition, readCursor, writeCursor } from './contact-cursor.ts';
import type { DriverDeps } from './driver-deps.ts';
import type { ChatMessage, Contact, ContactList, Locale, Offer, Participation, ParticipationState } from './participant.ts';
import type { ContactCard } from './people.ts';
import type { IdentifiedPerson } from './identity.ts';
import { isHidden, type Seat, seatOf } from './visibility.ts';

export interface ContactsRequest {
  readonly caller: Profile;
  /** Only contacts of this role; null for all. */
  readonly role: Role | null;
  readonly limit: number;
  readonly cursor: string | null;
  readonly locale: Locale;
}

export interface DialogRequest {
  readonly caller: Profile;
  readonly matchingId: MatchingId;
  readonly locale: Locale;
}

/** A dialog together with the caller's place in it. */
interface SeatedDialog extends Seat {
  readonly dialog: DialogRecord;
}

export async function participation(
  deps: DriverDeps,
  { caller }: { readonly caller: Profile },
  signal?: AbortSignal,
): Promise<ParticipationState> {
  const person = await deps.identity.identify(caller, { fresh: false }, signal);
  const spooled = deps.ctx.spool.find(person);
  const record = spooled === null ? await readContacts(deps, person.profiles) : await readUnlessAway(deps, person.profiles);
  if (record === null) return { participation: participationOf(noRecord, spooled), roles: ['newbie'], degraded: ['store', ...person.degraded] };
  return { participation: participationOf(record, spooled), roles: rolesOf(record, seated(record, person.profiles), spooled), ...degradedOf(person) };
}

/** Who took part with another profile must not be told that he does not while his profiles are not known. */
function degradedOf({ degraded }: IdentifiedPerson): Pick<ParticipationState, 'degraded'> {
  return degraded.length === 0 ? {} : { degraded };
}

const noRecord: ContactsRecord = { dialogs: [], participation: null };

/** Null while the store is away. */
async function readUnlessAway(deps: DriverDeps, profiles: readonly Profile[]): Promise<ContactsRecord | null> {
  try {
    return await withinTime(deps.ctx.config.spool.afterMs, () => readContacts(deps, profiles));
  } catch (error) {
    if (asServiceError(error).code !== 'store_unavailable') throw error;
    return null;
  }
}

/**
 * Shown to those who take part on neither side. Not shown while driver-profiles is down: whether the person takes part with
 * another profile cannot be known then, and enrolment would be refused.
 */
export async function offer(
  deps: DriverDeps,
  { caller, locale }: { readonly caller: Profile; readonly locale: Locale },
  signal?: AbortSignal,
): Promise<Offer> {
  const { udid, profiles, degraded } = await deps.identity.identify(caller, { fresh: false }, signal);
  const { store, spool } = deps.ctx;
  const [asNewbie, asMentor] = await Promise.all([store.matchingsOfNewbies(profiles), store.matchingsOfMentors(profiles)]);
  return {
    show: degraded.length === 0 && asNewbie.length === 0 && asMentor.length === 0 && spool.find({ udid, profiles }) === null,
    title: say(locale, 'offer_title'),
    text: say(locale, 'offer_text'),
    button: say(locale, 'offer_button'),
  };
}

/** The same data gives the same list, byte for byte. Throws `bad_cursor`. */
export async function contacts(deps: DriverDeps, request: ContactsRequest, signal?: AbortSignal): Promise<ContactList> {
  const after = request.cursor === null ? null : readCursor(request.cursor, request.caller);
  const person = await deps.identity.identify(request.caller, { fresh: false }, signal);
  const record = await readContacts(deps, person.profiles);
  const all = seated(record, person.profiles);
  const { items, more } = pageOf(all, request, after);
  const cards = await deps.people.cards(items.map((item) => item.contact), signal);
  const spooled = deps.ctx.spool.find(person);
  const roles = rolesOf(record, all, spooled);
  const last = items.at(-1);
  return {
    role: roles.at(-1) ?? null,
    roles,
    participation: participationOf(record, spooled),
    contacts: items.map((item) => contactOf(item, cards.value.get(profileKey(item.contact)), request.locale)),
    unreadTotal: all.reduce((total, item) => total + countUnread(item.dialog, item.viewer), 0),
    nextCursor: more && last !== undefined ? writeCursor(positionOf(last), request.caller) : null,
    degraded: [...new Set([...person.degraded, ...cards.degraded])].sort(),
  };
}

/** Null alike for a dialog that does not exist and for one that the caller may not see (S5, A22). */
export async function messages(
  deps: DriverDeps,
  { caller, matchingId, locale }: DialogRequest,
  signal?: AbortSignal,
): Promise<{ messages: readonly ChatMessage[]; unread: number } | null> {
  const { profiles } = await deps.identity.identify(caller, { fresh: false }, signal);
  const [dialog, now] = await Promise.all([deps.ctx.store.dialog(matchingId), deps.ctx.store.now()]);
  const seat = dialog === null ? null : seatOf(dialog.matching, profiles);
  if (dialog === null || seat === null || isHidden(dialog.matching, now, deps.ctx.config.programme.hideAfterMs)) return null;
  const names = await deps.people.names([seat.contact], signal);
  const contactFirstName = names.value.get(profileKey(seat.contact))?.firstName ?? null;
  return { messages: composeMessages(dialog, seat.viewer, locale, { contactFirstName }), unread: countUnread(dialog, seat.viewer) };
}

function readContacts(deps: DriverDeps, profiles: readonly Profile[]): Promise<ContactsRecord> {
  return deps.ctx.store.contacts({ profiles, hideAfterMs: deps.ctx.config.programme.hideAfterMs });
}

function seated({ dialogs }: ContactsRecord, profiles: readonly Profile[]): SeatedDialog[] {
  const found = dialogs.flatMap((dialog) => {
    const seat = seatOf(dialog.matching, profiles);
    return seat === null ? [] : [{ ...seat, dialog }];
  });
  return found.sort((a, b) => comparePositions(positionOf(a), positionOf(b)));
}

function positionOf({ matchedAt, dialog }: SeatedDialog): ContactPosition {
  return { matchedAt, matchingId: dialog.matching.id };
}

function pageOf(
  all: readonly SeatedDialog[],
  { role, limit }: ContactsRequest,
  after: ContactPosition | null,
): { items: SeatedDialog[]; more: boolean } {
  const listed = role === null ? all : all.filter((item) => item.contactRole === role);
  const rest = after === null ? listed : listed.filter((item) => comparePositions(positionOf(item), after) > 0);
  return { items: rest.slice(0, limit), more: rest.length > limit };
}

/** In the order newbie, mentor, so that the last is the one the app shows first. */
function rolesOf(record: ContactsRecord, all: readonly SeatedDialog[], spooled: SpooledEnrolment | null): Role[] {
  const takesPart = spooled !== null || record.participation !== null || all.some((item) => item.viewer === 'newbie');
  const mentors = all.some((item) => item.viewer === 'mentor');
  return [...(takesPart ? (['newbie'] as const) : []), ...(mentors ? (['mentor'] as const) : [])];
}

/** What the spool keeps counts from the answer to the enrolment until the store has it, so that nobody is forgotten in between. */
function participationOf({ participation: record }: ContactsRecord, spooled: SpooledEnrolment | null): Participation | null {
  if (record === null && spooled !== null) return { matchingId: spooled.matchingId, status: Status.created, since: spooled.askedAt };
  return record === null ? null : { matchingId: record.id, status: record.status, since: record.statusSince };
}

/** Worded once for as long as the store remembers the dialog and the upstreams' answers about the contact may be kept. */
const worded = new WeakMap<ContactCard, WeakMap<DialogRecord, Map<WordedFor, Contact>>>();

/** The two sides are told different things, so neither may ever get what was worded for the other. */
type WordedFor = `${Role} ${Locale}`;

function contactOf(item: SeatedDialog, card: ContactCard | undefined, locale: Locale): Contact {
  if (card === undefined) return wordContact(item, card, locale);
  const dialogs = entryOf(worded, card, () => new WeakMap<DialogRecord, Map<WordedFor, Contact>>());
  const sides = entryOf(dialogs, item.dialog, () => new Map<WordedFor, Contact>());
  return entryOf(sides, `${item.viewer} ${locale}`, () => wordContact(item, card, locale));
}

function entryOf<Key, Value>(map: { get(key: Key): Value | undefined; set(key: Key, value: Value): unknown }, key: Key, create: () => Value): Value {
  const known = map.get(key);
  if (known !== undefined) return known;
  const created = create();
  map.set(key, created);
  return created;
}

function wordContact({ dialog, viewer, contactRole, matchedAt }: SeatedDialog, card: ContactCard | undefined, locale: Locale): Contact {
  const names = { contactFirstName: card?.firstName ?? null };
  return {
    matchingId: dialog.matching.id,
    role: contactRole,
    status: dialog.matching.status,
    matchedAt,
    name: card?.name ?? null,
    phone: card?.phone ?? null,
    links: contactLinks(card?.number ?? null, greeting(contactRole, locale, names)),
    unread: countUnread(dialog, viewer),
    messages: composeMessages(dialog, viewer, locale, names),
  };
}
