// The driver API's JSON: schemas for the documents, and the mapping from what the use cases answer.
import { z } from 'zod';
import { statuses } from '../../machines/status.ts';
import { rfc3339 } from '../../runtime/clock.ts';
import { MessageKind, type ChatMessage, type Contact, type ContactList, type Participation } from '../../runtime/mentorship/participant.ts';

const time = z.iso.datetime();
const role = z.enum(['newbie', 'mentor']);
const status = z.enum(statuses);

export const participationWire = z.object({ matching_id: z.uuid(), status, since: time });

export const enrolledWire = z.object({ participation: participationWire });

const degradedStore = z.array(z.literal('store'));

export const spooledWire = z.object({ participation: participationWire, degraded: degradedStore });

export const participationStateWire = z.object({
  participation: participationWire.nullable(),
  roles: z.array(role),
  degraded: z.array(z.string()).optional().describe('Present while the answer may miss something: `store` when it is what this instance keeps, `driver-profiles` when the other profiles of the caller are not known.'),
});

export const offerWire = z.object({ show: z.boolean(), title: z.string(), text: z.string(), button: z.string() });

export const messageWire = z.object({
  id: z.string(),
  kind: z.enum(Object.values(MessageKind)),
  text: z.string(),
  created_at: time,
  read: z.boolean(),
});

export const messagesWire = z.object({ messages: z.array(messageWire), unread: z.int() });

export const contactWire = z.object({
  matching_id: z.uuid(),
  role: role.describe("The contact's role, not the caller's."),
  status,
  matched_at: time,
  name: z.string().nullable().describe('Null while the upstream that knows it is down.'),
  phone: z.string().nullable().describe('E.164; null while the upstream that knows it is down.'),
  links: z.array(z.object({ kind: z.enum(['whatsapp', 'tel']), url: z.string() })),
  unread: z.int(),
  messages: z.array(messageWire),
});

export const contactListWire = z.object({
  role: role.nullable().describe("The caller's role."),
  roles: z.array(role),
  participation: participationWire.nullable(),
  contacts: z.array(contactWire),
  unread_total: z.int(),
  next_cursor: z.string().nullable(),
  degraded: z.array(z.string()).describe('Names of the upstreams whose part is missing.'),
});

export function participationToWire(participation: Participation): z.output<typeof participationWire> {
  return { matching_id: participation.matchingId, status: participation.status, since: rfc3339(participation.since) };
}

export function messageToWire(message: ChatMessage): z.output<typeof messageWire> {
  const { id, kind, text, createdAt, read } = message;
  return { id, kind, text, created_at: rfc3339(createdAt), read };
}

export function contactListToWire(list: ContactList): z.output<typeof contactListWire> {
  return {
    role: list.role,
    roles: [...list.roles],
    participation: list.participation === null ? null : participationToWire(list.participation),
    contacts: list.contacts.map(contactToWire),
    unread_total: list.unreadTotal,
    next_cursor: list.nextCursor,
    degraded: [...list.degraded],
  };
}

/** The JSON of {@link contactListToWire}, with each contact written once: for lists of many, of whom few have news. */
export function contactListToJson(list: ContactList): string {
  const { contacts: _, unread_total, next_cursor, degraded, ...before } = contactListToWire({ ...list, contacts: [] });
  const [head, tail] = [JSON.stringify(before), JSON.stringify({ unread_total, next_cursor, degraded })];
  return `${head.slice(0, -1)},"contacts":[${list.contacts.map(contactToJson).join(',')}],${tail.slice(1)}`;
}

/** Written once for as long as the contact itself is kept: the use case gives the same one while there is nothing new to say of it. */
const written = new WeakMap<Contact, string>();

function contactToJson(contact: Contact): string {
  const known = written.get(contact);
  if (known !== undefined) return known;
  const json = JSON.stringify(contactToWire(contact));
  written.set(contact, json);
  return json;
}

function contactToWire(contact: Contact): z.output<typeof contactWire> {
  return {
    matching_id: contact.matchingId,
    role: contact.role,
    status: contact.status,
    matched_at: rfc3339(contact.matchedAt),
    name: contact.name,
    phone: contact.phone,
    links: contact.links.map(({ kind, url }) => ({ kind, url })),
    unread: contact.unread,
    messages: contact.messages.map(messageToWire),
  };
}
