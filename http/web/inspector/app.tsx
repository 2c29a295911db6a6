// The inspector of the state machines.
import type { JSX } from 'preact';
import { Shell } from '../shared/shell.tsx';

export function App(): JSX.Element {
  return (
    <Shell page="inspector">
      <div class="page"><h1>State machines</h1></div>
    </Shell>
  );
}
