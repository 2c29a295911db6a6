// The heat of each status as the chart shows it.
import type { Heat } from '../../admin/heat.ts';
import { msBetween, shortDuration } from '../shared/moments.ts';
import type { NodeFacts } from './chart.tsx';

const hottest = 5;

/** By state of the machine. How full a state is, on a logarithmic scale: one crowded state must not make the others look empty. */
export function heatFacts({ at, states, stuck }: Heat): Record<string, NodeFacts> {
  const most = Math.max(1, ...Object.values(states).map(({ present }) => present));
  return Object.fromEntries(Object.entries(states).map(([status, { present, oldest_since: oldest, median_since: median }]) => {
    const heat = present <= 0 ? 0 : Math.max(1, Math.round((Math.log1p(present) / Math.log1p(most)) * hottest));
    const facts: NodeFacts = {
      count: present.toLocaleString('en'),
      note: noteOf(at, median, oldest),
      heat,
      stuck: stuck.filter((one) => one.status === status).length,
    };
    return [`matching.${status}`, facts];
  }));
}

function noteOf(at: string, median: string | null, oldest: string | null): string {
  if (oldest === null) return 'empty';
  const longest = shortDuration(msBetween(oldest, at));
  return median === null ? `oldest ${longest}` : `median ${shortDuration(msBetween(median, at))} · max ${longest}`;
}
