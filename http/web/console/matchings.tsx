// The list an operator searches in.
import type { JSX } from 'preact';
import { statuses } from '../../../machines/status.ts';
import { Badge, Card, Empty, Failure, Id, Loading, Scroll, StatusName, Time } from '../shared/ui.tsx';
import { usePages } from './pages.ts';
import { addressOf } from './route.ts';
import type { Matching, Matchings } from './wire.ts';

const stuckChoices = ['1h', '1d', '3d', '7d', '14d'];
const everyMs = 5_000;

export function MatchingsView({ query }: { readonly query: URLSearchParams }): JSX.Element {
  const given = Object.fromEntries(query);
  const driver = given['driver'] ?? '';
  const asked = new URLSearchParams(Object.entries({ ...given, ...(driver === '' ? {} : { person: 'true' }) }));
  const list = usePages<Matchings>(`/admin/v1/matchings?${asked.toString()}`, everyMs);
  const rows = list.pages.flatMap(({ matchings }) => matchings);
  const degraded = list.pages[0]?.degraded ?? [];
  return (
    <div class="stack">
      <h1>Matchings</h1>
      <Filters given={given} />
      <Failure error={list.error} />
      {degraded.length === 0 ? null : <p class="note warn" role="status">{degraded.join(', ')} did not answer: other profiles of this person may be missing.</p>}
      <Card title={driver === '' ? 'By latest change' : `Person behind ${driver}`} tools={<span class="muted small">{countLine(rows.length, list.more !== null)}</span>} flush>
        {list.isLoading && rows.length === 0 ? <Loading lines={8} /> : null}
        {rows.length > 0 ? <MatchingTable rows={rows} driver={driver} /> : null}
        {!list.isLoading && rows.length === 0 && list.error === null ? <Empty title="No matching fits">Try fewer filters, or another id.</Empty> : null}
        {list.more === null ? null : <div class="more"><button type="button" class="button" onClick={list.more}>Show more</button></div>}
      </Card>
    </div>
  );
}

function countLine(count: number, more: boolean): string {
  return count === 0 ? '' : `${count}${more ? '+' : ''} shown`;
}

function Filters({ given }: { readonly given: Readonly<Record<string, string>> }): JSX.Element {
  const change = (name: string, value: string): void => {
    location.hash = addressOf('matchings', { ...given, [name]: value });
  };
  const select = (name: string, label: string, choices: readonly (readonly [string, string])[]): JSX.Element => (
    <div class="field">
      <label for={`filter-${name}`}>{label}</label>
      <select id={`filter-${name}`} class="select" value={given[name] ?? ''} onChange={(event) => change(name, event.currentTarget.value)}>
        {choices.map(([value, text]) => <option key={value} value={value}>{text}</option>)}
      </select>
    </div>
  );
  return (
    <form class="filters" onSubmit={(event) => event.preventDefault()} aria-label="Filters">
      <div class="field grow">
        <label for="filter-driver">Driver</label>
        <input
          id="filter-driver" class="input" value={given['driver'] ?? ''} placeholder="<park_id>_<driver_id> or <driver_id>" spellcheck={false} autocomplete="off"
          onChange={(event) => change('driver', event.currentTarget.value.trim())}
        />
      </div>
      {select('role', 'As', [['', 'either'], ['newbie', 'newbie'], ['mentor', 'mentor']])}
      {select('status', 'Status', [['', 'any'], ...statuses.map((status) => [status, status] as const)])}
      {select('stuck', 'In it longer than', [['', 'any time'], ...stuckChoices.map((choice) => [choice, choice] as const)])}
      {Object.keys(given).length === 0 ? null : <a class="button quiet" href={addressOf('matchings')}>Clear</a>}
    </form>
  );
}

function MatchingTable({ rows, driver }: { readonly rows: readonly Matching[]; readonly driver: string }): JSX.Element {
  return (
    <Scroll label="Matchings">
      <table class="table">
        <thead>
          <tr><th scope="col">Status</th><th scope="col">Since</th><th scope="col">Matching</th><th scope="col">Newbie</th><th scope="col">Mentor</th><th scope="col">Created</th></tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.id}>
              <td><StatusName status={row.status} /></td>
              <td><Time at={row.status_since} /></td>
              <td><Id id={row.id} href={addressOf(`matchings/${row.id}`)} /></td>
              <td><Driver of={row.newbie} sought={driver} /></td>
              <td>{row.mentor === null ? <span class="muted">none yet</span> : <Driver of={row.mentor} sought={driver} />}</td>
              <td><Time at={row.created_at} /></td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

function Driver({ of, sought }: { readonly of: string; readonly sought: string }): JSX.Element {
  const isSought = sought !== '' && (of === sought || of.endsWith(`_${sought}`));
  return <span class="driver"><Id id={of} href={addressOf('matchings', { driver: of })} />{isSought ? <Badge tone="info">sought</Badge> : null}</span>;
}
