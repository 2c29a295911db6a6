// What an operator may do to a matching: see which events its status takes, send one through the same dispatch as everybody, have a
// task of it tried again. What changes something is recorded.
import type { EventType, LifecycleEvent } from '../../machines/events.ts';
import type { MatchingId } from '../../machines/ids.ts';
import type { MatchingRecord } from '../../machines/matching-record.ts';
import type { Status } from '../../machines/status.ts';
import * as machine from '../../machines/step.ts';
import { recorded, type Operator, type RecordPorts } from '../operator-actions.ts';
import { OperatorAction } from '../store.ts';
import type { TaskQueue, TaskView } from '../tasks.ts';
import { recordedTrace } from '../trace.ts';
import { countOutcomes, dispatchIn, type DispatchPorts } from './dispatch.ts';

export interface OperatorEvent {
  readonly matchingId: MatchingId;
  /** Called inside the transaction, with the row as it is then. */
  readonly eventOf: (present: MatchingRecord) => LifecycleEvent;
  readonly operator: Operator & { readonly reason: string };
}

export interface OperatorOutcome {
  readonly outcome: 'moved' | 'ignored';
  readonly from: Status;
  readonly to: Status;
}

/** Null when there is no such matching. The event and the record of it are one transaction. */
export async function sendEvent(ports: DispatchPorts, input: OperatorEvent, signal?: AbortSignal): Promise<OperatorOutcome | null> {
  const { matchingId, eventOf, operator } = input;
  const cause = { actor: 'operator', reason: operator.reason, ...recordedTrace() };
  const taken = await ports.store.transact(async (tx) => {
    const [stored] = await tx.matchings([matchingId]);
    // Matchings begin with a driver's consent: even ENROLLED makes none here.
    if (stored === undefined) return null;
    const event = eventOf(stored);
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
