// This service's own frames, beside the official ones: without `_version`, so that official pages leave them out. Admin eyes only.
import type { ActorStep } from '../../runtime/actor-steps.ts';
import type { TransitionRecord } from '../../runtime/store.ts';
import { transitionToWire } from '../admin/wire.ts';
import { edgeId } from './statechart.ts';

const shownMoves = 50;

/** Answers `prove`, or opens the connection of who needs no proof. `programme_rate`: programme time per real time. */
export function helloFrame(programmeRate: number): string {
  return JSON.stringify({ type: '@mentorship.hello', programme_rate: programmeRate });
}

/** What was watched before has been sent; from here on frames are live. */
export function watchingFrame(topics: readonly string[]): string {
  return JSON.stringify({ type: '@mentorship.watching', topics });
}

/** Frames were left out, because the watcher was slow: it should read anew what it shows. */
export function resyncFrame(): string {
  return JSON.stringify({ type: '@mentorship.resync' });
}

export function refusalFrame(reason: string): string {
  return JSON.stringify({ type: '@mentorship.refused', reason });
}

export interface Moves {
  readonly moves: readonly TransitionRecord[];
  /** There were more than could be followed. */
  readonly skipped: boolean;
}

/** How often each arrow was taken, and the latest moves themselves. */
export function movesFrame(topic: string, { moves, skipped }: Moves): string {
  const edges: Record<string, number> = {};
  for (const move of moves) edges[edgeOfMove(move)] = (edges[edgeOfMove(move)] ?? 0) + 1;
  const latest = moves.slice(-shownMoves).map((move) => ({ matching_id: move.matchingId, edge: edgeOfMove(move), ...transitionToWire(move) }));
  return JSON.stringify({ type: '@mentorship.moves', topic, edges, moves: latest, skipped });
}

export function stepFrame(topic: string, step: ActorStep): string {
  const { machine, entity, event, value, status, context, startedAtMs, atMs } = step;
  const times = { started_at: new Date(startedAtMs).toISOString(), at: new Date(atMs).toISOString() };
  return JSON.stringify({ type: '@mentorship.step', topic, machine, entity, event, value, status, context, ...times });
}

function edgeOfMove({ from, to, event }: TransitionRecord): string {
  return edgeId({ source: `matching.${from ?? 'absent'}`, event, target: `matching.${to}` });
}
