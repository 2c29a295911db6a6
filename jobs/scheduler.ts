// Runs the jobs of this host in worker threads, on time and on request, one thread per job at most.
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { WorkerOptions } from 'node:worker_threads';
import Bree from 'bree';
import type { Context } from '../runtime/context.ts';
import { describeError, ServiceError } from '../runtime/errors.ts';
import { addHistograms } from '../runtime/metrics-text.ts';
import { addCounters } from './counters.ts';
import type { JobName, JobReport } from './report.ts';
import { noteEnd, noteProgress, noteStart } from './job-watch.ts';
import { jobNamed, jobs, tickMs } from './schedule.ts';
import { isThreadMessage, type ThreadData } from './thread-messages.ts';

export interface SchedulerOptions {
  /** Path of the entry of a job's thread; usually the one beside this code. */
  readonly threadFile?: string;
}

/** The first runs of the jobs come one after another: a thread takes as much memory as the service, and five at once would take five times. */
const apartMs = 2_000;
/** But where jobs run every few seconds nobody waits. */
const manyStartsMs = 60_000;
/** Of a thread's heap for what dies young. */
const youngMb = 16;

type Asked = Pick<ThreadData, 'dryRun' | 'onlyIfDue'>;

const byTheClock: Asked = { dryRun: false, onlyIfDue: true };

interface Running {
  readonly asked: Asked;
  readonly ended: Promise<JobReport>;
  readonly settle: (report: JobReport) => void;
  /** What the thread reported; null while it works, and for ever when it crashes. */
  report: JobReport | null;
}

export class JobScheduler {
  readonly #ctx: Context;
  readonly #bree: Bree;
  readonly #running = new Map<JobName, Running>();
  /** Runs asked for by an operator, from the request until their thread is made. */
  readonly #asked = new Map<JobName, Asked>();
  #ready: Promise<void> | null = null;
  #stopping = false;

  constructor(ctx: Context, options: SchedulerOptions = {}) {
    this.#ctx = ctx;
    const path = options.threadFile ?? fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? 'thread.ts' : 'thread.mjs', import.meta.url));
    const { jobs: config } = ctx.config;
    this.#bree = new Bree({
      root: false,
      acceptedExtensions: ['.ts', '.mjs'],
      logger: breeLog(ctx),
      jobs: jobs.map(({ name }, index) => {
        const interval = tickMs(config, name);
        return { name, path, timeout: interval < manyStartsMs ? 0 : index * apartMs, interval, worker: this.#workerOptions(name) };
      }),
      workerMessageHandler: ({ name, message }) => this.#hear(name as JobName, message),
      errorHandler: (error, { name }) => this.#reportBreakdown(name, error),
    });
    this.#bree.on('worker created', (name: JobName) => this.#open(name));
    this.#bree.on('worker deleted', (name: JobName) => this.#conclude(name));
  }

  /** Each job runs soon, then at its period. */
  start(): void {
    void this.#startBree();
  }

  /** Resolves at the end of the run. Throws `job_running` while this host runs the job, `job_unavailable` when it cannot. */
  async runNow(name: string, { dryRun }: { readonly dryRun: boolean }): Promise<JobReport> {
    const job = jobNamed(name);
    await this.#prepare();
    if (this.#stopping) throw new ServiceError('job_unavailable', 'the scheduler is stopping');
    if (this.#running.has(job.name)) throw new ServiceError('job_running', `${job.name} runs on this host already`);
    this.#asked.set(job.name, { dryRun, onlyIfDue: false });
    await this.#bree.run(job.name);
    const running = this.#running.get(job.name);
    if (running === undefined) throw new ServiceError('internal', 'the thread of the job was not made');
    return running.ended;
  }

  /** Asks running threads to cancel, waits up to `graceMs` for them to end, then terminates them. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping = true;
    const stopped = this.#bree.stop();
    await Promise.race([stopped, sleep(graceMs, undefined, { ref: false })]);
    await Promise.all([...this.#bree.workers.values()].map((worker) => worker.terminate()));
    await stopped;
  }

  async #startBree(): Promise<void> {
    try {
      await this.#prepare();
      if (!this.#stopping) await this.#bree.start();
    } catch (error) {
      this.#ctx.log.fatal({ error: describeError(error) }, 'jobs cannot be scheduled');
    }
  }

  // Bree's types leave out `init`; prepared in advance, its `run` makes the thread before it returns.
  #prepare(): Promise<void> {
    this.#ready ??= (this.#bree as Bree & { init(): Promise<void> }).init();
    return this.#ready;
  }

  /** Bree reads the options anew for every thread. */
  #workerOptions(job: JobName): WorkerOptions {
    const { config } = this.#ctx;
    const asked = (): Asked => this.#asked.get(job) ?? byTheClock;
    return {
      execArgv: ['--disable-warning=ExperimentalWarning'],
      resourceLimits: { maxYoungGenerationSizeMb: youngMb },
      get workerData(): ThreadData {
        return { config, job, ...asked() };
      },
    };
  }

  #open(name: JobName): void {
    const { promise, resolve } = Promise.withResolvers<JobReport>();
    this.#running.set(name, { asked: this.#asked.get(name) ?? byTheClock, ended: promise, settle: resolve, report: null });
    this.#asked.delete(name);
    noteStart(this.#ctx, name);
  }

  #hear(name: JobName, message: unknown): void {
    const running = this.#running.get(name);
    if (running === undefined || !isThreadMessage(message)) return;
    if (message.type === 'progress') {
      noteProgress(this.#ctx, name, message.progress);
      return;
    }
    if (message.type === 'step') {
      this.#ctx.operations.trigger.actorMoved({ step: message.step });
      return;
    }
    running.report = message.report;
    addCounters(this.#ctx.metrics, message.counters);
    addHistograms(this.#ctx.metrics, message.histograms);
  }

  #conclude(name: JobName): void {
    const running = this.#running.get(name);
    if (running === undefined) return;
    this.#running.delete(name);
    const report = running.report ?? this.#cutOff(name, running.asked);
    noteEnd(this.#ctx, report);
    running.settle(report);
  }

  #cutOff(job: JobName, { dryRun }: Asked): JobReport {
    const outcome = this.#stopping ? 'cancelled' : 'failed';
    const error = this.#stopping ? 'cancelled: the thread did not end in time' : 'internal: the thread ended without a report';
    const counts = this.#ctx.operations.getSnapshot().context.jobs[job]?.counts ?? {};
    return { job, outcome, counts, error, dryRun };
  }

  #reportBreakdown(job: string, error: unknown): void {
    if (!this.#stopping) this.#ctx.log.error({ job, error: describeError(error) }, 'the thread of a job broke down');
  }
}

// Bree tells of every thread's birth and death; for us that is detail, and what it passes besides the words may be anything.
function breeLog({ log }: Context): Bree.BreeLogger {
  const write = (message: unknown): void => log.debug(message instanceof Error ? message.message : String(message));
  return { info: write, warn: write, error: write };
}
