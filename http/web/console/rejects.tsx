// Rows of imports that could not be used, and why.
import type { JSX } from 'preact';
import { Badge, Card, Empty, Failure, Loading, Scroll, Time } from '../shared/ui.tsx';
import { usePages } from './pages.ts';
import { addressOf } from './route.ts';
import type { Reject } from './wire.ts';

/** `import-matchings` and the others keep their rejects under these names. */
const sources = ['import-matchings', 'import-results', 'finish-programme'] as const;

export function Rejects({ query }: { readonly query: URLSearchParams }): JSX.Element {
  const source = query.get('source') ?? '';
  const reason = query.get('reason') ?? '';
  const asked = new URLSearchParams([['source', source], ['reason', reason]].filter(([, value]) => value !== ''));
  const list = usePages<{ rejects: Reject[]; next_cursor: string | null }>(`/admin/v1/rejects?${asked.toString()}`, 5_000);
  const rows = list.pages.flatMap(({ rejects }) => rejects);
  const reasons = [...new Set([...(reason === '' ? [] : [reason]), ...rows.map((row) => row.reason)])].sort();
  const go = (change: Readonly<Record<string, string>>): void => {
    location.hash = addressOf('rejects', { source, reason, ...change });
  };
  return (
    <div class="stack">
      <h1>Rejects</h1>
      <form class="filters" aria-label="Filters" onSubmit={(event) => event.preventDefault()}>
        <div class="field">
          <label for="rejects-source">Source</label>
          <select id="rejects-source" class="select" value={source} onChange={(event) => go({ source: event.currentTarget.value })}>
            <option value="">any</option>
            {sources.map((one) => <option key={one} value={one}>{one}</option>)}
          </select>
        </div>
        <div class="field">
          <label for="rejects-reason">Reason</label>
          <select id="rejects-reason" class="select" value={reason} onChange={(event) => go({ reason: event.currentTarget.value })}>
            <option value="">any</option>
            {reasons.map((one) => <option key={one} value={one}>{one}</option>)}
          </select>
        </div>
      </form>
      <Failure error={list.error} />
      <Card title="Rejected rows" flush>
        {list.isLoading && rows.length === 0 ? <Loading /> : null}
        {!list.isLoading && rows.length === 0 && list.error === null ? <Empty title="No rejected rows">Every row of the imports could be used.</Empty> : null}
        {rows.length === 0 ? null : (
          <Scroll label="Rejected rows">
            <table class="table">
              <thead><tr><th scope="col">First seen</th><th scope="col">Source</th><th scope="col">Reason</th><th scope="col">Detail</th></tr></thead>
              <tbody>
                {rows.map((row) => (
                  <tr key={row.id}>
                    <td><Time at={row.first_seen_at} /></td>
                    <td class="nowrap">{row.source}</td>
                    <td><Badge tone="warn">{row.reason}</Badge></td>
                    <td class="break muted">{row.detail}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </Scroll>
        )}
        {list.more === null ? null : <div class="more"><button type="button" class="button" onClick={list.more}>Show more</button></div>}
      </Card>
    </div>
  );
}
