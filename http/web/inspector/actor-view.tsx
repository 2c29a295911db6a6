// Live actors of one machine: the runs of tasks or jobs, the chart with the states one is in, and the way it took, step by step. A run
// lasts milliseconds, so it is shown at a pace that eyes can follow.
import type { JSX } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { Statechart } from '../../inspector/statechart.ts';
import { clockText } from '../shared/moments.ts';
import { Chart } from './chart.tsx';
import type { Pulse, Run } from './happenings.ts';
import type { StepFrame } from './live.ts';
import { placeHash } from './route.ts';
import { activeStates, arrowsTaken, valueText } from './state-values.ts';
import { Timeline } from './timeline.tsx';

export interface ActorViewProps {
  readonly chart: Statechart;
  readonly runs: readonly Run[];
}

const words = {
  application: { title: 'Applications being formed', none: 'No application is being formed', hint: 'A run appears when a newbie enrols and a task takes up the application.' },
  import: { title: 'Job runs', none: 'No job has run on this host yet', hint: 'A run appears when a job starts here; jobs of other hosts are in the console.' },
} as const;

const paceMs = 380;

export function ActorView({ chart, runs }: ActorViewProps): JSX.Element {
  const machine = chart.id === 'import' ? 'import' : 'application';
  const own = runs.filter((run) => run.machine === machine);
  // Held whole: the list forgets old runs.
  const [chosen, setChosen] = useState<Run | null>(null);
  const [followed, setFollowed] = useState<string | null>(null);
  // A run is watched to its end before the next is followed.
  const [at, setAt] = useState(1);
  const run = own.find(({ key }) => key === (chosen?.key ?? followed)) ?? chosen ?? own[0];
  const length = run?.steps.length ?? 0;
  useEffect(() => {
    if (run !== undefined && followed === null) setFollowed(run.key);
  }, [run, followed]);
  const follow = (next: Run | undefined): void => {
    setFollowed(next?.key ?? null);
    setAt(1);
  };
  useEffect(() => {
    if (chosen !== null) return undefined;
    const timer = window.setTimeout(() => {
      if (at < length) setAt(at + 1);
      else if (own[0] !== undefined && own[0].key !== run?.key) follow(own[0]);
    }, paceMs);
    return () => window.clearTimeout(timer);
  }, [at, length, chosen, own, run]);
  const choose = (next: Run): void => {
    setChosen(next);
    setAt(next.steps.length);
  };
  const walk = useMemo(() => walkOf(chart, run?.steps ?? []), [chart, run]);
  const here = walk[Math.min(at, length) - 1];
  const [pulses, endPulse] = useWalkPulses(`${run?.key} ${at}`, here?.taken ?? []);
  const visited = new Set(walk.slice(0, at).flatMap(({ taken }) => taken));
  return (
    <>
      <h1 class="visually-hidden">{words[machine].title}</h1>
      <div class={`card chart-card actor ${run === undefined ? '' : 'one'}`}>
        <Chart
          chart={chart} lit={here?.active ?? []} visited={visited} taken={here?.taken ?? []} facts={{}} pulses={pulses} onPulseEnd={endPulse}
          summary={here === undefined ? `State chart of ${machine}` : `State chart of ${machine}: ${valueText(here.step.value)}`}
        />
        {run === undefined ? null : (
          <Timeline
            marks={walk.map(({ step }) => ({ label: eventText(step.event), hint: valueText(step.value) }))} at={Math.min(at, length)}
            onMove={(step) => { setChosen(run); setAt(step); }} spoken={here === undefined ? '' : `${eventText(here.step.event)}: ${valueText(here.step.value)}`}
          />
        )}
      </div>
      <div class="columns">
        <Runs machine={machine} runs={own} shown={run?.key ?? null} following={chosen === null} onChoose={choose} onFollow={() => { setChosen(null); follow(own[0]); }} />
        {here === undefined ? null : <StepFacts step={here.step} />}
      </div>
    </>
  );
}

interface Walked {
  readonly step: StepFrame;
  readonly active: readonly string[];
  readonly taken: readonly string[];
}

