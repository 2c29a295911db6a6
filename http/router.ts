// Finds the route of a request by method and path.
import { nothing } from './input.ts';
import { HttpProblem } from './problem.ts';
import type { RequestHead } from './request-head.ts';
import type { Route } from './routes.ts';

export interface Found<Ctx> {
  readonly route: Route<Ctx>;
  readonly params: Readonly<Record<string, string>>;
}

/** Throws 404 for an unknown path, 405 with `Allow` for a path that knows other methods. HEAD is answered as GET. */
export type FindRoute<Ctx> = (head: Pick<RequestHead, 'method' | 'path'>) => Found<Ctx>;

export function createRouter<Ctx>(routes: readonly Route<Ctx>[]): FindRoute<Ctx> {
  const search = createSearch(routes);
  const withoutParameters = routes.filter(({ path }) => !path.includes('{'));
  const known = new Map(withoutParameters.map(({ method, path }) => [`${method} ${path}`, search({ method, path })]));
  return (head) => known.get(`${head.method} ${head.path}`) ?? search(head);
}

function createSearch<Ctx>(routes: readonly Route<Ctx>[]): FindRoute<Ctx> {
  const patterns = Map.groupBy(routes.map(patternOf), ({ segments }) => segments.length);
  return (head) => {
    const method = head.method === 'HEAD' ? 'GET' : head.method;
    const given = decodedSegments(head.path) ?? [];
    const onPath = (patterns.get(given.length) ?? []).flatMap((pattern) => matchPath(pattern, given));
    if (onPath.length === 0) throw new HttpProblem('not_found', 'There is no such resource.');
    const found = onPath.find(({ route }) => route.method === method);
    if (found !== undefined) return found;
    throw new HttpProblem('method_not_allowed', 'This resource does not know the method.', { Allow: allowed(onPath) });
  };
}

function allowed<Ctx>(onPath: readonly Found<Ctx>[]): string {
  const methods = onPath.flatMap(({ route }) => (route.method === 'GET' ? ['GET', 'HEAD'] : [route.method]));
  return [...new Set(methods)].sort().join(', ');
}

/** A route with its path split; the names of parameters stand there without their braces. */
interface Pattern<Ctx> {
  readonly route: Route<Ctx>;
  readonly segments: readonly { readonly text: string; readonly isParameter: boolean }[];
}

function patternOf<Ctx>(route: Route<Ctx>): Pattern<Ctx> {
  const segments = route.path.split('/').map((text) => {
    const isParameter = text.startsWith('{');
    return { text: isParameter ? text.slice(1, -1) : text, isParameter };
  });
  return { route, segments };
}

/** The route with its parameters by name, or nothing when the path is another one of the same length. */
function matchPath<Ctx>({ route, segments }: Pattern<Ctx>, given: readonly string[]): Found<Ctx> | [] {
  const matches = segments.every(({ text, isParameter }, place) => (isParameter ? given[place] !== '' : given[place] === text));
  if (!matches) return [];
  if (!segments.some(({ isParameter }) => isParameter)) return { route, params: nothing };
  return { route, params: Object.fromEntries(segments.flatMap(({ text, isParameter }, place) => (isParameter ? [[text, given[place] ?? '']] : []))) };
}

/** Null for a path that is not well encoded, which no route has. */
function decodedSegments(path: string): string[] | null {
  try {
    const segments = path.split('/');
    return path.includes('%') ? segments.map(decodeURIComponent) : segments;
  } catch {
    return null;
  }
}
