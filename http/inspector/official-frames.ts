// Frames of the @statelyai/inspect protocol 0.7.2, written here because its own writer needs a live actor in the process. They may be
// shown on pages of others, so nothing of a person is in them: states, event types and counters only.
import type { AnyStateMachine } from 'xstate';
import { applicationMachine } from '../../machines/application.ts';
import { importMachine } from '../../machines/import.ts';
import { matchingMachine } from '../../machines/matching.ts';
import type { ActorStep } from '../../runtime/actor-steps.ts';
import type { TransitionRecord } from '../../runtime/store.ts';
import type { MachineId } from './statechart.ts';

const protocolVersion = '0.7.2';
const machines: Readonly<Record<MachineId, AnyStateMachine>> = {
  matching: matchingMachine, application: applicationMachine, import: importMachine,
};

/** The same for the life of the entity, on every host. */
export function sessionId(machine: MachineId, entity: string): string {
  return `${machine}:${entity}`;
}

interface Subject {
  readonly machine: MachineId;
  readonly entity: string;
  readonly atMs: number;
}

interface Snapshot {
  readonly status: ActorStep['status'];
  readonly value: ActorStep['value'];
  readonly context: Readonly<Record<string, unknown>>;
}

function frame(type: string, { machine, entity, atMs }: Subject, fields: Readonly<Record<string, unknown>>): string {
  const session = sessionId(machine, entity);
  return JSON.stringify({ type, ...fields, sessionId: session, rootId: session, createdAt: String(atMs), id: null, _version: protocolVersion });
}

function snapshotOf({ status, value, context }: Snapshot): Readonly<Record<string, unknown>> {
  return { status, value, context, children: {}, historyValue: {}, tags: [] };
}

function actorFrame(subject: Subject, snapshot: Snapshot): string {
  return frame('@xstate.actor', subject, { name: subject.entity, definition: definitionOf(subject.machine), snapshot: snapshotOf(snapshot) });
}

function eventFrames(subject: Subject, type: string, snapshot: Snapshot): string[] {
  const event = { type };
  return [frame('@xstate.event', subject, { event }), frame('@xstate.snapshot', subject, { event, snapshot: snapshotOf(snapshot) })];
}

function subjectOf({ matchingId, createdAt }: TransitionRecord): Subject {
  return { machine: 'matching', entity: matchingId, atMs: createdAt };
}

/** The matching as it was before the move. */
export function actorOfMove(move: TransitionRecord): string {
  return actorFrame(subjectOf(move), { status: 'active', value: move.from ?? 'absent', context: { epoch: move.epoch } });
}

export function framesOfMove(move: TransitionRecord): string[] {
  const { to, event, epoch, version, createdAt, actor } = move;
  const context = { epoch, version, status_since: new Date(createdAt).toISOString(), moved_by: actor };
  return eventFrames(subjectOf(move), event, { status: 'active', value: to, context });
}

export function actorOfStep(step: ActorStep): string {
  const { machine, entity, startedAtMs, status, value, context } = step;
  return actorFrame({ machine, entity, atMs: startedAtMs }, { status, value, context });
}

export function framesOfStep(step: ActorStep): string[] {
  const { machine, entity, atMs, event, status, value, context } = step;
  return eventFrames({ machine, entity, atMs }, event, { status, value, context });
}

const definitions = new Map<MachineId, string>();

/** The machine's configuration as JSON text, of any depth; functions are told by their names. */
export function definitionOf(machine: MachineId): string {
  const known = definitions.get(machine);
  if (known !== undefined) return known;
  const text = JSON.stringify(machines[machine].config, (_key, value: unknown) =>
    (typeof value === 'function' ? { type: value.name === '' ? 'assign' : value.name } : value));
  definitions.set(machine, text);
  return text;
}
