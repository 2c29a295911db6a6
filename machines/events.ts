// Everything that can happen to a matching. HTTP, jobs and tasks all speak these and nothing else.
import type { EpochMs } from './matching-record.ts';
import type { MatchingId, Profile, Udid } from './ids.ts';

export const EventType = {
  ENROLLED: 'ENROLLED',
  APPLICATION_WRITTEN: 'APPLICATION_WRITTEN',
  MATCHED: 'MATCHED',
  MATCH_ANNOUNCED: 'MATCH_ANNOUNCED',
  PROGRESS_ANNOUNCED: 'PROGRESS_ANNOUNCED',
  RESULT_ANNOUNCED: 'RESULT_ANNOUNCED',
  PROMOCODE_ANNOUNCED: 'PROMOCODE_ANNOUNCED',
  DEADLINE_PASSED: 'DEADLINE_PASSED',
} as const;
export type EventType = (typeof EventType)[keyof typeof EventType];

/** The events that report an accepted announcement. `epoch` names the match that was announced. */
export type AnnouncedEventType =
  | typeof EventType.MATCH_ANNOUNCED
  | typeof EventType.PROGRESS_ANNOUNCED
  | typeof EventType.RESULT_ANNOUNCED
  | typeof EventType.PROMOCODE_ANNOUNCED;

export interface EnrolledEvent {
  readonly type: typeof EventType.ENROLLED;
  readonly matchingId: MatchingId;
  readonly newbie: Profile;
  readonly newbieUdid: Udid | null;
  /** When the newbie asked, where that was before the store could be told; never later than it was. */
  readonly askedAt?: EpochMs;
}

export interface MatchedEvent {
  readonly type: typeof EventType.MATCHED;
  readonly mentor: Profile;
  readonly mentorUdid: Udid | null;
  readonly connectedAt: EpochMs;
}

export interface AnnouncedEvent {
  readonly type: AnnouncedEventType;
  readonly epoch: number;
}

export type LifecycleEvent =
  | EnrolledEvent
  | { readonly type: typeof EventType.APPLICATION_WRITTEN }
  | MatchedEvent
  | AnnouncedEvent
  | { readonly type: typeof EventType.DEADLINE_PASSED };

/** Guards every door: `xstate.*` and unknown types are not lifecycle events. */
export function isEventType(value: unknown): value is EventType {
  return typeof value === 'string' && Object.hasOwn(EventType, value);
}

/** Whether guards of this event look at the CRM's figures; to all others it is the same whether `Facts` were told of any. */
export function looksAtFigures(type: EventType): boolean {
  return type === EventType.PROGRESS_ANNOUNCED || type === EventType.RESULT_ANNOUNCED;
}
