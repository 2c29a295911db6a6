// One matching: where it is, how it came there step by step, what was known at each, and what may happen next.
import type { JSX } from 'preact';
import { useCallback, useEffect, useMemo, useState } from 'preact/hooks';
import type { MatchingDetails } from '../../admin/matching.ts';
import type { Statechart } from '../../inspector/statechart.ts';
import { useResource } from '../shared/api-context.ts';
import { ApiProblem } from '../shared/api.ts';
import { durationText, momentText, msBetween } from '../shared/moments.ts';
import { Chart } from './chart.tsx';
import { ContextDiff } from './context-diff.tsx';
import type { FeedEntry, Pulse } from './happenings.ts';
import type { Routing } from './route.ts';
import { SendEvent } from './send-event.tsx';
import { contextNow, stepsOf, type Step } from './steps.ts';
import { Timeline } from './timeline.tsx';

export interface MatchingViewProps extends Routing {
  readonly id: string;
  readonly chart: Statechart;
  readonly feed: readonly FeedEntry[];
  /** Grows whenever frames may have been missed. */
  readonly resyncs: number;
}

export function MatchingView({ id, chart, feed, resyncs, place, go }: MatchingViewProps): JSX.Element {
  const { data, error, refresh } = useResource<MatchingDetails>(`/admin/v1/matchings/${encodeURIComponent(id)}`, 15_000);
  const lastMove = feed.find(({ matching_id }) => matching_id === id);
  useEffect(() => refresh(), [refresh, lastMove?.id, resyncs]);
  const steps = useMemo(() => (data === null ? [] : stepsOf(data)), [data]);
  const [pulses, endPulse] = useMovePulse(lastMove);
  const goTo = useCallback((step: number) => go({ step: step >= steps.length ? null : step }), [go, steps.length]);
  if (data === null) return <Missing id={id} error={error} go={go} />;
  const at = Math.min(place.step ?? steps.length, steps.length);
  const step = steps[at - 1];
  const past = steps.slice(0, at);
  const state = step?.transition.to ?? data.matching.status;
  return (
    <>
      <Heading details={data} go={go} at={at} last={steps.length} />
      <div class="card chart-card one">
        <Chart
          chart={chart} lit={[`matching.${state}`]} visited={new Set(past.flatMap((one) => [one.edge, `matching.${one.transition.from ?? 'absent'}`]))}
          taken={step === undefined ? [] : [step.edge]} facts={{ [`matching.${state}`]: { note: step === undefined ? '' : sinceText(steps, at) } }}
          pulses={pulses} onPulseEnd={endPulse} summary={`State chart of this matching: ${state}`}
        />
        <Timeline marks={steps.map(markOf)} at={at} onMove={goTo} spoken={step === undefined ? '' : spokenOf(step, steps.length)} />
      </div>
      <div class="columns">
        {step === undefined ? null : <StepCard step={step} last={steps.length} />}
        {step === undefined ? null : <ContextDiff past={step.context} now={contextNow(data)} title={at === steps.length ? 'Context' : `Context at step ${at} and now`} isPast={at < steps.length} />}
        <SendEvent key={id} details={data} isPast={at < steps.length} onSent={refresh} />
      </div>
    </>
  );
}

/** The light of each move that comes while one looks, once. */
function useMovePulse(move: FeedEntry | undefined): readonly [readonly Pulse[], () => void] {
  // What moved before the page was opened is history.
  const [ended, setEnded] = useState(move?.id ?? null);
  const pulses = move === undefined || move.id === ended ? [] : [{ key: move.version, edge: move.edge, count: 1 }];
  return [pulses, () => setEnded(move?.id ?? null)];
}

