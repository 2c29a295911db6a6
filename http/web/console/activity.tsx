// What operators did, newest first.
import type { JSX } from 'preact';
import { Card, Empty, Failure, Id, Loading, Scroll, Time } from '../shared/ui.tsx';
import { usePages } from './pages.ts';
import { addressOf } from './route.ts';
import { actText } from './timeline.ts';
import type { OperatorAction } from './wire.ts';

export function Activity(): JSX.Element {
  const list = usePages<{ operator_actions: OperatorAction[]; next_cursor: string | null }>('/admin/v1/operator-actions', 5_000);
  const rows = list.pages.flatMap((page) => page.operator_actions);
  return (
    <div class="stack">
      <h1>Activity</h1>
      <Failure error={list.error} />
      <Card title="What operators did" flush>
        {list.isLoading && rows.length === 0 ? <Loading /> : null}
        {!list.isLoading && rows.length === 0 && list.error === null ? <Empty title="Nothing was done by hand">Events sent, tasks retried, jobs run and phones looked at show here.</Empty> : null}
        {rows.length === 0 ? null : (
          <Scroll label="What operators did">
            <table class="table">
              <thead><tr><th scope="col">When</th><th scope="col">What</th><th scope="col">Outcome</th><th scope="col">Matching</th><th scope="col">Reason</th></tr></thead>
              <tbody>
                {rows.map((row) => (
                  <tr key={row.id}>
                    <td><Time at={row.at} /></td>
                    <td class="break">{actText(row)}</td>
                    <td class="nowrap">{row.outcome}</td>
                    <td>{row.matching_id === null ? <span class="muted">–</span> : <Id id={row.matching_id} href={addressOf(`matchings/${row.matching_id}`)} />}</td>
                    <td class="break muted">{row.reason ?? '–'}</td>
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
