// The story of a matching, drawn.
import type { JSX } from 'preact';
import { durationText } from '../shared/format.ts';
import { Badge, StatusName, Time } from '../shared/ui.tsx';
import { timelineOf, type Entry } from './timeline.ts';
import type { MatchingDetails } from './wire.ts';

const kinds: Readonly<Record<Entry['kind'], string>> = {
  move: 'move', task: 'task', announcement: 'told', figures: 'figures', read: 'read', operator: 'operator',
};

export function Timeline({ details }: { readonly details: MatchingDetails }): JSX.Element {
  const startMs = Date.parse(details.matching.created_at);
  return (
    <ol class="timeline">
      {timelineOf(details).map((entry) => (
        <li key={entry.key} class={entry.kind} data-status={entry.status ?? undefined}>
          <span class="dot" aria-hidden="true" />
          <div class="what">
            <p>
              <strong>{entry.title}</strong>{' '}
              {entry.status === null ? <Badge tone={entry.tone}>{kinds[entry.kind]}</Badge> : <span class="muted">→ <StatusName status={entry.status} /></span>}
            </p>
            {entry.detail ? <p class="detail small muted break">{entry.detail}</p> : null}
          </div>
          <div class="when small">
            <Time at={entry.at} />
            <span class="muted number">{offsetText(Date.parse(entry.at) - startMs)}</span>
          </div>
        </li>
      ))}
    </ol>
  );
}

function offsetText(ms: number): string {
  return ms < 1_000 ? 'start' : `+${durationText(ms)}`;
}
