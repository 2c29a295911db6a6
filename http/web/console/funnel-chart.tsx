// The funnel as bars: how many ever reached a status, how many are in it, and for how long.
import type { JSX } from 'preact';
import { countText, durationText, shareText } from '../shared/format.ts';
import { Scroll, StatusName } from '../shared/ui.tsx';
import { addressOf } from './route.ts';
import type { Funnel, Heat } from './wire.ts';

type Status = keyof Funnel;

export function FunnelChart({ funnel, heat }: { readonly funnel: Funnel; readonly heat: Heat }): JSX.Element {
  const stages = Object.entries(funnel) as [Status, Funnel[Status]][];
  const most = Math.max(1, ...stages.map(([, { reached }]) => reached));
  const nowMs = Date.parse(heat.at);
  return (
    <Scroll label="Funnel by status">
      <table class="table funnel">
        <thead>
          <tr>
            <th scope="col">Status</th><th scope="col" class="bars">Reached</th><th scope="col" class="right">Share</th><th scope="col" class="right">Now</th>
            <th scope="col" class="right" title="Of those in it now">Waiting, middle</th><th scope="col" class="right" title="Of those in it now">Waiting, oldest</th>
            <th scope="col" class="right" title="Of those that left it since this instance started, estimated">Stayed, middle / 90%</th>
          </tr>
        </thead>
        <tbody>
          {stages.map(([status, { reached, present, stayed, oldest_since: oldest }]) => (
            <tr key={status}>
              <th scope="row"><a class="plain" href={addressOf('matchings', { status })}><StatusName status={status} /></a></th>
              <td class="bars">
                <span class="bar" data-status={status}>
                  <span class="fill" style={{ width: `${(reached / most) * 100}%` }}><span class="now" style={{ width: `${reached === 0 ? 0 : (present / reached) * 100}%` }} /></span>
                  <span class="number">{countText(reached)}</span>
                </span>
              </td>
              <td class="right number muted">{shareText(reached, funnel.created.reached)}</td>
              <td class="right number">{countText(present)}</td>
              <td class="right number nowrap">{sinceText(heat.states[status].median_since, nowMs)}</td>
              <td class="right number nowrap">{sinceText(oldest, nowMs)}</td>
              <td class="right number nowrap muted">{stayed === null ? '–' : `${durationText(stayed.median_ms)} / ${durationText(stayed.p90_ms)}`}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p class="legend small muted"><span class="key now" /> in the status now <span class="key" /> went on from it</p>
    </Scroll>
  );
}

function sinceText(since: string | null, nowMs: number): string {
  return since === null ? '–' : durationText(nowMs - Date.parse(since));
}
