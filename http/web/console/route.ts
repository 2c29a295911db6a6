// Where in the console the reader is: the part of the address after `#`, so that every view has an address of its own.
import { useEffect, useState } from 'preact/hooks';

export interface Route {
  /** Segments of the path: `['matchings', '<id>']`. */
  readonly path: readonly string[];
  readonly query: URLSearchParams;
}

export function readRoute(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?');
  return { path: path.split('/').filter((segment) => segment !== '').map(decodeURIComponent), query: new URLSearchParams(query) };
}

export function useRoute(): Route {
  const [route, setRoute] = useState(() => readRoute(location.hash));
  useEffect(() => {
    const follow = (): void => setRoute(readRoute(location.hash));
    window.addEventListener('hashchange', follow);
    return () => window.removeEventListener('hashchange', follow);
  }, []);
  return route;
}

/** An address of a view; parameters that are empty are left out. */
export function addressOf(path: string, query: Readonly<Record<string, string | null | undefined>> = {}): string {
  const given = Object.entries(query).flatMap(([name, value]) => (value ? [[name, value] as [string, string]] : []));
  return `#/${path}${given.length === 0 ? '' : `?${new URLSearchParams(given).toString()}`}`;
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** What was typed into the search: the id of a matching, or of a driver with or without his park. */
export function addressOfSearch(text: string): string {
  const wanted = text.trim();
  return uuid.test(wanted.toLowerCase()) ? addressOf(`matchings/${wanted.toLowerCase()}`) : addressOf('matchings', { driver: wanted });
}
