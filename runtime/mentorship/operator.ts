// What an operator may do to a matching: see which events its status takes, and send one through the same dispatch as everybody.
import type { EventType, LifecycleEvent } from '../../machines/events.ts';
import type { MatchingId } from '../../machines/ids.ts';
import type { MatchingRecord } from '../../machines/matching-record.ts';
import type { Status } from '../../machines/status.ts';
import * as machine from '../../machines/step.ts';
import { dispatch, type DispatchPorts } from './dispatch.ts';

export interface OperatorEvent {
  readonly matchingId: MatchingId;
  readonly event: LifecycleEvent;
  readonly reason: string;
}

export interface OperatorOutcome {
  readonly outcome: 'moved' | 'ignored';
  readonly from: Status;
  readonly to: Status;
}

/** Null when there is no such matching. */
export async function sendEvent(ports: DispatchPorts, input: OperatorEvent, signal?: AbortSignal): Promise<OperatorOutcome | null> {
  const { matchingId, event, reason } = input;
  const [record] = await ports.store.matchings([matchingId]);
  // Matchings begin with a driver's consent: even ENROLLED makes none here.
  if (record === undefined) return null;
  const [taken] = await dispatch(ports, [{ matchingId, event }], { actor: 'operator', reason }, signal);
  if (taken === undefined || taken.from === null || taken.to === null) return null;
  return { outcome: taken.outcome === 'moved' ? 'moved' : 'ignored', from: taken.from, to: taken.to };
}

export function allowedEvents(record: MatchingRecord): EventType[] {
  return machine.allowedEvents(record);
}
