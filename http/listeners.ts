// The two listeners of the service: the drivers' and the operators'.
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { profileKey } from '../machines/ids.ts';
import type { Config } from '../runtime/config/config.ts';
import type { Context } from '../runtime/context.ts';
import type { Guards } from './access.ts';
import { createAdminGuards, createSocketGuard } from './admin-access.ts';
import { adminRoutes } from './admin/routes.ts';
import { createAssets } from './assets.ts';
import { createDriverGuard } from './driver-access.ts';
import { driverRoutes } from './driver/routes.ts';
import type { ExchangeLimits } from './exchange.ts';
import { openApiDocument } from './openapi.ts';
import { pageRoutes } from './pages.ts';
import { InspectorHub } from './inspector/hub.ts';
import { inspectorSocket } from './inspector/socket.ts';
import { rateLimiterOf } from './rate-limit.ts';
import { createHttpServer, type HttpServer } from './server.ts';
import type { AdminContext, AdminUseCases, DriverUseCases, JobReport, Probe } from './use-cases.ts';

/** What both listeners need of the context. */
export interface ListenerContext extends Pick<Context, 'operations' | 'metrics' | 'log' | 'tracing' | 'retention'>, Pick<AdminContext, 'store' | 'tasks'> {
  readonly config: Pick<Config, 'http' | 'admin' | 'auth' | 'jobs' | 'programme' | 'timescale' | 'store'>;
}

const jobWaitMs = 8_000;
const builtPages = join(import.meta.dirname, '../http/web/dist');

/** Throws `bad_config` when the tokens' key file cannot be used. */
export function createGuards({ config, log }: Pick<ListenerContext, 'config' | 'log'>): Guards {
  const refusals = rateLimiterOf(config.http.refusalsPerMinute, elapsedMs);
  const quota = rateLimiterOf(config.http.requestsPerMinute, elapsedMs);
  return {
    driver: createDriverGuard({ ...config.auth, nowMs: Date.now, log, refusals }),
    ...(quota && { quota: (caller) => quota.take(profileKey(caller)) }),
    ...createAdminGuards(config.admin.token),
  };
}

export interface DriverParts {
  readonly useCases: DriverUseCases;
  readonly guards: Guards;
  readonly limits?: Partial<ExchangeLimits>;
  readonly lingerMs?: number;
}

export function createDriverServer(ctx: ListenerContext, parts: DriverParts): HttpServer {
  const { config, log, metrics, tracing } = ctx;
  const { useCases, guards } = parts;
  const { host, port, concurrentRequests } = config.http;
  const limits = { concurrent: concurrentRequests, ...parts.limits };
  const { lingerMs = 0 } = parts;
  return createHttpServer({ host, port, addressFrom: 'HTTP_HOST, HTTP_PORT', ctx: { useCases }, routes: driverRoutes, guards, limits, lingerMs, log, metrics, elapsedMs, tracing });
}

export interface AdminParts {
  readonly useCases: AdminUseCases;
  readonly probes: Readonly<Record<string, Probe>>;
  readonly guards: Guards;
  readonly limits?: Partial<ExchangeLimits>;
}

export function createAdminServer(ctx: ListenerContext, parts: AdminParts): HttpServer {
  const { config, store, tasks, operations, metrics, log, tracing } = ctx;
  const { useCases, probes, guards, limits = {} } = parts;
  const { host, port } = config.admin;
  const document = openApiDocument([...driverRoutes, ...adminRoutes]);
  const adminCtx = { config, store, tasks, operations, metrics, log, useCases, probes, document, jobWaitMs, dryRuns: new Map<string, JobReport | null>(), assets: createAssets(builtPages) };
  const routes = [...adminRoutes, ...pageRoutes];
  const hub = new InspectorHub({ store, retention: ctx.retention, operations, log, rate: config.timescale.rate });
  const sockets = [inspectorSocket({ hub, guard: createSocketGuard(config.admin.token), log })];
  return createHttpServer({ host, port, addressFrom: 'ADMIN_HOST, ADMIN_PORT', ctx: adminCtx, routes, guards, limits, sockets, log, metrics, elapsedMs, tracing });
}

function elapsedMs(): number {
  return performance.now();
}
