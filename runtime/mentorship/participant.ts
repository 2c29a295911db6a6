// What a participant is shown: the results of the driver use cases, before HTTP gives them their wire form.
import type { MatchingId } from '../../machines/ids.ts';
import type { EpochMs } from '../../machines/matching-record.ts';
import type { Status } from '../../machines/status.ts';
import type { Role } from '../store.ts';

export const MessageKind = {
  new_match: 'new_match',
  completed: 'completed',
  progress: 'progress',
  result: 'result',
  promocode: 'promocode',
} as const;
export type MessageKind = (typeof MessageKind)[keyof typeof MessageKind];

export type Locale = 'ru' | 'en';

export interface Participation {
  readonly matchingId: MatchingId;
  readonly status: Status;
  readonly since: EpochMs;
}

export interface ChatMessage {
  /** Deterministic: the same message keeps its id forever. */
  readonly id: string;
  readonly kind: MessageKind;
  readonly text: string;
  readonly createdAt: EpochMs;
  readonly read: boolean;
}

export interface ContactLink {
  readonly kind: 'whatsapp' | 'tel';
  readonly url: string;
}

export interface Contact {
  readonly matchingId: MatchingId;
  /** The contact's role, not the caller's. */
  readonly role: Role;
  readonly status: Status;
  readonly matchedAt: EpochMs;
  /** Null while the upstream that knows it is down. */
  readonly name: string | null;
  readonly phone: string | null;
  readonly links: readonly ContactLink[];
  readonly unread: number;
  readonly messages: readonly ChatMessage[];
}

export interface ContactList {
  readonly role: Role | null;
  readonly roles: readonly Role[];
  readonly participation: Participation | null;
  readonly contacts: readonly Contact[];
  readonly unreadTotal: number;
  readonly nextCursor: string | null;
  /** Names of the upstreams whose part is missing. */
  readonly degraded: readonly string[];
}

export interface ParticipationState {
  readonly participation: Participation | null;
  readonly roles: readonly Role[];
  /**
   * Present while the answer may miss something: `store` when it is what the spool of this process keeps, `driver-profiles` when the
   * person's other profiles are not known.
   */
  readonly degraded?: readonly string[];
}

export interface Offer {
  readonly show: boolean;
  readonly title: string;
  readonly text: string;
  readonly button: string;
}

export interface EnrolResult {
  /** `spooled`: durable on this machine, and in the store once it can be reached. */
  readonly outcome: 'created' | 'existing' | 'spooled';
  readonly participation: Participation;
}
