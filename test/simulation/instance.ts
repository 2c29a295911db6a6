// One process of the service: the real task worker, jobs and use cases over this world's ports. It can be killed, stopped in order, and
// paused with everything it was in the middle of.
import { jobNamed, jobs, tickMs } from '../../jobs/schedule.ts';
import { runJob } from '../../jobs/run-job.ts';
import type { Job } from '../../jobs/job.ts';
import type { JobName, JobReport } from '../../jobs/report.ts';
import type { Profile } from '../../machines/ids.ts';
import type { Context } from '../../runtime/context.ts';
import { createLocks } from '../../runtime/lock/lease.ts';
import type { Log } from '../../runtime/log.ts';
import type { Metrics } from '../../runtime/metrics.ts';
import { createDriverDeps, type DriverDeps } from '../../runtime/mentorship/driver-deps.ts';
import { enrol } from '../../runtime/mentorship/enroll.ts';
import type { EnrolResult } from '../../runtime/mentorship/participant.ts';
import { createOperations } from '../../runtime/operations.ts';
import { noSpool } from '../../runtime/spool/no-spool.ts';
import { openSpool } from '../../runtime/spool/spool.ts';
import type { Spool } from '../../runtime/spool.ts';
import { SpoolWorker } from '../../runtime/tasks/spool-worker.ts';
import { TaskWorker } from '../../runtime/tasks/worker.ts';
import { storePorts } from './ports/store.ts';
import { upstreamPorts } from './ports/upstreams.ts';
import { ytPort } from './ports/yt.ts';
import { MemoryDisk } from '../suites/memory-disk.ts';
import { diskPort } from './ports/disk.ts';
import type { Owner } from './timeline.ts';
import type { Origin, World } from './world.ts';

const lockTtlMs = 15_000;
const taskLeaseMs = 30_000;
const stopGraceMs = 8_000;
/** More than there are: their room is taken at every birth of an instance. */
const maxPeople = 32;

const nothing = { inc: () => {}, dec: () => {}, set: () => {}, observe: () => {}, reset: () => {}, startTimer: () => () => 0 };
/** Nobody reads the figures of a world. */
const metrics = new Proxy({} as Metrics, { get: () => nothing });
const operations = createOperations();

export interface Doors {
  readonly deps: DriverDeps;
  enrol(caller: Profile, idempotencyKey: string | null): Promise<EnrolResult>;
}

export class Instance implements Owner {
  readonly name: string;
  life = 0;
  alive = false;
  pausedUntilMs = 0;
  wallSkewMs = 0;
  clockRate = 1;
  doors: Doors | null = null;
  /** The jobs whose ticks start anything. */
  runs: readonly JobName[] = jobs.map(({ name }) => name);
  /** Outlives the process. */
  readonly disk = new MemoryDisk();
  spool: Spool | null = null;
  readonly #world: World;
  readonly #ports: Omit<Context, 'store' | 'tasks' | 'retention' | 'locks' | 'spool'>;
  #worker: TaskWorker | null = null;
  #spoolWorker: SpoolWorker | null = null;
  #stopping = new AbortController();
  #runs = 0;

