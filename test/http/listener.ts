// A listener over any routes table, with guards that admit everybody unless told otherwise.
import { performance } from 'node:perf_hooks';
import { onTestFinished } from 'vitest';
import { parseProfile, type Profile } from '../../machines/ids.ts';
import { createLog } from '../../runtime/log.ts';
import { createMetrics, type Metrics } from '../../runtime/metrics.ts';
import type { Guards } from '../../http/access.ts';
import type { ExchangeLimits } from '../../http/exchange.ts';
import type { Route } from '../../http/routes.ts';
import { createHttpServer, type HttpServer } from '../../http/server.ts';

export const caller: Profile = parseProfile('park-1', 'driver-1')!;

export const openGuards: Guards = { driver: async () => caller, operator: async () => null, monitor: async () => null };

export interface Listening {
  readonly server: HttpServer;
  readonly port: number;
  readonly metrics: Metrics;
  /** Log entries so far, as parsed JSON. */
  readonly logged: Record<string, unknown>[];
  readonly url: (path: string) => string;
}

export interface ListenOptions<Ctx> {
  readonly ctx: Ctx;
  readonly routes: readonly Route<Ctx>[];
  readonly guards?: Guards;
  readonly limits?: Partial<ExchangeLimits>;
  readonly host?: string;
  /** Any free port by default. */
  readonly port?: number;
}

/** Stopped by itself when the test ends. */
export async function listen<Ctx>(options: ListenOptions<Ctx>): Promise<Listening> {
  const { ctx, routes, guards = openGuards, limits = {}, host = '127.0.0.1', port: wanted = 0 } = options;
  const logged: Record<string, unknown>[] = [];
  const log = createLog('debug', { write: (line) => logged.push(JSON.parse(line) as Record<string, unknown>) });
  const metrics = createMetrics();
  const elapsedMs = (): number => performance.now();
  const server = createHttpServer({ host, port: wanted, ctx, routes, guards, limits, log, metrics, elapsedMs });
  onTestFinished(() => server.stop(0));
  const { port } = await server.start();
  return { server, port, metrics, logged, url: (path) => `http://127.0.0.1:${port}${path}` };
}

export interface ProblemBody {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: string;
  trace_id: string;
}

export async function problemOf(response: Response): Promise<ProblemBody> {
  if (response.headers.get('content-type') !== 'application/problem+json') throw new Error(`not a problem: ${response.status}`);
  return (await response.json()) as ProblemBody;
}
