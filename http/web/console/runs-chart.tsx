// The last runs of a job as bars: their height is the rows handled, their colour how they ended.
import type { JSX } from 'preact';
import { useResource } from '../shared/api-context.ts';
import { countText } from '../shared/format.ts';
import type { JobRun } from './wire.ts';

const [width, height, shown] = [300, 44, 30];

export function RunsChart({ job }: { readonly job: string }): JSX.Element | null {
  const { data } = useResource<{ runs: readonly JobRun[] }>(`/admin/v1/jobs/runs?job=${job}&limit=${shown}`, 5_000);
  const runs = data?.runs.filter((run) => !run.dry_run).toReversed() ?? [];
  if (runs.length < 2) return null;
  const most = Math.max(1, ...runs.map(rowsOf));
  const step = width / shown;
  const failed = runs.filter(({ outcome }) => outcome === 'failed').length;
  return (
    <figure class="runs-chart">
      <svg viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" role="img" aria-label={`Rows of the last ${runs.length} runs: at most ${countText(most)}; ${failed} failed`}>
        {runs.map((run, index) => {
          const tall = 2 + (rowsOf(run) / most) * (height - 4);
          return <rect key={run.id} class={run.outcome} x={index * step + 1} width={step - 2} y={height - tall} height={tall} rx={1}><title>{`${run.outcome}: ${runText(run)}`}</title></rect>;
        })}
      </svg>
      <figcaption class="small muted">rows of the last {runs.length} runs, at most {countText(most)}</figcaption>
    </figure>
  );
}

function rowsOf({ counts }: JobRun): number {
  return counts['rows'] ?? Math.max(0, ...Object.values(counts));
}

export function runText({ counts }: JobRun): string {
  return Object.entries(counts).filter(([, count]) => count !== 0).map(([name, count]) => `${name.replaceAll('_', ' ')} ${countText(count)}`).join(' · ') || 'nothing to do';
}
