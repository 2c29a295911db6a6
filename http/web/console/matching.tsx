// One matching: who, where it stands, its story, what may be done, and the phones of both sides.
import type { ComponentChildren, JSX } from 'preact';
import { statuses } from '../../../machines/status.ts';
import { useResource } from '../shared/api-context.ts';
import { Badge, Card, CopyButton, Empty, Failure, Id, Loading, StatusName, Time } from '../shared/ui.tsx';
import { EventForm } from './event-form.tsx';
import { Phone } from './phone.tsx';
import { addressOf } from './route.ts';
import { Timeline } from './timeline.tsx';
import type { Matching, MatchingDetails } from './wire.ts';

export function MatchingView({ id }: { readonly id: string }): JSX.Element {
  const { data, error, refresh } = useResource<MatchingDetails>(`/admin/v1/matchings/${encodeURIComponent(id)}`, 3_000);
  if (data === null) {
    return (
      <div class="stack">
        <h1>Matching</h1>
        <Failure error={error} />
        {error === null ? <Loading lines={8} /> : <Empty title="Nothing to show"><a href={addressOf('matchings')}>All matchings</a></Empty>}
      </div>
    );
  }
  const { matching } = data;
  return (
    <div class="stack">
      <div class="heading">
        <div>
          <h1>Matching <StatusName status={matching.status} /></h1>
          <p class="muted break"><code>{matching.id}</code> <CopyButton text={matching.id} what="the id of the matching" /></p>
        </div>
        <a class="button" href={`/inspector#/matching/${matching.id}`}>Open in the inspector</a>
      </div>
      <Failure error={error} />
      <Steps matching={matching} />
      <div class="columns wide-narrow">
        <div class="stack">
          <Card title="Timeline" flush><Timeline details={data} /></Card>
        </div>
        <div class="stack">
          <Card title="Who"><Who matching={matching} /></Card>
          <Card title="Driver’s phone" flush><Phone matching={matching} /></Card>
          <Card title="Send an event"><EventForm matching={matching} allowed={data.allowed_events} onSent={refresh} /></Card>
          {data.results === null ? null : <Card title="Figures of the CRM"><Figures results={data.results} /></Card>}
        </div>
      </div>
    </div>
  );
}

/** The path of statuses, as far as this one has come. */
function Steps({ matching }: { readonly matching: Matching }): JSX.Element {
  const ended = matching.status === 'failed';
  const path = statuses.filter((status) => (ended ? status !== 'succeed' : status !== 'failed'));
  const at = path.indexOf(matching.status);
  return (
    <ol class="steps" aria-label="Programme">
      {path.map((status, index) => (
        <li key={status} data-status={status} class={index < at ? 'past' : index === at ? 'present' : 'ahead'} aria-current={index === at ? 'step' : undefined}>
          <span>{status}</span>
        </li>
      ))}
    </ol>
  );
}

function Who({ matching }: { readonly matching: Matching }): JSX.Element {
  return (
    <dl class="facts">
      <Fact name="Newbie"><Id id={matching.newbie} href={addressOf('matchings', { driver: matching.newbie })} /></Fact>
      <Fact name="Newbie’s udid">{matching.newbie_udid === null ? <span class="muted">unknown</span> : <Id id={matching.newbie_udid} />}</Fact>
      <Fact name="Mentor">{matching.mentor === null ? <span class="muted">none yet</span> : <Id id={matching.mentor} href={addressOf('matchings', { driver: matching.mentor })} />}</Fact>
      <Fact name="In the status since"><Time at={matching.status_since} /></Fact>
      <Fact name="Created"><Time at={matching.created_at} /></Fact>
      <Fact name="Matched"><Time at={matching.matched_at} /> {matching.epoch > 1 ? <Badge tone="warn">match {matching.epoch}</Badge> : null}</Fact>
      <Fact name="Completed"><Time at={matching.completed_at} /></Fact>
      <Fact name="Promocode">{matching.mentor_promocode === null ? <span class="muted">none</span> : <code>{matching.mentor_promocode}</code>}</Fact>
    </dl>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ComponentChildren }): JSX.Element {
  return <div><dt>{name}</dt><dd>{children}</dd></div>;
}

const figureNames: Readonly<Record<string, string>> = { rate_avg: 'Rating', avg_dp: 'Points', sh: 'Hours online' };

function Figures({ results }: { readonly results: NonNullable<MatchingDetails['results']> }): JSX.Element {
  const { figures } = results;
  const value = (name: string): string => (figures as Readonly<Record<string, string | null>>)[name] ?? '–';
  return (
    <>
      <table class="table compact">
        <thead><tr><th scope="col">Figure</th><th scope="col" class="right">7 days</th><th scope="col" class="right">14 days</th></tr></thead>
        <tbody>
          {Object.entries(figureNames).map(([field, title]) => (
            <tr key={field}><th scope="row">{title}</th><td class="right number">{value(`${field}_7d`)}</td><td class="right number">{value(`${field}_14d`)}</td></tr>
          ))}
        </tbody>
      </table>
      <p class="small muted">Right answers {value('correct_answers')} · test passed {value('passed_test_flg')} · sent <Time at={results.updated_at} /></p>
    </>
  );
}
