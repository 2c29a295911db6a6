// All matchings: the heat of each state, lights where they move, those that are stuck, the feed, and who is in a state.
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Heat } from '../../admin/heat.ts';
import type { Statechart } from '../../inspector/statechart.ts';
import { useResource } from '../shared/api-context.ts';
import { clockText, durationText, msBetween } from '../shared/moments.ts';
import { Chart } from './chart.tsx';
import type { FeedEntry, Happenings } from './happenings.ts';
import { heatFacts } from './heat-facts.ts';
import { placeHash, type Routing } from './route.ts';

export interface OverviewProps extends Pick<Routing, 'go'> {
  readonly chart: Statechart;
  readonly happenings: Happenings;
}

const heatEveryMs = 10_000;
/** After a move, at most this often. */
const heatAfterMoveMs = 1_000;

export function Overview({ chart, happenings, go }: OverviewProps): JSX.Element {
  const { feed, pulses, skipped, endPulse } = happenings;
  const { data: heat, error, refresh } = useResource<Heat>('/admin/v1/heat', heatEveryMs);
  const [state, setState] = useState<string | null>(null);
  useRefreshAfter(feed[0]?.id, refresh);
  const status = state?.replace('matching.', '') ?? null;
  const total = heat === null ? 0 : Object.values(heat.states).reduce((sum, { present }) => sum + present, 0);
  return (
    <>
      <h1 class="visually-hidden">The matching machine</h1>
      <div class="card chart-card">
        <Chart
          chart={chart} lit={[]} visited={new Set()} taken={[]} facts={heat === null ? {} : heatFacts(heat)} pulses={pulses} onPulseEnd={endPulse}
          picked={state} onPick={(picked) => setState((before) => (before === picked ? null : picked))}
          summary={`State chart of ${total} matchings: how many are in each state and for how long`}
        />
        {error === null ? null : <p class="note bad">{error.message}</p>}
      </div>
      <div class="columns">
        {status === null ? null : <InState status={status} go={go} onClose={() => setState(null)} />}
        <Feed feed={feed} skipped={skipped} />
        <Stuck heat={heat} />
        <HeatTable heat={heat} onPick={(picked) => setState(`matching.${picked}`)} />
      </div>
    </>
  );
}

/** At once for the first of several news, then once they have settled. */
function useRefreshAfter(news: string | undefined, refresh: () => void): void {
  const lastMs = useRef(0);
  useEffect(() => {
    if (news === undefined) return undefined;
    const waitMs = Math.max(0, lastMs.current + heatAfterMoveMs - performance.now());
    const timer = window.setTimeout(() => {
      lastMs.current = performance.now();
      refresh();
    }, waitMs);
    return () => window.clearTimeout(timer);
  }, [news, refresh]);
}

function Feed({ feed, skipped }: { readonly feed: readonly FeedEntry[]; readonly skipped: boolean }): JSX.Element {
  return (
    <section class="card list-card" aria-labelledby="feed-title" data-testid="feed">
      <header><h2 id="feed-title">Live</h2>{skipped ? <span class="badge warn">too many to show all</span> : <span class="small muted">moves as they are committed</span>}</header>
      {feed.length === 0 ? <div class="empty"><strong>Nothing has moved yet</strong>Moves on any host appear here.</div> : (
        <ul class="rows">
          {feed.map((move) => (
            <li key={move.id}>
              <a class="rowlink" href={placeHash({ machine: 'matching', id: move.matching_id, step: null })}>
                <span class="line"><code class="event-name">{move.event}</code><time class="small muted number">{clockText(move.seenAtMs)}</time></span>
                <span class="line"><span class="small"><span class="status" data-status={move.to}>{move.from ?? 'absent'} → {move.to}</span></span><span class="small muted">{move.actor}</span></span>
                <span class="small muted mono">{move.matching_id}</span>
              </a>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function Stuck({ heat }: { readonly heat: Heat | null }): JSX.Element {
  const stuck = heat?.stuck ?? [];
  return (
    <section class="card list-card" aria-labelledby="stuck-title" data-testid="stuck">
      <header><h2 id="stuck-title">Stuck</h2>{stuck.length > 0 ? <span class="badge bad">{stuck.length}</span> : <span class="small muted">longer than expected in a state</span>}</header>
      {stuck.length === 0 ? <div class="empty"><strong>{heat === null ? 'Loading…' : 'Nobody is stuck'}</strong></div> : (
        <ul class="rows">
          {stuck.map(({ id, status, status_since: since, overdue_s: overdue }) => (
            <li key={id}>
              <a class="rowlink" href={placeHash({ machine: 'matching', id, step: null })}>
                <span class="line"><span class="status" data-status={status}>{status}</span><span class="small number">{durationText(msBetween(since, heat?.at ?? since))}</span></span>
                <span class="line"><span class="small muted mono">{id}</span></span>
                <span class="small late">{durationText(overdue * 1_000)} over what is expected</span>
              </a>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function HeatTable({ heat, onPick }: { readonly heat: Heat | null; readonly onPick: (status: string) => void }): JSX.Element {
  const age = (since: string | null): string => (since === null || heat === null ? '–' : durationText(msBetween(since, heat.at)));
  return (
    <section class="card list-card" aria-labelledby="heat-title" data-testid="heat">
      <header><h2 id="heat-title">Heat</h2><span class="small muted">how many, for how long</span></header>
      <div>
        <table class="heat">
          <thead><tr><th scope="col">State</th><th scope="col">Now</th><th scope="col">Median</th><th scope="col">Oldest</th><th scope="col" class="wide-only">Expected</th></tr></thead>
          <tbody>
            {Object.entries(heat?.states ?? {}).map(([status, { present, median_since: median, oldest_since: oldest, expected_s: expected }]) => (
              <tr key={status}>
                <th scope="row" aria-label={status}>
                  <button type="button" class="link" onClick={() => onPick(status)}>
                    <span class="visually-hidden">Who is in</span> <span class="status" data-status={status}>{status}</span>
                  </button>
                </th>
                <td class="number">{present.toLocaleString('en')}</td>
                <td class="number nowrap">{age(median)}</td>
                <td class="number nowrap">{age(oldest)}</td>
                <td class="number nowrap muted wide-only">{expected === null ? '–' : `≤ ${durationText(expected * 1_000)}`}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

interface Page {
  readonly matchings: readonly { readonly id: string; readonly newbie: string; readonly mentor: string | null; readonly status_since: string }[];
}

function InState({ status, go, onClose }: Pick<Routing, 'go'> & { readonly status: string; readonly onClose: () => void }): JSX.Element {
  const { data } = useResource<Page>(`/admin/v1/matchings?status=${status}&limit=30`, heatEveryMs);
  return (
    <section class="card list-card" aria-labelledby="in-state-title" data-testid="in-state">
      <header><h2 id="in-state-title">In <span class="status" data-status={status}>{status}</span></h2><button type="button" class="button quiet" aria-label="Close the list" onClick={onClose}>✕</button></header>
      {data === null || data.matchings.length === 0 ? <div class="empty"><strong>{data === null ? 'Loading…' : 'Nobody'}</strong></div> : (
        <ul class="rows">
          {data.matchings.map(({ id, newbie, mentor, status_since: since }) => (
            <li key={id}>
              <button type="button" class="rowlink" onClick={() => go({ machine: 'matching', id, step: null })}>
                <span class="visually-hidden">Look at</span>
                <span class="small mono">{id}</span>
                <span class="line"><span class="small muted break">{newbie}{mentor === null ? '' : ` → ${mentor}`}</span></span>
                <span class="small muted">since {since.slice(0, 16).replace('T', ' ')}</span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
