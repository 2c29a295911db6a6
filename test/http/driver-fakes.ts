// Driver use cases that answer fixed things and remember what they were asked.
import type { MatchingId } from '../../machines/ids.ts';
import type { ContactList, EnrolResult } from '../../runtime/mentorship/participant.ts';
import { createDriverGuard } from '../../http/driver-access.ts';
import { driverRoutes } from '../../http/driver/routes.ts';
import type { DriverUseCases } from '../../http/use-cases.ts';
import { listen, openGuards, type Listening } from './listener.ts';
import { audience, createIssuer, issuer, nowMs, type Issuer } from './tokens.ts';

export const matchingId = '0b8f6a52-93a5-4b0e-a4a3-7c0f0ad5a001' as MatchingId;
export const foreignMatchingId = '0b8f6a52-93a5-4b0e-a4a3-7c0f0ad5a002' as MatchingId;
const matchedAt = Date.parse('2026-02-01T10:00:00Z');

export const contactList: ContactList = {
  role: 'newbie',
  roles: ['newbie'],
  participation: { matchingId, status: 'initialized', since: matchedAt },
  contacts: [
    {
      matchingId,
      role: 'mentor',
      status: 'initialized',
      matchedAt,
      name: 'Иванов Иван Иванович',
      phone: '+79990001122',
      links: [{ kind: 'whatsapp', url: 'https://wa.me/79990001122' }, { kind: 'tel', url: 'tel:+79990001122' }],
      unread: 1,
      messages: [{ id: 'm-1', kind: 'new_match', text: 'Ваш наставник', createdAt: matchedAt, read: false }],
    },
  ],
  unreadTotal: 1,
  nextCursor: null,
  degraded: [],
};

export interface Asked {
  readonly name: keyof DriverUseCases;
  readonly input: unknown;
}

export interface DriverApi extends Listening {
  readonly identity: Issuer;
  readonly asked: Asked[];
  /** A request with a good token of `driver-1`, unless `headers` bring another. */
  readonly call: (path: string, init?: RequestInit) => Promise<Response>;
}

export async function startDriverApi(overrides: Partial<DriverUseCases> = {}): Promise<DriverApi> {
  const identity = await createIssuer();
  const asked: Asked[] = [];
  const useCases = remembering({ ...fixedUseCases(), ...overrides }, asked);
  const driver = createDriverGuard({ jwks: identity.file, issuer, audience, nowMs: () => nowMs });
  const listening = await listen({ ctx: { useCases }, routes: driverRoutes, guards: { ...openGuards, driver } });
  const token = await identity.sign();
  const call = (path: string, init: RequestInit = {}): Promise<Response> => {
    const headers = new Headers(init.headers);
    if (!headers.has('authorization')) headers.set('authorization', `Bearer ${token}`);
    return fetch(listening.url(path), { ...init, headers });
  };
  return { ...listening, identity, asked, call };
}

export function enrolled(outcome: EnrolResult['outcome']): EnrolResult {
  return { outcome, participation: { matchingId, status: 'created', since: matchedAt } };
}

export function fixedUseCases(): DriverUseCases {
  return {
    enrol: async () => enrolled('created'),
    participation: async () => ({ participation: null, roles: [] }),
    offer: async ({ locale }) => ({ show: true, title: `title ${locale}`, text: 'text', button: 'button' }),
    contacts: async () => contactList,
    messages: async (input) => (input.matchingId === matchingId ? { messages: contactList.contacts[0]!.messages, unread: 1 } : null),
    markRead: async (input) => input.matchingId === matchingId,
  };
}

function remembering(useCases: DriverUseCases, asked: Asked[]): DriverUseCases {
  const entries = Object.entries(useCases).map(([name, run]: [string, (input: never, signal: AbortSignal) => unknown]) => {
    const remember = (input: never, signal: AbortSignal): unknown => {
      asked.push({ name: name as keyof DriverUseCases, input });
      return run(input, signal);
    };
    return [name, remember] as const;
  });
  return Object.fromEntries(entries) as unknown as DriverUseCases;
}
