// Carries out the effects a move names, inside the transaction of the move: tasks are rows of the same commit.
import { stringify } from 'superjson';
import { EffectType, type Effect } from '../../machines/effects.ts';
import type { AnnouncedEventType } from '../../machines/events.ts';
import { personKey, type MatchingId } from '../../machines/ids.ts';
import type { MatchingRecord } from '../../machines/matching-record.ts';
import { announcedStatus } from '../../machines/step.ts';
import type { StoreTx } from '../store.ts';
import { Queue, type NewTask } from '../tasks.ts';

interface Traced {
  /** Of the request that caused the task, where it was recorded. */
  readonly traceparent?: string;
}

/** Payload of a `create_application` task. */
export interface ApplicationPayload extends Traced {
  readonly matchingId: MatchingId;
}

/** Payload of an `announce` task: which event the accepted announcement dispatches, for which match. */
export interface AnnouncePayload extends Traced {
  readonly matchingId: MatchingId;
  readonly event: AnnouncedEventType;
  readonly epoch: number;
}

export interface CarriedMove {
  /** As the move left it. */
  readonly record: MatchingRecord;
  /** The trace that the move's tasks continue; absent where none is recorded. */
  readonly traceparent?: string | undefined;
}

type Carry<Type extends EffectType> = (tx: StoreTx, move: CarriedMove, effect: Extract<Effect, { type: Type }>) => Promise<unknown>;

const carriers: { readonly [Type in EffectType]: Carry<Type> } = {
  [EffectType.create_application]: (tx, { record, traceparent }) => tx.enqueue(applicationTask(record, traceparent)),
  [EffectType.announce]: (tx, { record, traceparent }, effect) => tx.enqueue(announceTask(record.id, effect.event, effect.epoch, traceparent)),
  [EffectType.retire_results]: (tx, { record }, effect) => tx.retireResults(record.id, effect.epoch),
};

export async function carryOut(tx: StoreTx, move: CarriedMove, effect: Effect): Promise<void> {
  const carry = carriers[effect.type] as Carry<EffectType>;
  await carry(tx, move, effect);
}

export function applicationTask(record: MatchingRecord, traceparent?: string): NewTask {
  const payload: ApplicationPayload = { matchingId: record.id, ...traced(traceparent) };
  return {
    id: `application:${personKey(record.newbieUdid, [record.newbie])}`,
    queue: Queue.create_application,
    matchingId: record.id,
    payload: stringify(payload),
    delayMs: 0,
  };
}

export function announceTask(matchingId: MatchingId, event: AnnouncedEventType, epoch: number, traceparent?: string): NewTask {
  const payload: AnnouncePayload = { matchingId, event, epoch, ...traced(traceparent) };
  return {
    id: `announce:${matchingId}:${announcedStatus[event]}:${epoch}`,
    queue: Queue.announce,
    matchingId,
    payload: stringify(payload),
    delayMs: 0,
  };
}

function traced(traceparent: string | undefined): Traced {
  return traceparent === undefined ? {} : { traceparent };
}
