// What a live actor of a task or a job tells whoever watches it: each state it comes to. Only what a redactor lets through leaves the
// actor; events are told by their type, for their payload is what an upstream answered.
import type { AnyActorRef, InspectionEvent, Observer, StateValue } from 'xstate';

export type WatchedMachine = 'application' | 'import';

/** Plain data: it is cloned from thread to thread. */
export interface ActorStep {
  readonly machine: WatchedMachine;
  /** The id of a matching or the name of a job. */
  readonly entity: string;
  /** Type of the event that led here. */
  readonly event: string;
  readonly value: StateValue;
  readonly status: 'active' | 'done' | 'error' | 'stopped';
  readonly context: Readonly<Record<string, unknown>>;
  /** Real time. */
  readonly startedAtMs: number;
  readonly atMs: number;
}

export interface StepsOf<ActorContext> extends Pick<ActorStep, 'machine' | 'entity'> {
  /** Names what may be shown; everything else stays where it is. */
  readonly redact: (context: ActorContext) => ActorStep['context'];
  readonly tell: (step: ActorStep) => void;
}

interface MachineSnapshot<ActorContext> {
  readonly value: StateValue;
  readonly status: ActorStep['status'];
  readonly context: ActorContext;
}

/** For `createActor`'s `inspect`. Of the actor itself, not of those it invokes. */
export function tellSteps<ActorContext>({ machine, entity, redact, tell }: StepsOf<ActorContext>): Observer<InspectionEvent> {
  const startedAtMs = Date.now();
  return {
    next: (inspected) => {
      if (inspected.type !== '@xstate.snapshot' || !isRoot(inspected)) return;
      const { value, status, context } = inspected.snapshot as unknown as MachineSnapshot<ActorContext>;
      const { type: event } = inspected.event;
      tell({ machine, entity, event, value, status, context: redact(context), startedAtMs, atMs: Date.now() });
    },
  };
}

function isRoot({ actorRef, rootId }: { readonly actorRef: unknown; readonly rootId: string }): boolean {
  return (actorRef as AnyActorRef).sessionId === rootId;
}
