// The console: what an operator sees of the programme, and may do.
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { Shell } from '../shared/shell.tsx';
import { Empty } from '../shared/ui.tsx';
import { Activity } from './activity.tsx';
import { HealthView } from './health.tsx';
import { JobsView } from './jobs.tsx';
import { MatchingView } from './matching.tsx';
import { MatchingsView } from './matchings.tsx';
import { Overview } from './overview.tsx';
import { Rejects } from './rejects.tsx';
import { addressOf, useRoute, type Route } from './route.ts';
import { Search } from './search.tsx';
import { Tasks } from './tasks.tsx';
import './console.css';

const views = [
  ['', 'Overview'], ['matchings', 'Matchings'], ['jobs', 'Jobs'], ['tasks', 'Tasks'], ['rejects', 'Rejects'], ['health', 'Health'], ['activity', 'Activity'],
] as const;

export function App(): JSX.Element {
  const route = useRoute();
  const [view = ''] = route.path;
  const name = views.find(([path]) => path === view)?.[1] ?? 'Not found';
  useEffect(() => {
    document.title = `${name} · Mentorship`;
  }, [name]);
  return (
    <Shell page="console" tools={<Search />} links={<Links view={view} />}>
      <div class="page">{viewOf(route)}</div>
    </Shell>
  );
}

function Links({ view }: { readonly view: string }): JSX.Element {
  return (
    <nav class="views" aria-label="Console">
      <ul>
        {views.map(([path, title]) => (
          <li key={path}><a href={addressOf(path)} aria-current={path === view ? 'page' : undefined}>{title}</a></li>
        ))}
      </ul>
    </nav>
  );
}

function viewOf({ path: [view = '', id], query }: Route): JSX.Element {
  if (view === '') return <Overview />;
  if (view === 'matchings' && id !== undefined) return <MatchingView key={id} id={id} />;
  if (view === 'matchings') return <MatchingsView query={query} />;
  if (view === 'jobs') return <JobsView />;
  if (view === 'tasks') return <Tasks query={query} />;
  if (view === 'rejects') return <Rejects query={query} />;
  if (view === 'health') return <HealthView />;
  if (view === 'activity') return <Activity />;
  return <><h1>Not found</h1><Empty title="There is no such view">The links above lead to those there are.</Empty></>;
}
