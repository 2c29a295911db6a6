// This instance and what it depends on.
import type { JSX } from 'preact';
import { useResource } from '../shared/api-context.ts';
import { countText, durationText } from '../shared/format.ts';
import { Badge, Card, Empty, Failure, Loading, Scroll, type Tone } from '../shared/ui.tsx';
import { addressOf } from './route.ts';
import type { Health } from './wire.ts';

const titles: Readonly<Record<string, string>> = { store: 'Database', yt: 'YTsaurus', spool: 'Spool of enrolments' };
const breakerTones: Readonly<Record<string, Tone>> = { closed: 'good', half_open: 'warn', open: 'bad' };

export function HealthView(): JSX.Element {
  const { data, error } = useResource<Health>('/admin/v1/health', 2_000);
  return (
    <div class="stack">
      <h1>Health</h1>
      <Failure error={error} />
      {data === null ? (error === null ? <Loading lines={6} /> : null) : <Facts health={data} />}
    </div>
  );
}

function Facts({ health }: { readonly health: Health }): JSX.Element {
  const checks = Object.entries(health.checks).filter(([name]) => !name.startsWith('breaker:'));
  const breakers = Object.entries(health.breakers);
  return (
    <>
      <div class="cards">
        <Card title="This instance" tools={<Badge tone={health.status === 'ok' ? 'good' : 'warn'}>{health.status}</Badge>}>
          <dl class="facts">
            <div><dt>Up for</dt><dd class="number">{durationText(health.uptime_ms)}</dd></div>
            <div><dt>Version</dt><dd>{health.version}</dd></div>
            <div><dt>Node.js</dt><dd>{health.node}</dd></div>
            <div><dt>Store</dt><dd>{health.store_kind}</dd></div>
          </dl>
        </Card>
        <Card title="Depends on">
          <ul class="checks">
            {checks.map(([name, state]) => (
              <li key={name} class="spread"><span>{titles[name] ?? name}</span><Badge tone={state === 'ok' ? 'good' : 'bad'}>{state}</Badge></li>
            ))}
          </ul>
        </Card>
        <Card title="Circuit breakers">
          {breakers.length === 0 ? <Empty title="No upstream was called yet" /> : (
            <ul class="checks">
              {breakers.map(([name, state]) => <li key={name} class="spread"><span>{name}</span><Badge tone={breakerTones[state] ?? 'plain'}>{state.replace('_', ' ')}</Badge></li>)}
            </ul>
          )}
        </Card>
      </div>
      <Card title="Tasks in the store" flush>
        {health.tasks === null ? <Empty title="The store cannot tell now" /> : health.tasks.length === 0 ? <Empty title="No task waits" /> : (
          <Scroll label="Tasks in the store">
            <table class="table">
              <thead><tr><th scope="col">Queue</th><th scope="col">State</th><th scope="col" class="right">Count</th><th scope="col" class="right">Oldest</th></tr></thead>
              <tbody>
                {health.tasks.map(({ queue, state, count, oldest_age_ms: age }) => (
                  <tr key={`${queue} ${state}`}>
                    <th scope="row"><a href={addressOf('tasks', { state, queue })}>{queue}</a></th>
                    <td><Badge tone={state === 'dead' && count > 0 ? 'bad' : 'plain'}>{state}</Badge></td>
                    <td class="right number">{countText(count)}</td>
                    <td class="right number nowrap">{count === 0 ? '–' : durationText(age)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </Scroll>
        )}
      </Card>
    </>
  );
}
