// What the clients were promised, as they heard it: every acknowledged answer, in order.
import type { MatchingId } from '../../machines/ids.ts';
import type { Status } from '../../machines/status.ts';
import type { SeededPerson } from '../sandbox/seed.ts';

export interface Enrolment {
  readonly matchingId: MatchingId;
  /** 202: the promise is one matching, but another instance's may become the valid one. */
  readonly degraded: boolean;
}

/** One person's side of the story. */
export interface Testimony {
  readonly person: SeededPerson;
  readonly enrolments: Enrolment[];
  /** What he was shown of his participation without a word of degradation, in the order of the answers. */
  readonly seen: { readonly matchingId: MatchingId; readonly status: Status }[];
  /** Asked before this moment, acknowledged after it. */
  readonly readMarks: { readonly matchingId: MatchingId; readonly askedAtMs: number }[];
  /** Answers that forgot him: null after a final acknowledgement. */
  forgotten: number;
}

export interface OperatorEvent {
  readonly matchingId: MatchingId;
  /** Unique to the event. */
  readonly reason: string;
  readonly outcome: 'moved' | 'ignored' | 'unknown';
}

export interface Promises {
  readonly testimonies: readonly Testimony[];
  readonly operatorEvents: readonly OperatorEvent[];
}

export function countAcknowledged({ testimonies, operatorEvents }: Promises): number {
  const each = testimonies.map(({ enrolments, readMarks }) => enrolments.length + readMarks.length);
  return each.reduce((sum, count) => sum + count, 0) + operatorEvents.filter(({ outcome }) => outcome !== 'unknown').length;
}