function walkOf(chart: Statechart, steps: readonly StepFrame[]): Walked[] {
  let before: readonly string[] = [];
  return steps.map((step) => {
    const active = activeStates(chart.id, step.value);
    const taken = before.length === 0 ? [] : arrowsTaken(chart.edges, before, active);
    before = active;
    return { step, active, taken };
  });
}

/** Each arrow of the step lights up once. */
function useWalkPulses(step: string, taken: readonly string[]): readonly [readonly Pulse[], (key: number) => void] {
  const [ended, setEnded] = useState<string | null>(null);
  const pulses = ended === step ? [] : taken.map((edge, index) => ({ key: index, edge, count: 1 }));
  return [pulses, () => setEnded(step)];
}

interface RunsProps extends Pick<ActorViewProps, 'runs'> {
  readonly machine: 'application' | 'import';
  readonly shown: string | null;
  readonly following: boolean;
  readonly onChoose: (run: Run) => void;
  readonly onFollow: () => void;
}

function Runs({ machine, runs, shown, following, onChoose, onFollow }: RunsProps): JSX.Element {
  return (
    <section class="card list-card" aria-labelledby="runs-title" data-testid="runs">
      <header>
        <h2 id="runs-title">{words[machine].title}</h2>
        <button type="button" class="button" aria-pressed={following} onClick={onFollow}>{following ? 'Following' : 'Follow the latest'}</button>
      </header>
      {runs.length === 0 ? <div class="empty"><strong>{words[machine].none}</strong>{words[machine].hint}</div> : (
        <ul class="rows">
          {runs.map((run) => {
            const last = run.steps.at(-1);
            return (
              <li key={run.key}>
                <button type="button" class="rowlink" aria-current={run.key === shown} onClick={() => onChoose(run)}>
                  <span class="visually-hidden">Run of</span>
                  <span class="line"><code class="break">{run.entity}</code><time class="small muted number">{clockText(Date.parse(last?.started_at ?? ''))}</time></span>
                  <span class="line"><span class="small muted">{last === undefined ? '' : valueText(last.value)}</span><span class={`badge ${toneOf(last)}`}>{last?.status === 'active' ? 'running' : 'ended'}</span></span>
                </button>
              </li>
            );
          })}
        </ul>
      )}
    </section>
  );
}

function toneOf(step: StepFrame | undefined): string {
  if (step?.status === 'active') return 'info';
  return step?.value === 'failed' ? 'bad' : 'good';
}

function StepFacts({ step }: { readonly step: StepFrame }): JSX.Element {
  const tookMs = Date.parse(step.at) - Date.parse(step.started_at);
  return (
    <section class="card" aria-labelledby="facts-title" data-testid="actor-step">
      <header><h2 id="facts-title">{valueText(step.value)}</h2></header>
      <dl class="facts body">
        <dt>Event</dt><dd><code class="break">{step.event}</code></dd>
        <dt>After</dt><dd class="number">{tookMs} ms</dd>
        {Object.entries(step.context).map(([field, value]) => (
          <div key={field} class="contents"><dt>{field}</dt><dd><code class="break">{typeof value === 'string' ? value : JSON.stringify(value)}</code></dd></div>
        ))}
        {step.machine === 'application' ? <><dt>Matching</dt><dd><a class="break" href={placeHash({ machine: 'matching', id: step.entity, step: null })}>{step.entity}</a></dd></> : null}
      </dl>
      {step.machine === 'application' ? <p class="body small muted">Personal data stays in the task: only that it was found is shown.</p> : null}
    </section>
  );
}

/** `xstate.done.actor.0.application.collecting.car.asking` is `done car.asking`. */
function eventText(type: string): string {
  const internal = /^xstate\.(done|error)\.(?:actor\.\d+|state)\.(?:application|import)\.(?:collecting\.)?(.+)$/.exec(type);
  if (internal !== null) return `${internal[1]} ${internal[2]}`;
  return type === 'xstate.init' ? 'start' : type;
}
