// Carries out the effects a move names, inside the transaction of the move: tasks are rows of the same commit.
import { stringify } from 'superjson';
import { EffectType, type Effect } from '../../machines/effects.ts';
import type { AnnouncedEventType } from '../../machines/events.ts';
import { personKey, type MatchingId } from '../../machines/ids.ts';
import type { MatchingRecord } from '../../machines/matching-record.ts';
import { announcedStatus } from '../../machines/step.ts';
import type { StoreTx } from '../store.ts';
import { Queue, type NewTask } from '../tasks.ts';

/** Payload of a `create_application` task. */
export interface ApplicationPayload {
  readonly matchingId: MatchingId;
}

/** Payload of an `announce` task: which event the accepted announcement dispatches, for which match. */
export interface AnnouncePayload {
  readonly matchingId: MatchingId;
  readonly event: AnnouncedEventType;
  readonly epoch: number;
}

type Carry<Type extends EffectType> = (tx: StoreTx, record: MatchingRecord, effect: Extract<Effect, { type: Type }>) => Promise<unknown>;

const carriers: { readonly [Type in EffectType]: Carry<Type> } = {
  [EffectType.create_application]: (tx, record) => tx.enqueue(applicationTask(record)),
  [EffectType.announce]: (tx, record, effect) => tx.enqueue(announceTask(record.id, effect.event, effect.epoch)),
  [EffectType.retire_results]: (tx, record, effect) => tx.retireResults(record.id, effect.epoch),
};

export async function carryOut(tx: StoreTx, record: MatchingRecord, effect: Effect): Promise<void> {
  const carry = carriers[effect.type] as Carry<EffectType>;
  await carry(tx, record, effect);
}

export function applicationTask(record: MatchingRecord): NewTask {
  const payload: ApplicationPayload = { matchingId: record.id };
  return {
    id: `application:${personKey(record.newbieUdid, [record.newbie])}`,
    queue: Queue.create_application,
    matchingId: record.id,
    payload: stringify(payload),
    delayMs: 0,
  };
}

export function announceTask(matchingId: MatchingId, event: AnnouncedEventType, epoch: number): NewTask {
  const payload: AnnouncePayload = { matchingId, event, epoch };
  return {
    id: `announce:${matchingId}:${announcedStatus[event]}:${epoch}`,
    queue: Queue.announce,
    matchingId,
    payload: stringify(payload),
    delayMs: 0,
  };
}