function Heading({ details, go, at, last }: { readonly details: MatchingDetails; readonly go: Routing['go']; readonly at: number; readonly last: number }): JSX.Element {
  const { matching } = details;
  return (
    <div class="heading">
      <button type="button" class="button" onClick={() => go({ id: null, step: null })}>← All matchings</button>
      <div class="heading-words">
        <h1 class="mono break">{matching.id}</h1>
        <p class="muted small break">newbie <code>{matching.newbie}</code>{matching.mentor === null ? ', no mentor yet' : <>, mentor <code>{matching.mentor}</code></>}</p>
      </div>
      <span class="spacer" />
      <a class="small" href={`/inspector/stately#${matching.id}`}>In Stately's inspector</a>
      {at < last ? <span class="badge warn" data-testid="travelling">Looking back: step {at} of {last}</span> : null}
      <span class="status" data-status={matching.status}>{matching.status}</span>
    </div>
  );
}

function StepCard({ step, last }: { readonly step: Step; readonly last: number }): JSX.Element {
  const { transition, number, sinceMs, cause, caused } = step;
  return (
    <section class="card" aria-labelledby="step-title" data-testid="step">
      <header><h2 id="step-title">Step {number} of {last}</h2><code class="event-name">{transition.event}</code></header>
      <dl class="facts body">
        <dt>Move</dt>
        <dd class="move"><span class="status" data-status={transition.from ?? 'absent'}>{transition.from ?? 'absent'}</span> → <span class="status" data-status={transition.to}>{transition.to}</span></dd>
        <dt>By</dt><dd><code>{transition.actor}</code></dd>
        <dt>At</dt><dd><time dateTime={transition.created_at}>{momentText(transition.created_at)}</time>{sinceMs === null ? '' : `, ${durationText(sinceMs)} after the step before`}</dd>
        {transition.reason === null ? null : <><dt>Reason</dt><dd class="break">{transition.reason}</dd></>}
        <dt>Match</dt><dd>{transition.epoch === 0 ? 'none yet' : `number ${transition.epoch}`}</dd>
        {cause === null ? null : <><dt>Reported by</dt><dd><TaskLine {...cause} /></dd></>}
        <dt>Tasks caused</dt>
        <dd>{caused.length === 0 ? <span class="muted">none</span> : caused.map((task) => <TaskLine key={task.id} {...task} />)}</dd>
      </dl>
    </section>
  );
}

function TaskLine({ id, queue, state, attempt, last_error: lastError }: MatchingDetails['tasks'][number]): JSX.Element {
  const tone = state === 'dead' ? 'bad' : state === 'done' ? 'good' : 'info';
  return (
    <div class="task" title={id}>
      <code>{queue}</code> <span class={`badge ${tone}`}>{state}</span>
      {attempt > 1 ? <span class="small muted"> attempt {attempt}</span> : null}
      {lastError === null ? null : <p class="small muted break">{lastError}</p>}
    </div>
  );
}

function Missing({ id, error, go }: { readonly id: string; readonly error: Error | null; readonly go: Routing['go'] }): JSX.Element {
  const isUnknown = error instanceof ApiProblem && error.status === 404;
  return (
    <div class="card"><div class="empty">
      <strong>{error === null ? 'Loading…' : isUnknown ? 'There is no such matching' : 'It cannot be read now'}</strong>
      <p class="mono break">{id}</p>
      {error === null ? null : <p><button type="button" class="button" onClick={() => go({ id: null, step: null })}>All matchings</button></p>}
    </div></div>
  );
}

function markOf({ transition, sinceMs }: Step): { label: string; status: string; hint: string } {
  const after = sinceMs === null ? '' : ` after ${durationText(sinceMs)}`;
  return { label: transition.to, status: transition.to, hint: `${transition.event} by ${transition.actor}${after}` };
}

function spokenOf({ number, transition }: Step, last: number): string {
  return `Step ${number} of ${last}: ${transition.event} by ${transition.actor}, ${transition.from ?? 'absent'} to ${transition.to}`;
}

function sinceText(steps: readonly Step[], at: number): string {
  const [step, next] = [steps[at - 1], steps[at]];
  if (step === undefined || next === undefined) return 'here now';
  return `stayed ${durationText(msBetween(step.transition.created_at, next.transition.created_at))}`;
}
