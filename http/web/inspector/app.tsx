// The inspector: each machine's statechart, live.
import type { JSX } from 'preact';
import { useCallback, useState } from 'preact/hooks';
import type { MachineId, Statechart } from '../../inspector/statechart.ts';
import { useResource } from '../shared/api-context.ts';
import { Shell } from '../shared/shell.tsx';
import { ActorView } from './actor-view.tsx';
import { useHappenings } from './happenings.ts';
import { useLive, type LiveFrame, type LiveState } from './live.ts';
import { MatchingView } from './matching-view.tsx';
import { Overview } from './overview.tsx';
import { placeHash, useRouting } from './route.ts';
import { Search } from './search.tsx';
import './inspector.css';

const topics = ['machine/matching', 'machine/application', 'machine/import'] as const;
const titles: Readonly<Record<MachineId, string>> = { matching: 'Matchings', application: 'Applications', import: 'Jobs' };

export function App(): JSX.Element {
  const { place, go } = useRouting();
  const { data, error } = useResource<{ machines: readonly Statechart[] }>('/admin/v1/machines');
  const happenings = useHappenings();
  const { addMoves, addStep } = happenings;
  const [resyncs, setResyncs] = useState(0);
  const hear = useCallback((frame: LiveFrame) => {
    if (frame.type === '@mentorship.moves') addMoves(frame);
    else if (frame.type === '@mentorship.step') addStep(frame);
    else if (frame.type === '@mentorship.resync') setResyncs((count) => count + 1);
  }, [addMoves, addStep]);
  const live = useLive(topics, hear);
  const chart = data?.machines.find(({ id }) => id === place.machine);
  return (
    <Shell page="inspector">
      <div class="page inspector">
        <div class="machines">
          <nav aria-label="Machines">
            {(Object.keys(titles) as MachineId[]).map((machine) => (
              <a key={machine} href={placeHash({ machine, id: null, step: null })} aria-current={machine === place.machine ? 'page' : undefined}>{titles[machine]}</a>
            ))}
          </nav>
          <Search go={go} />
          <Connection state={live} />
          <a class="small" href="/inspector/stately">Stately inspector</a>
        </div>
        {chart === undefined ? <div class="card"><div class="empty"><strong>{error === null ? 'Loading…' : error.message}</strong></div></div> : null}
        {chart?.id === 'matching' && place.id === null ? <Overview chart={chart} happenings={happenings} go={go} /> : null}
        {chart?.id === 'matching' && place.id !== null ? <MatchingView key={place.id} id={place.id} chart={chart} feed={happenings.feed} resyncs={resyncs} place={place} go={go} /> : null}
        {chart?.id === 'application' || chart?.id === 'import' ? <ActorView key={chart.id} chart={chart} runs={happenings.runs} /> : null}
      </div>
    </Shell>
  );
}

const connectionWords: Readonly<Record<LiveState, string>> = { connecting: 'Connecting', live: 'Live', lost: 'Connection lost, trying again' };

function Connection({ state }: { readonly state: LiveState }): JSX.Element {
  const tone = { connecting: '', live: 'good', lost: 'bad' }[state];
  return <output class={`badge ${tone}`} data-live={state}>{connectionWords[state]}</output>;
}
