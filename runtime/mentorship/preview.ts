// The app as one participant of a matching has it, for an operator: the same use cases that the driver's phone calls, with the phones
// masked. Every look is recorded.
import type { MatchingRecord } from '../../machines/matching-record.ts';
import type { Profile } from '../../machines/ids.ts';
import { recorded, type Operator, type RecordPorts } from '../operator-actions.ts';
import { OperatorAction, type Role } from '../store.ts';
import type { DriverDeps } from './driver-deps.ts';
import type { Contact, ContactList, Locale, Offer } from './participant.ts';
import { contacts, offer } from './view.ts';

export interface PreviewRequest {
  readonly matching: MatchingRecord;
  readonly side: Role;
  readonly locale: Locale;
  readonly operator: Operator;
}

export interface Preview {
  readonly offer: Offer;
  readonly list: ContactList;
}

/** As many as a phone shows at once. */
const shownContacts = 50;

/** Null for the mentor of a matching that has none. */
export async function preview(ports: RecordPorts, deps: DriverDeps, request: PreviewRequest, signal?: AbortSignal): Promise<Preview | null> {
  const { matching, side, locale, operator } = request;
  const viewer = side === 'newbie' ? matching.newbie : matching.mentor;
  if (viewer === null) return null;
  const act = { action: OperatorAction.preview, subject: side, matchingId: matching.id, operator };
  return recorded(ports, act, () => phoneOf(deps, viewer, locale, signal), () => 'shown');
}

async function phoneOf(deps: DriverDeps, viewer: Profile, locale: Locale, signal?: AbortSignal): Promise<Preview> {
  const [offered, list] = await Promise.all([
    offer(deps, { caller: viewer, locale }, signal),
    contacts(deps, { caller: viewer, role: null, limit: shownContacts, cursor: null, locale }, signal),
  ]);
  return { offer: offered, list: { ...list, contacts: list.contacts.map(masked) } };
}

function masked(contact: Contact): Contact {
  const { phone } = contact;
  if (phone === null) return contact;
  const digits = phone.slice(1);
  const hidden = `${digits.slice(0, 4)}${'*'.repeat(Math.max(0, digits.length - 6))}${digits.slice(-2)}`;
  const links = contact.links.map(({ kind, url }) => ({ kind, url: url.replaceAll(digits, hidden) }));
  return { ...contact, phone: maskPhone(phone), links };
}

/** `+79990001122` as `+7 999 ***-**-22`; a number of another form keeps its first four digits and its last two. */
export function maskPhone(phone: string): string {
  const russian = /^\+7(\d{3})\d{5}(\d{2})$/.exec(phone);
  if (russian !== null) return `+7 ${russian[1]} ***-**-${russian[2]}`;
  return `${phone.slice(0, 5)} *** ${phone.slice(-2)}`;
}
