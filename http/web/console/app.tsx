// The console: what an operator sees of the programme.
import type { JSX } from 'preact';
import { useResource } from '../shared/api-context.ts';
import { Shell } from '../shared/shell.tsx';

export function App(): JSX.Element {
  const { data, error } = useResource<Record<string, { present: number; reached: number }>>('/admin/v1/funnel', 5_000);
  return (
    <Shell page="console">
      <div class="page">
        <h1>Programme</h1>
        {error === null ? null : <p class="note bad" role="alert">{error.message}</p>}
        <ul>
          {Object.entries(data ?? {}).map(([status, { present }]) => (
            <li key={status}><span class="status" data-status={status}>{status}</span> <span class="number">{present}</span></li>
          ))}
        </ul>
      </div>
    </Shell>
  );
}
