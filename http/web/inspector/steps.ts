// The history of one matching as steps to travel through: what moved it, what came of it, and what was known of it then.
import type { MatchingDetails } from '../../admin/matching.ts';
import { msBetween } from '../shared/moments.ts';

export type Transition = MatchingDetails['transitions'][number];
export type Task = MatchingDetails['tasks'][number];

export interface Step {
  /** From 1. */
  readonly number: number;
  readonly transition: Transition;
  readonly edge: string;
  /** Since the step before; null for the first. */
  readonly sinceMs: number | null;
  /** The task that reported what happened; null where none did, or it is gone. */
  readonly cause: Task | null;
  /** Tasks that the move enqueued. */
  readonly caused: readonly Task[];
  readonly context: Context;
}

/** What was known at a moment; a field that cannot be told any more is left out. */
export type Context = Readonly<Record<string, string | number | null>>;

export function stepsOf(details: MatchingDetails): Step[] {
  const { transitions, tasks } = details;
  return transitions.map((transition, index) => {
    const before = transitions[index - 1];
    return {
      number: index + 1,
      transition,
      edge: `matching.${transition.from ?? 'absent'} ${transition.event} matching.${transition.to}`,
      sinceMs: before === undefined ? null : msBetween(before.created_at, transition.created_at),
      cause: causeOf(transition, tasks),
      caused: tasks.filter((task) => isCausedBy(task, transition)),
      context: contextThen(details, index),
    };
  });
}

/** What is known now, in the same words. */
export function contextNow({ matching, announcements, results }: MatchingDetails): Context {
  return {
    status: matching.status,
    status_since: matching.status_since,
    epoch: matching.epoch,
    version: matching.version,
    mentor: matching.mentor,
    matched_at: matching.matched_at,
    mentor_promocode: matching.mentor_promocode,
    completed_at: matching.completed_at,
    announcements_accepted: announcements.length,
    figures_known: results === null ? 0 : knownFigures(results.figures),
    newbie_last_read_at: matching.newbie_last_read_at,
    mentor_last_read_at: matching.mentor_last_read_at,
  };
}

function contextThen(details: MatchingDetails, index: number): Context {
  const { matching, transitions, announcements } = details;
  const past = transitions.slice(0, index + 1);
  const present = past.at(-1);
  if (present === undefined) return {};
  const matched = past.findLast(({ event }) => event === 'MATCHED');
  const isFinal = present.to === 'succeed' || present.to === 'failed';
  return {
    status: present.to,
    status_since: present.created_at,
    epoch: present.epoch,
    version: present.version,
    // Of an earlier match only its number is kept.
    mentor: matched === undefined ? null : present.epoch === matching.epoch ? matching.mentor : `mentor of match ${present.epoch}`,
    matched_at: matched?.created_at ?? null,
    completed_at: isFinal ? present.created_at : null,
    announcements_accepted: announcements.filter(({ accepted_at }) => accepted_at <= present.created_at).length,
  };
}

export interface Difference {
  readonly field: string;
  /** Undefined: not known of that moment. */
  readonly past: string | number | null | undefined;
  readonly now: string | number | null | undefined;
  readonly changed: boolean;
}

export function differences(past: Context, now: Context): Difference[] {
  return Object.keys(now).map((field) => ({ field, past: past[field], now: now[field], changed: field in past && past[field] !== now[field] }));
}

const announcedAs: Readonly<Record<string, string>> = {
  MATCH_ANNOUNCED: 'initialized', PROGRESS_ANNOUNCED: 'in_progress', RESULT_ANNOUNCED: 'finished', PROMOCODE_ANNOUNCED: 'succeed',
};

function causeOf({ event, epoch }: Transition, tasks: readonly Task[]): Task | null {
  if (event === 'APPLICATION_WRITTEN') return tasks.find(({ queue }) => queue === 'create_application') ?? null;
  const status = announcedAs[event];
  return status === undefined ? null : (tasks.find(({ id }) => id.endsWith(`:${status}:${epoch}`)) ?? null);
}

function isCausedBy({ id, queue }: Task, { event, epoch }: Transition): boolean {
  if (event === 'ENROLLED') return queue === 'create_application';
  return event === 'MATCHED' && id.endsWith(`:initialized:${epoch}`);
}

function knownFigures(figures: Readonly<Record<string, string | null>>): number {
  return Object.values(figures).filter((value) => value !== null).length;
}
