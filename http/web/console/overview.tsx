// The programme at a glance: the funnel, who is stuck, what the jobs and the instance say.
import type { JSX } from 'preact';
import { useResource } from '../shared/api-context.ts';
import { countText, durationText } from '../shared/format.ts';
import { Badge, Card, Empty, Failure, Id, Loading, StatusName, Time, type Tone } from '../shared/ui.tsx';
import { FunnelChart } from './funnel-chart.tsx';
import { addressOf } from './route.ts';
import type { Funnel, Health, Heat, Jobs } from './wire.ts';

const everyMs = 4_000;

export function Overview(): JSX.Element {
  const funnel = useResource<Funnel>('/admin/v1/funnel', everyMs);
  const heat = useResource<Heat>('/admin/v1/heat?limit=8', everyMs);
  const health = useResource<Health>('/admin/v1/health', everyMs);
  const jobs = useResource<Jobs>('/admin/v1/jobs', everyMs);
  return (
    <div class="stack">
      <h1>Programme</h1>
      <Failure error={funnel.error ?? heat.error} />
      <Figures funnel={funnel.data} heat={heat.data} health={health.data} jobs={jobs.data} />
      <div class="columns wide-narrow">
        <Card title="Funnel">
          {funnel.data === null || heat.data === null ? <Loading lines={8} /> : <FunnelChart funnel={funnel.data} heat={heat.data} />}
        </Card>
        <Card title="Overdue" flush>{heat.data === null ? <Loading /> : <Overdue heat={heat.data} />}</Card>
      </div>
    </div>
  );
}

interface FiguresProps {
  readonly funnel: Funnel | null;
  readonly heat: Heat | null;
  readonly health: Health | null;
  readonly jobs: Jobs | null;
}

function Figures({ funnel, heat, health, jobs }: FiguresProps): JSX.Element {
  const live = funnel === null ? null : Object.entries(funnel).reduce((sum, [status, { present }]) => sum + (/^(?:succeed|failed)$/.test(status) ? 0 : present), 0);
  const dead = health?.tasks?.filter(({ state }) => state === 'dead').reduce((sum, { count }) => sum + count, 0) ?? null;
  const failed = jobs?.jobs.filter(({ last_run: run }) => run?.outcome === 'failed').length ?? null;
  return (
    <ul class="figures">
      <Figure label="Taking part now" value={live} href={addressOf('matchings')} note={funnel === null ? '' : `${countText(funnel.created.reached)} ever`} />
      <Figure label="Overdue" value={heat?.stuck.length ?? null} tone={heat?.stuck.length ? 'warn' : 'good'} href={addressOf('matchings', { stuck: '1d' })} note={heat?.stuck.length === 8 ? 'at least' : 'past their time'} />
      <Figure label="Dead tasks" value={dead} tone={dead ? 'bad' : 'good'} href={addressOf('tasks', { state: 'dead' })} note={dead ? 'wait for a retry' : 'none'} />
      <Figure label="Jobs failing" value={failed} tone={failed ? 'bad' : 'good'} href={addressOf('jobs')} note={jobs === null ? '' : `of ${jobs.jobs.length}`} />
      <Figure label="Service" value={health?.status ?? null} tone={health?.status === 'ok' ? 'good' : 'warn'} href={addressOf('health')} note={health === null ? '' : `up ${durationText(health.uptime_ms)}`} />
    </ul>
  );
}

interface FigureProps {
  readonly label: string;
  readonly value: number | string | null;
  readonly note: string;
  readonly href: string;
  readonly tone?: Tone;
}

function Figure({ label, value, note, href, tone = 'plain' }: FigureProps): JSX.Element {
  return (
    <li>
      <a class="figure card" href={href}>
        <span class="label">{label}</span>
        <span class={`value number ${tone}`}>{value === null ? '–' : typeof value === 'number' ? countText(value) : value}</span>
        <span class="note-line muted small">{note || ' '}</span>
      </a>
    </li>
  );
}

function Overdue({ heat }: { readonly heat: Heat }): JSX.Element {
  if (heat.stuck.length === 0) return <Empty title="Nobody is overdue">Every matching moves within its time.</Empty>;
  return (
    <ul class="rows">
      {heat.stuck.map((one) => (
        <li key={one.id}>
          <div class="spread"><StatusName status={one.status} /><Badge tone="warn">{durationText(one.overdue_s * 1_000)} over</Badge></div>
          <div class="spread small"><Id id={one.id} href={addressOf(`matchings/${one.id}`)} /><span class="muted">since <Time at={one.status_since} /></span></div>
        </li>
      ))}
    </ul>
  );
}
