// The running service: the context, two listeners, the task worker and the scheduler, started and stopped in order.
import { createAdminServer, createDriverServer, createGuards } from '../http/listeners.ts';
import type { HttpServer } from '../http/server.ts';
import type { AdminUseCases, DriverUseCases, Probe } from '../http/use-cases.ts';
import type { JobReport } from '../jobs/report.ts';
import { JobScheduler, type SchedulerOptions } from '../jobs/scheduler.ts';
import { compose, processName, type Composed, type ComposeOverrides } from './compose.ts';
import type { Config } from './config/config.ts';
import type { Context } from './context.ts';
import { startGauges } from './gauges.ts';
import { createDriverDeps, type DriverDeps } from './mentorship/driver-deps.ts';
import { enrol } from './mentorship/enroll.ts';
import { allowedEvents, retryTask, sendEvent } from './mentorship/operator.ts';
import { preview } from './mentorship/preview.ts';
import { markRead } from './mentorship/read-marks.ts';
import { contacts, messages, offer, participation } from './mentorship/view.ts';
import { jobAct, recorded } from './operator-actions.ts';
import { startTaskUpkeep } from './tasks/upkeep.ts';
import { SpoolWorker } from './tasks/spool-worker.ts';
import { TaskWorker } from './tasks/worker.ts';

export interface Service {
  readonly ctx: Context;
  readonly driverUrl: string;
  readonly adminUrl: string;
  runJob(name: string, options: { readonly dryRun: boolean }): Promise<JobReport>;
  /** Drains for up to `graceMs`, then cuts off. */
  stop(graceMs?: number): Promise<void>;
}

export interface ServiceOptions extends ComposeOverrides, SchedulerOptions {}

const defaultGraceMs = 8_000;
/** The last to go, so that the drain can be watched; its requests have had all that time already. */
const adminGraceMs = 2_000;
/** Clients with open connections send a request this often at least, or do without. */
const lingerMs = 1_000;
const taskPollMs = 200;
const shortToken = 16;

/** Throws `bad_config` when an address is taken or a key file cannot be used. */
export async function startService(config: Config, options: ServiceOptions = {}): Promise<Service> {
  const composed = await compose(config, { ...options, serves: true });
  try {
    return await startComposed(composed, options);
  } catch (error) {
    await composed.close();
    throw error;
  }
}

async function startComposed(composed: Composed, options: ServiceOptions): Promise<Service> {
  const { ctx } = composed;
  const worker = new TaskWorker(ctx, {
    concurrency: ctx.config.taskWorkers, owner: processName(), leaseMs: ctx.config.leases.taskMs, pollMs: taskPollMs,
  });
  const spoolWorker = new SpoolWorker(ctx);
  const scheduler = new JobScheduler(ctx, options);
  const runJob = (name: string, { dryRun }: { dryRun: boolean }): Promise<JobReport> => scheduler.runNow(name, { dryRun });
  const guards = createGuards(ctx);
  // Shared: an operator's look at a phone and the phone itself know people alike.
  const deps = createDriverDeps(ctx);
  const driver = createDriverServer(ctx, { useCases: driverUseCases(ctx, deps), guards, lingerMs });
  const admin = createAdminServer(ctx, { useCases: adminUseCases(ctx, deps, runJob), probes: probesOf(ctx), guards });
  const ports = await startAll([driver, admin]);
  const upkeep = startTaskUpkeep(ctx);
  const gauges = startGauges(ctx);
  worker.start();
  spoolWorker.start();
  if (ctx.config.jobs.enabled) scheduler.start();
  const { token } = ctx.config.admin;
  if (token !== null && token.length < shortToken) ctx.log.warn('ADMIN_TOKEN is short enough to be guessed');
  ctx.log.info({ driver_port: ports[0], admin_port: ports[1] }, 'started');
  return {
    ctx,
    driverUrl: urlOf(ctx.config.http.host, ports[0]),
    adminUrl: urlOf(ctx.config.admin.host, ports[1]),
    runJob,
    stop: async (graceMs = defaultGraceMs) => {
      ctx.operations.trigger.drainStarted();
      upkeep.stop();
      gauges.stop();
      await Promise.all([driver.stop(graceMs), scheduler.stop(graceMs), worker.stop(graceMs)]);
      // After the last enrolment: what it left may still be brought to the store.
      await spoolWorker.stop();
      await admin.stop(Math.min(graceMs, adminGraceMs));
      await composed.close();
      ctx.log.info('stopped');
    },
  };
}

/** All or none: a listener that came up before another failed is closed again. */
async function startAll(servers: readonly HttpServer[]): Promise<number[]> {
  const started = await Promise.allSettled(servers.map((server) => server.start()));
  const failed = started.find((one) => one.status === 'rejected');
  if (failed !== undefined) {
    await Promise.all(servers.map((server) => server.stop(0)));
    throw failed.reason;
  }
  return started.flatMap((one) => (one.status === 'fulfilled' ? [one.value.port] : []));
}

function urlOf(host: string, port: number | undefined): string {
  const reachable = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`;
}

function driverUseCases(ctx: Context, deps: DriverDeps): DriverUseCases {
  return {
    enrol: async ({ caller, idempotencyKey }, signal) => {
      const person = await deps.identity.identify(caller, { fresh: true }, signal);
      return enrol(ctx, person, { caller, idempotencyKey }, signal);
    },
    participation: (input, signal) => participation(deps, input, signal),
    offer: (input, signal) => offer(deps, input, signal),
    contacts: (input, signal) => contacts(deps, input, signal),
    messages: (input, signal) => messages(deps, input, signal),
    markRead: (input, signal) => markRead(deps, input, signal),
  };
}

function adminUseCases(ctx: Context, deps: DriverDeps, runJob: Service['runJob']): AdminUseCases {
  return {
    sendEvent: (input, signal) => sendEvent(ctx, input, signal),
    allowedEvents: async (matching) => allowedEvents(matching),
    runJob: (name, { dryRun, operator }) =>
      recorded(ctx, jobAct(name, dryRun, operator), () => runJob(name, { dryRun }), ({ outcome }) => outcome),
    retryTask: (task, operator) => retryTask(ctx, task, operator),
    personOf: (profile, signal) => deps.identity.identify(profile, { fresh: false }, signal),
    preview: (input, signal) => preview(ctx, deps, input, signal),
  };
}

function probesOf(ctx: Context): Record<string, Probe> {
  return { store: () => ctx.store.ping(), yt: (signal) => ctx.yt.ping(signal), spool: () => ctx.spool.check() };
}
