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
  const onPath = routes.flatMap((route) => {
    const params = matchPath(route.path, head.path);
    return params === null ? [] : [{ route, params }];
  });
  if (onPath.length === 0) throw new HttpProblem('not_found', 'There is no such resource.');
  const found = onPath.find(({ route }) => route.method === method);
  if (found !== undefined) return found;
  throw new HttpProblem('method_not_allowed', 'This resource does not know the method.', { Allow: allowed(onPath) });
}

function allowed<Ctx>(onPath: readonly Found<Ctx>[]): string {
  const methods = onPath.flatMap(({ route }) => (route.method === 'GET' ? ['GET', 'HEAD'] : [route.method]));
  return [...new Set(methods)].sort().join(', ');
}

/** The parameters by name, or null when the path is another one. */
function matchPath(pattern: string, path: string): Record<string, string> | null {
  const expected = pattern.split('/');
  const given = path.split('/');
  if (expected.length !== given.length) return null;
  const params: Record<string, string> = {};
  for (const [index, segment] of expected.entries()) {
    const text = decodeSegment(given[index] ?? '');
    if (text === null) return null;
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

function decodeSegment(segment: string): string | null {
  try {
    return decodeURIComponent(segment);
  } catch {
    return null;
  }
}
