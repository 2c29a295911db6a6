// The API reference: the OpenAPI document of both listeners, drawn by openapi-explorer.
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import 'openapi-explorer/dist/browser/openapi-explorer.min.js';
import { useApi } from '../shared/api-context.ts';
import { Shell } from '../shared/shell.tsx';
import './docs.css';

interface Explorer extends HTMLElement {
  loadSpec(document: unknown): Promise<void>;
}

export function App(): JSX.Element {
  return (
    <Shell page="docs">
      <div class="reference"><h1>API reference</h1><Reference /></div>
    </Shell>
  );
}

function Reference(): JSX.Element {
  const api = useApi();
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const leaving = new AbortController();
    void draw(place.current, () => api.get('/openapi.json', leaving.signal));
    return () => leaving.abort();
  }, [api]);
  return <div ref={place} />;
}

async function draw(place: HTMLElement | null, read: () => Promise<unknown>): Promise<void> {
  const described = await read();
  await customElements.whenDefined('openapi-explorer');
  const explorer = document.createElement('openapi-explorer') as Explorer;
  for (const [name, value] of Object.entries(look)) explorer.setAttribute(name, value);
  place?.replaceChildren(explorer);
  await explorer.loadSpec(described);
}

// Without its console: the drivers' listener is another origin, which the page's policy does not let it call.
const look = {
  'hide-server-selection': 'true', 'hide-authentication': 'true', 'hide-console': 'true', 'hide-defaults': 'true',
  'default-schema-tab': 'example', 'use-path-in-nav-bar': 'true',
} as const;
