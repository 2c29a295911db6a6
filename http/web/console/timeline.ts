// One matching's story in one order: moves, tasks, announcements, figures, reading, and what operators did.
import type { Tone } from '../shared/ui.tsx';
import type { MatchingDetails, OperatorAction, Task } from './wire.ts';

export interface Entry {
  readonly key: string;
  readonly at: string;
  readonly kind: 'move' | 'task' | 'announcement' | 'figures' | 'read' | 'operator';
  readonly title: string;
  readonly detail: string | null;
  readonly tone: Tone;
  /** Of a move: the status it led to. */
  readonly status: string | null;
}

/** Latest first; of one moment, what was caused stands above its cause. */
export function timelineOf(details: MatchingDetails): Entry[] {
  const all = [
    ...details.operator_actions.map(operatorEntry).toReversed(),
    ...details.transitions.map(moveEntry),
    ...details.tasks.map(taskEntry),
    ...details.announcements.map((one): Entry => ({
      key: one.event_id, at: one.accepted_at, kind: 'announcement', title: `${announcedText(one.event)} told to the ${one.recipient}`,
      detail: `event ${one.event_id}`, tone: 'info', status: null,
    })),
    ...(details.results === null ? [] : [figuresEntry(details.results)]),
    ...readEntry('newbie', details.matching.newbie_last_read_at),
    ...readEntry('mentor', details.matching.mentor_last_read_at),
  ];
  return all.map((entry, index) => ({ entry, index })).sort((a, b) => Date.parse(b.entry.at) - Date.parse(a.entry.at) || b.index - a.index).map(({ entry }) => entry);
}

const announced: Readonly<Record<string, string>> = {
  MATCH_ANNOUNCED: 'The match', PROGRESS_ANNOUNCED: 'Progress', RESULT_ANNOUNCED: 'The result', PROMOCODE_ANNOUNCED: 'The promocode',
};

function announcedText(event: string): string {
  return announced[event] ?? event;
}

const moves: Readonly<Record<string, string>> = {
  ENROLLED: 'Asked to take part', APPLICATION_WRITTEN: 'Application row written to YT', MATCHED: 'Matched with a mentor by the CRM',
  MATCH_ANNOUNCED: 'Both were told of each other', PROGRESS_ANNOUNCED: 'The mentor was told of the progress', RESULT_ANNOUNCED: 'The mentor was told of the result',
  PROMOCODE_ANNOUNCED: 'The mentor was told of the promocode', DEADLINE_PASSED: 'The deadline passed without a promocode',
};

function moveEntry({ id, created_at: at, from, to, event, actor, epoch, reason }: MatchingDetails['transitions'][number]): Entry {
  const detail = [`${event} by ${actor}`, epoch > 1 ? `match ${epoch}` : null, from === to ? 'rematch' : null, reason === null ? null : `“${reason}”`];
  return { key: id, at, kind: 'move', title: moves[event] ?? event, detail: detail.filter((part) => part !== null).join(' · '), tone: 'plain', status: to };
}

function taskEntry(task: Task): Entry {
  const { id, queue, state, attempt, last_error: error } = task;
  const attempts = attempt === 1 ? '1 attempt' : `${attempt} attempts`;
  const title = { done: `Task ${queue} done after ${attempts}`, dead: `Task ${queue} died after ${attempts}`, running: `Task ${queue} is running`, pending: `Task ${queue} waits for its next attempt` }[state];
  const tone = { done: 'good', dead: 'bad', running: 'info', pending: 'warn' } as const;
  return { key: id, at: task.updated_at, kind: 'task', title, detail: error === null ? id : `${id} · ${error}`, tone: tone[state], status: null };
}

function figuresEntry({ updated_at: at, figures }: NonNullable<MatchingDetails['results']>): Entry {
  const known = Object.entries(figures).flatMap(([name, value]) => (value === null ? [] : [`${name} ${value}`]));
  return { key: 'figures', at, kind: 'figures', title: 'The CRM sent figures', detail: known.join(' · '), tone: 'plain', status: null };
}

function readEntry(side: 'newbie' | 'mentor', at: string | null): Entry[] {
  return at === null ? [] : [{ key: `read-${side}`, at, kind: 'read', title: `The ${side} read the dialog`, detail: null, tone: 'plain', status: null }];
}

const acts: Readonly<Record<OperatorAction['action'], string>> = {
  send_event: 'sent', retry_task: 'retried the task', run_job: 'ran', dry_run_job: 'tried', preview: 'looked at the phone of the',
};

export function actText({ actor, action, subject }: OperatorAction): string {
  return `${actor} ${acts[action]} ${subject}`;
}

function operatorEntry(one: OperatorAction): Entry {
  const detail = [one.outcome, one.reason === null ? null : `“${one.reason}”`].filter((part) => part !== null).join(' · ');
  return { key: one.id, at: one.at, kind: 'operator', title: actText(one), detail, tone: one.outcome.startsWith('failed') ? 'bad' : 'plain', status: null };
}
