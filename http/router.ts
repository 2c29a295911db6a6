// Finds the route of a request by method and path.
import { HttpProblem } from './problem.ts';
import type { RequestHead } from './request-head.ts';
import type { Route } from './routes.ts';

export interface Found<Ctx> {
  readonly route: Route<Ctx>;
  readonly params: Readonly<Record<string, string>>;
}

/** Throws 404 for an unknown path, 405 with `Allow` for a path that knows other methods. HEAD is answered as GET. */
export function findRoute<Ctx>(routes: readonly Route<Ctx>[], head: RequestHead): Found<Ctx> {
  const method = head.method === 'HEAD' ? 'GET' : head.method;
  const given = decodedSegments(head.path);
  const onPath: Found<Ctx>[] = [];
  for (const route of routes) {
    const params = given === null ? null : matchPath(segmentsOf(route.path), given);
    if (params !== null) onPath.push({ route, params });
  }
  if (onPath.length === 0) throw new HttpProblem('not_found', 'There is no such resource.');
  const found = onPath.find(({ route }) => route.method === method);
  if (found !== undefined) return found;
  throw new HttpProblem('method_not_allowed', 'This resource does not know the method.', { Allow: allowed(onPath) });
}

function allowed<Ctx>(onPath: readonly Found<Ctx>[]): string {
  const methods = onPath.flatMap(({ route }) => (route.method === 'GET' ? ['GET', 'HEAD'] : [route.method]));
  return [...new Set(methods)].sort().join(', ');
}

/** The patterns of the routes tables, split: there are as many as there are routes. */
const patterns = new Map<string, readonly string[]>();

function segmentsOf(pattern: string): readonly string[] {
  const known = patterns.get(pattern);
  if (known !== undefined) return known;
  const segments = pattern.split('/');
  patterns.set(pattern, segments);
  return segments;
}

/** The parameters by name, or null when the path is another one. */
function matchPath(expected: readonly string[], given: readonly string[]): Record<string, string> | null {
  if (expected.length !== given.length) return null;
  const params: Record<string, string> = {};
  for (const [index, segment] of expected.entries()) {
    const text = given[index] ?? '';
    if (!segment.startsWith('{')) {
      if (segment !== text) return null;
    } else if (text === '') {
      return null;
    } else {
      params[segment.slice(1, -1)] = text;
    }
  }
  return params;
}

/** Null for a path that is not well encoded, which no route has. */
function decodedSegments(path: string): string[] | null {
  try {
    return path.split('/').map(decodeURIComponent);
  } catch {
    return null;
  }
}