  constructor(world: World, name: string) {
    this.#world = world;
    this.name = name;
    const line = { world, owner: this };
    this.#ports = {
      config: world.config, metrics, operations, log: logOf(world), yt: ytPort(line), upstreams: upstreamPorts(line),
      newId: () => world.random.uuid(),
      random: () => world.random.next(),
    };
  }

  /** Without jobs none runs but by `runNow`. */
  start({ jobs: scheduled = true } = {}): void {
    const { random, weather, timeline } = this.#world;
    this.life += 1;
    this.alive = true;
    this.pausedUntilMs = 0;
    this.wallSkewMs = weather.skewMs === 0 ? 0 : random.between(-weather.skewMs, weather.skewMs);
    this.clockRate = random.chance(0.7) ? 1 : 0.8 + random.next() * 0.4;
    this.#stopping = new AbortController();
    timeline.schedule(random.between(0, 2_000), () => void this.#boot(scheduled), this);
  }

  runNow(name: JobName, then: (report: JobReport) => void): void {
    this.#world.timeline.schedule(0, () => void this.#run(jobNamed(name), { onlyIfDue: false }).then(then), this);
  }

  /** Ends for good. */
  retire(): void {
    this.#leaveDisk();
    this.life += 1;
    this.alive = false;
    this.doors = null;
  }

  /** Nothing of this life is heard of again, but for what it had sent. */
  kill(): void {
    if (!this.alive) return;
    this.#world.note(`${this.name} killed`);
    this.#leaveDisk();
    this.alive = false;
    this.doors = null;
    const { random, timeline, isHealed } = this.#world;
    const { life } = this;
    const afterMs = isHealed ? 1_000 : random.between(1_000, random.chance(0.3) ? 3_600_000 : 60_000);
    timeline.schedule(afterMs, () => (this.life === life ? this.start() : undefined));
  }

  /** The machine may lose its power with the process: what was not synced is gone then. */
  #leaveDisk(): void {
    const { random, isHealed } = this.#world;
    if (!isHealed && random.chance(0.6)) {
      this.#world.count('fault: power loss');
      this.disk.losePower(random.between(0, 60));
    } else this.disk.kill(this.#process);
    this.spool = null;
  }

  get #process(): string {
    return `${this.name}-${this.life}`;
  }

  pause(ms: number): void {
    this.#world.note(`${this.name} paused`);
    this.pausedUntilMs = this.#world.timeline.nowMs + ms;
  }

  /** As on SIGTERM; cut short when it takes too long. */
  stop(): void {
    this.#world.note(`${this.name} stops`);
    this.doors = null;
    this.#world.timeline.schedule(0, () => {
      this.#stopping.abort();
      void this.#drain().then(() => this.kill());
    }, this);
    const { life } = this;
    this.#world.timeline.schedule(4 * stopGraceMs, () => (this.life === life && this.alive ? this.kill() : undefined));
  }

  async #drain(): Promise<void> {
    await this.#worker?.stop(stopGraceMs);
    await this.#spoolWorker?.stop();
    await this.spool?.close();
  }

  async #boot(scheduled: boolean): Promise<void> {
    const world = this.#world;
    const { log } = this.#ports;
    const files = diskPort({ world, owner: this }, this.disk, this.#process);
    const spool = await openSpool({ ...world.config.spool, files, owner: this.#process, now: Date.now, log, metrics });
    const ctx = { ...this.#context({ instance: this.name, job: null, lockOwner: null }), spool };
    this.spool = spool;
    this.doors = doorsOf(ctx);
    this.#spoolWorker = new SpoolWorker(ctx, { roundEveryMs: world.settings.spoolRoundMs, adoptEveryMs: 4 * world.settings.spoolRoundMs });
    this.#spoolWorker.start();
    this.#worker = new TaskWorker(ctx, {
      concurrency: 3, owner: `${this.name}:${this.life}`, leaseMs: taskLeaseMs, pollMs: this.#world.settings.taskPollMs,
    });
    this.#worker.start();
    if (scheduled) for (const job of jobs) this.#schedule(job);
  }

  /** Like Bree: at once, then at each tick unless the last run still goes on. */
  #schedule(job: Job): void {
    let running = false;
    const tick = (): void => {
      if (running || !this.runs.includes(job.name) || this.#stopping.signal.aborted) return;
      running = true;
      void this.#run(job).finally(() => void (running = false));
    };
    setInterval(tick, tickMs(this.#world.config.jobs, job.name));
    tick();
  }

  /** Each run in a thread of its own, with a context of its own. */
  async #run(job: Job, { onlyIfDue = true } = {}): Promise<JobReport> {
    this.#runs += 1;
    const lockOwner = `${this.name}:${this.life}:${job.name}:${this.#runs}`;
    const ctx = this.#context({ instance: this.name, job: job.name, lockOwner });
    const report = await runJob(ctx, job, { dryRun: false, onlyIfDue }, this.#stopping.signal);
    this.#world.count(`job: ${job.name} ${report.outcome}`);
    this.#world.note(`${lockOwner} ${report.outcome} ${report.error ?? ''}`);
    return report;
  }

  #context(origin: Origin): Context {
    const { store, tasks, leases, retention } = storePorts({ world: this.#world, owner: this }, origin);
    const locks = createLocks(leases, { owner: origin.lockOwner ?? this.name, ttlMs: lockTtlMs, log: this.#ports.log });
    return { ...this.#ports, store, tasks, retention, locks, spool: noSpool(Date.now) };
  }
}

/** As service.ts wires them. */
function doorsOf(ctx: Context): Doors {
  const deps = createDriverDeps(ctx, maxPeople);
  return {
    deps,
    enrol: async (caller, idempotencyKey) => {
      const person = await deps.identity.identify(caller, { fresh: true });
      return enrol(ctx, person, { caller, idempotencyKey });
    },
  };
}

function logOf({ logged }: World): Log {
  const write = (...line: unknown[]): void => void logged.push(JSON.stringify(line));
  return { trace: write, debug: write, info: write, warn: write, error: write, fatal: write } as unknown as Log;
}
