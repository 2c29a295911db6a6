// One event against one stored matching: restore from columns, pure transition, effects as data. The only place that runs xstate's
// transition for the lifecycle.
import { createActor, type ActorScope, type AnyMachineSnapshot, type EventObject, type ExecutableActionObject } from 'xstate';
import { EffectType, type Effect } from './effects.ts';
import { EventType, isEventType, type AnnouncedEventType, type LifecycleEvent } from './events.ts';
import type { Facts, MatchingRecord } from './matching-record.ts';
import { matchingMachine, type LifecycleContext } from './matching.ts';
import { isStatus, Status } from './status.ts';

export type Step =
  | { readonly outcome: 'moved'; readonly from: Status | null; readonly record: MatchingRecord; readonly effects: readonly Effect[] }
  /** No transition applies. `record` differs from the stored one where the event only advanced a date; null if there was none. */
  | { readonly outcome: 'ignored'; readonly record: MatchingRecord | null }
  /** Not an event of the lifecycle at all. */
  | { readonly outcome: 'rejected'; readonly reason: 'unknown_event' };

interface Run {
  readonly record: MatchingRecord | null;
  readonly state: Status | null;
  readonly effects: readonly Effect[];
}

/** The status each announcement leads to. */
export const announcedStatus = {
  [EventType.MATCH_ANNOUNCED]: Status.initialized,
  [EventType.PROGRESS_ANNOUNCED]: Status.in_progress,
  [EventType.RESULT_ANNOUNCED]: Status.finished,
  [EventType.PROMOCODE_ANNOUNCED]: Status.succeed,
} as const satisfies Record<AnnouncedEventType, Status>;

/** Throws only for a record that no version of this machine wrote. */
export function step(stored: MatchingRecord | null, event: LifecycleEvent, facts: Facts): Step {
  if (!isEventType(event.type)) return { outcome: 'rejected', reason: 'unknown_event' };
  const { record, state, effects } = run(stored, event, facts);
  if (record === stored || record === null || state === null) return { outcome: 'ignored', record: stored };
  const moved = stored === null || state !== stored.status || record.epoch !== stored.epoch;
  const saved = { ...record, status: state, version: record.version + 1, updatedAt: facts.now };
  if (!moved) return { outcome: 'ignored', record: saved };
  return { outcome: 'moved', from: stored?.status ?? null, record: { ...saved, statusSince: facts.now }, effects };
}

/** The events that would move or advance the matching now, for operators. Facts the event carries itself are not judged. */
export function allowedEvents(record: MatchingRecord): EventType[] {
  return matchingMachine.states[record.status]?.ownEvents.filter(isEventType) ?? [];
}

// One inert scope for the machine's lifetime: xstate's exported transition() builds a throw-away actor and runs the initial state on
// every call, and would cost three times as much. Not re-entrant, so the collected actions are swapped per call.
let collected: ExecutableActionObject[] = [];
const scope = createScope();

function run(stored: MatchingRecord | null, event: LifecycleEvent, facts: Facts): Run {
  const value = stored === null ? 'absent' : stored.status;
  const before = matchingMachine.resolveState({ value, context: { record: stored, facts } });
  collected = [];
  const after = matchingMachine.transition(before, event, scope);
  if (after === before) return { record: stored, state: stored?.status ?? null, effects: [] };
  const { record } = after.context;
  return {
    // A move that assigns nothing still yields a new record: the status itself changed.
    record: record !== null && record === stored ? { ...record } : record,
    state: isStatus(after.value) ? after.value : null,
    effects: collected.flatMap((action) => effectOf(action, stored, record)),
  };
}

const effects = {
  [EffectType.create_application]: () => ({ type: EffectType.create_application }),
  [EffectType.announce]: (params, _stored, record) => ({
    type: EffectType.announce,
    event: (params as { event: AnnouncedEventType }).event,
    epoch: record.epoch,
  }),
  [EffectType.retire_results]: (_params, stored) => ({ type: EffectType.retire_results, epoch: stored?.epoch ?? 0 }),
} satisfies Record<EffectType, (params: unknown, stored: MatchingRecord | null, record: MatchingRecord) => Effect>;

function effectOf(action: ExecutableActionObject, stored: MatchingRecord | null, record: MatchingRecord | null): Effect[] {
  if (record === null || !Object.hasOwn(EffectType, action.type)) return [];
  return [effects[action.type as EffectType](action.params, stored, record)];
}

function createScope(): ActorScope<AnyMachineSnapshot & { context: LifecycleContext }, EventObject> {
  const facts: Facts = {
    now: 0,
    hasProgress7d: false,
    hasProgress14d: false,
    policy: { progressAgeMs: 0, resultAgeMs: 0, failAgeMs: 0, failGraceMs: 0, latePromocodeReopens: false },
  };
  const self = createActor(matchingMachine, { input: { record: null, facts } });
  return {
    self,
    system: self.system,
    id: self.id,
    sessionId: self.sessionId,
    logger: () => {},
    defer: () => {},
    emit: () => {},
    stopChild: () => {},
    actionExecutor: (action: ExecutableActionObject) => {
      collected.push(action);
    },
  } as never;
}
