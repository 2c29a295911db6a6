// What an operator may do to a matching: see which events its status takes, send one through the same dispatch as everybody, have a
// task of it tried again. What changes something is recorded.
import { EventType, type LifecycleEvent } from '../../machines/events.ts';
import { type MatchingId, type Profile, profileKey, type Udid } from '../../machines/ids.ts';
import type { MatchingRecord } from '../../machines/matching-record.ts';
import type { Status } from '../../machines/status.ts';
import * as machine from '../../machines/step.ts';
import { mostAheadMs } from '../clock.ts';
import type { Context } from '../context.ts';
import { ServiceError } from '../errors.ts';
import { recorded, type Operator, type RecordPorts } from '../operator-actions.ts';
import { OperatorAction } from '../store.ts';
import type { TaskQueue, TaskView } from '../tasks.ts';
import { recordedTrace } from '../trace.ts';
import { countOutcomes, dispatchIn, type DispatchPorts } from './dispatch.ts';

export interface OperatorEvent {
  readonly matchingId: MatchingId;
  /** Whom a MATCHED names: he is looked up, so that his other profiles are known as his. */
  readonly mentor?: Profile | undefined;
  /** Called inside the transaction, with the row as it is then. */
  readonly eventOf: (present: MatchingRecord) => LifecycleEvent;
  readonly operator: Operator & { readonly reason: string };
}

export interface OperatorOutcome {
  readonly outcome: 'moved' | 'ignored';
  readonly from: Status;
  readonly to: Status;
}

export interface OperatorPorts extends DispatchPorts {
  readonly upstreams: Pick<Context['upstreams'], 'driverProfiles'>;
}

/** Null when there is no such matching. The event and the record of it are one transaction. Throws `bad_event`. */
export async function sendEvent(ports: OperatorPorts, input: OperatorEvent, signal?: AbortSignal): Promise<OperatorOutcome | null> {
  const { matchingId, eventOf, operator } = input;
  const mentorUdid = await udidOf(ports, input.mentor, signal);
  const cause = { actor: 'operator', reason: operator.reason, ...recordedTrace() };
  const taken = await ports.store.transact(async (tx) => {
    const [stored] = await tx.matchings([matchingId]);
    // Matchings begin with a driver's consent: even ENROLLED makes none here.
    if (stored === undefined) return null;
    const event = completed(eventOf(stored), mentorUdid, await tx.now());
    const [outcome] = await dispatchIn(tx, ports, [{ matchingId, event, stored }], cause);
    if (outcome === undefined) return null;
    const act = { action: OperatorAction.sendEvent, subject: event.type, matchingId };
    await tx.putOperatorAction({ id: ports.newId(), at: await tx.now(), ...operator, ...act, outcome: outcome.outcome });
    return outcome;
  }, signal);
  if (taken === null) return null;
  countOutcomes(ports, [taken]);
  if (taken.from === null || taken.to === null) return null;
  return { outcome: taken.outcome === 'moved' ? 'moved' : 'ignored', from: taken.from, to: taken.to };
}

async function udidOf({ upstreams }: OperatorPorts, mentor: Profile | undefined, signal: AbortSignal | undefined): Promise<Udid | null> {
  if (mentor === undefined) return null;
  const linked = await upstreams.driverProfiles.linked([mentor], signal);
  return linked.get(profileKey(mentor))?.udid ?? null;
}

/** No import would take such a date, and none after it would be newer. */
function completed(event: LifecycleEvent, mentorUdid: Udid | null, now: number): LifecycleEvent {
  if (event.type !== EventType.MATCHED) return event;
  if (event.connectedAt > now + mostAheadMs) throw new ServiceError('bad_event', 'connected_dttm: is more than a day ahead');
  return { ...event, mentorUdid };
}

/** Answers whether the task will be tried: it waited or was dead. */
export function retryTask(
  ports: RecordPorts & { readonly tasks: Pick<TaskQueue, 'revive'> },
  { id, matchingId }: Pick<TaskView, 'id' | 'matchingId'>,
  operator: Operator,
): Promise<boolean> {
  const act = { action: OperatorAction.retryTask, subject: id, matchingId, operator };
  return recorded(ports, act, () => ports.tasks.revive(id), (revived) => (revived ? 'retried' : 'not retried'));
}

export function allowedEvents(record: MatchingRecord): EventType[] {
  return machine.allowedEvents(record);
}
