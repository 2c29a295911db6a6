// A driver's app: the calls of the driver API that the demo's people and the tests make, with a token of their own.
import type { Profile } from '../../machines/ids.ts';
import type { Status } from '../../machines/status.ts';

export interface WireMessage {
  readonly id: string;
  readonly kind: string;
  readonly text: string;
  readonly created_at: string;
  readonly read: boolean;
}
export interface WireContact {
  readonly matching_id: string;
  readonly role: 'newbie' | 'mentor';
  readonly status: Status;
  readonly matched_at: string;
  readonly name: string | null;
  readonly phone: string | null;
  readonly links: readonly { readonly kind: string; readonly url: string }[];
  readonly unread: number;
  readonly messages: readonly WireMessage[];
}
export interface WireParticipation {
  readonly matching_id: string;
  readonly status: Status;
  readonly since: string;
}
export interface WireContacts {
  readonly role: 'newbie' | 'mentor' | null;
  readonly roles: readonly string[];
  readonly participation: WireParticipation | null;
  readonly contacts: readonly WireContact[];
  readonly unread_total: number;
  readonly degraded: readonly string[];
}

export interface Reply<Body> {
  readonly status: number;
  /** Null when there is none. */
  readonly body: Body;
}

export interface DriverApp {
  offer(): Promise<Reply<{ readonly show: boolean; readonly title: string }>>;
  enrol(): Promise<Reply<{ readonly participation: WireParticipation }>>;
  participation(): Promise<Reply<{ readonly participation: WireParticipation | null; readonly roles: readonly string[] }>>;
  contacts(): Promise<Reply<WireContacts>>;
  messages(matchingId: string): Promise<Reply<{ readonly messages: readonly WireMessage[]; readonly unread: number }>>;
  markRead(matchingId: string): Promise<Reply<null>>;
}

export interface Platform {
  readonly driverUrl: string;
  token(profile: Profile): Promise<string>;
}

export function driverApp(platform: Platform, profile: Profile): DriverApp {
  const call = (method: 'GET' | 'POST', path: string, body?: object): Promise<Reply<never>> =>
    ask(platform, profile, { method, path, body });
  return {
    offer: () => call('GET', 'offer'),
    enrol: () => call('POST', 'participation', {}),
    participation: () => call('GET', 'participation'),
    contacts: () => call('GET', 'contacts'),
    messages: (matchingId) => call('GET', `contacts/${matchingId}/messages`),
    markRead: (matchingId) => call('POST', `contacts/${matchingId}/read`, {}),
  };
}

interface Call {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body: object | undefined;
}

async function ask<Body>(platform: Platform, profile: Profile, { method, path, body }: Call): Promise<Reply<Body>> {
  const headers: Record<string, string> = { authorization: `Bearer ${await platform.token(profile)}`, 'accept-language': 'ru' };
  if (body !== undefined) headers['content-type'] = 'application/json';
  const request = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
  const response = await fetch(`${platform.driverUrl}/driver/v1/mentorship/${path}`, request);
  const text = await response.text();
  return { status: response.status, body: (text === '' ? null : JSON.parse(text)) as Body };
}
