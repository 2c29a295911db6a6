// The only writer of status: load -> step -> save row, transition and tasks in one transaction, for one event or for many.
import { looksAtFigures, type LifecycleEvent } from '../../machines/events.ts';
import type { MatchingId } from '../../machines/ids.ts';
import type { LifecyclePolicy, MatchingRecord } from '../../machines/matching-record.ts';
import type { Status } from '../../machines/status.ts';
import { step, type Step } from '../../machines/step.ts';
import type { Context } from '../context.ts';
import type { Lease } from '../lock.ts';
import type { ProgressFigures, StoreTx } from '../store.ts';
import { carryOut } from './effects.ts';
import { factsOf } from './facts.ts';

export interface Command {
  readonly matchingId: MatchingId;
  readonly event: LifecycleEvent;
  /** The row, where the caller has read it in the same transaction. */
  readonly stored?: MatchingRecord;
}

export interface Cause {
  /** `driver`, `operator`, `task:<queue>` or `job:<name>`. */
  readonly actor: string;
  /** An operator's words. */
  readonly reason?: string;
  /** A lock under which the caller works: checked in the same transaction. */
  readonly lease?: Lease;
  /** The recorded trace that tasks caused by this are to continue: taken before the transaction, which runs in nobody's scope. */
  readonly traceparent?: string;
}

export interface Outcome {
  readonly matchingId: MatchingId;
  readonly event: LifecycleEvent['type'];
  /** `unknown`: there is no such matching. */
  readonly outcome: Step['outcome'] | 'unknown';
  readonly from: Status | null;
  readonly to: Status | null;
  /** How long the matching had been in `from`; null unless it moved out of a status. */
  readonly stayedMs: number | null;
}

/** What dispatching needs of the context; jobs and simulations may pass less than the whole. */
export type DispatchPorts = Pick<Context, 'store' | 'metrics' | 'newId' | 'config'>;

/** Events of one matching are taken in the order given. Outcomes stand in the order of the commands. */
export async function dispatch(
  ports: DispatchPorts,
  commands: readonly Command[],
  cause: Cause,
  signal?: AbortSignal,
): Promise<Outcome[]> {
  const outcomes = await ports.store.transact((tx) => dispatchIn(tx, ports, commands, cause), signal);
  countOutcomes(ports, outcomes);
  return outcomes;
}

/** The body of {@link dispatch}, for callers with more to write in the same transaction; they count the outcomes after the commit. */
export async function dispatchIn(
  tx: StoreTx,
  ports: DispatchPorts,
  commands: readonly Command[],
  cause: Cause,
): Promise<Outcome[]> {
  if (cause.lease !== undefined) await tx.assertLease(cause.lease);
  const scene = await loadScene(tx, commands, ports.config.programme.policy);
  const outcomes: Outcome[] = [];
  for (const command of commands) outcomes.push(await applyCommand(tx, scene, command, { cause, newId: ports.newId }));
  return outcomes;
}

export function countOutcomes(ports: DispatchPorts, outcomes: readonly Outcome[]): void {
  const { transitions, stageDuration, ignoredEvents } = ports.metrics;
  for (const { outcome, from, to, event, stayedMs } of outcomes) {
    if (outcome === 'moved') transitions.inc({ from: from ?? 'none', to: to ?? 'none' });
    else ignoredEvents.inc({ from: from ?? 'none', event });
    if (from !== null && stayedMs !== null) stageDuration.observe({ status: from }, stayedMs / 1_000);
  }
}

/** What one transaction knows: rows as they are after the commands taken so far. */
interface Scene {
  readonly now: number;
  readonly policy: LifecyclePolicy;
  readonly records: Map<MatchingId, MatchingRecord>;
  /** Of matchings with an event whose guards look at them. */
  readonly figures: Map<MatchingId, ProgressFigures>;
}

interface Author {
  readonly cause: Cause;
  readonly newId: () => string;
}

async function loadScene(tx: StoreTx, commands: readonly Command[], policy: LifecyclePolicy): Promise<Scene> {
  const ids = idsOf(commands);
  const judged = idsOf(commands.filter(({ event }) => looksAtFigures(event.type)));
  const known = commands.flatMap(({ stored }) => stored ?? []);
  const unread = known.length === 0 ? ids : ids.filter((id) => !known.some((record) => record.id === id));
  const [now, records, results] = await Promise.all([tx.now(), tx.matchings(unread), tx.results(judged)]);
  return {
    now,
    policy,
    records: new Map([...known, ...records].map((record) => [record.id, record])),
    figures: new Map(results.map((result) => [result.matchingId, result.figures])),
  };
}

function idsOf(commands: readonly Command[]): MatchingId[] {
  return [...new Set(commands.map((command) => command.matchingId))];
}

async function applyCommand(tx: StoreTx, scene: Scene, { matchingId, event }: Command, author: Author): Promise<Outcome> {
  const stored = scene.records.get(matchingId) ?? null;
  if (stored === null && event.type !== 'ENROLLED') return { matchingId, event: event.type, outcome: 'unknown', from: null, to: null, stayedMs: null };
  const facts = factsOf(scene.now, scene.figures.get(matchingId) ?? null, scene.policy);
  const taken = step(stored, event, facts);
  if (taken.outcome !== 'rejected' && taken.record !== null && taken.record !== stored) {
    await save(tx, stored, taken.record);
    scene.records.set(matchingId, taken.record);
  }
  if (taken.outcome !== 'moved') {
    return { matchingId, event: event.type, outcome: taken.outcome, from: stored?.status ?? null, to: stored?.status ?? null, stayedMs: null };
  }
  await tx.insertTransition(transitionOf(taken, event, author));
  for (const effect of taken.effects) {
    if (effect.type === 'retire_results') scene.figures.delete(matchingId);
    await carryOut(tx, { record: taken.record, traceparent: author.cause.traceparent }, effect);
  }
  const stayedMs = stored === null ? null : taken.record.statusSince - stored.statusSince;
  return { matchingId, event: event.type, outcome: 'moved', from: taken.from, to: taken.record.status, stayedMs };
}

async function save(tx: StoreTx, stored: MatchingRecord | null, next: MatchingRecord): Promise<void> {
  if (stored === null) await tx.insertMatching(next);
  else await tx.updateMatching(next, stored);
}

function transitionOf({ from, record }: Extract<Step, { outcome: 'moved' }>, event: LifecycleEvent, { cause, newId }: Author) {
  return {
    id: newId(),
    matchingId: record.id,
    createdAt: record.statusSince,
    from,
    to: record.status,
    event: event.type,
    actor: cause.actor,
    epoch: record.epoch,
    version: record.version,
    reason: cause.reason ?? null,
  };
}
