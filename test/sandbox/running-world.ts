// The network and the service together in one process, for tests: started, enrolled, restarted and looked into as one thing.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { YtClient } from 'ytsaurus-client';
import type { MatchingRecord } from '../../machines/matching-record.ts';
import { readConfig, type Config } from '../../runtime/config/config.ts';
import type { Context } from '../../runtime/context.ts';
import { startService, type Service } from '../../runtime/service.ts';
import { bundledThreads } from '../build.ts';
import { enrolFrom } from './crowd.ts';
import { driverApp, type DriverApp, type Platform } from './driver-app.ts';
import { isSettled, readFunnel } from './funnel.ts';
import { startNetwork, type Network } from './network.ts';
import type { SeededPerson } from './seed.ts';

export interface RunningWorldOptions {
  readonly drivers: number;
  /** Programme days per real second. */
  readonly speed: number;
  /** Variables on top of the network's. */
  readonly environment: Readonly<Record<string, string>>;
}

const enrolWithinMs = 20_000;
const lookEveryMs = 50;
const logName = 'service.log';

export class RunningWorld {
  readonly network: Network;
  readonly failures: readonly unknown[];
  readonly #directory: string;
  readonly #config: Config;
  #service: Service;
  #settled: Promise<boolean> | null = null;

  private constructor(parts: { network: Network; directory: string; config: Config; service: Service; failures: unknown[] }) {
    this.network = parts.network;
    this.failures = parts.failures;
    this.#directory = parts.directory;
    this.#config = parts.config;
    this.#service = parts.service;
  }

  static async start({ drivers, speed, environment }: RunningWorldOptions): Promise<RunningWorld> {
    const directory = mkdtempSync(join(tmpdir(), 'mentorship-'));
    const failures: unknown[] = [];
    const network = await startNetwork({ directory, drivers, speed, report: (error) => failures.push(error) });
    const own = { HTTP_HOST: '127.0.0.1', HTTP_PORT: '0', ADMIN_PORT: '0', LOG_LEVEL: 'debug', LOG_FILE: join(directory, logName) };
    const config = { ...readConfig({ ...own, ...environment, ...network.environment }), timescale: network.timescale };
    const service = await startService(config, bundledThreads());
    return new RunningWorld({ network, directory, config, service, failures });
  }

  get driverUrl(): string {
    return this.#service.driverUrl;
  }

  get adminUrl(): string {
    return this.#service.adminUrl;
  }

  get ctx(): Context {
    return this.#service.ctx;
  }

  /** Everything the service keeps and logs, as one text: whatever must not be there can be looked for. */
  written(): string {
    const names = readdirSync(this.#directory).filter((name) => name === logName || name.startsWith('mentorship.sqlite'));
    return names.map((name) => readFileSync(join(this.#directory, name), 'utf8')).join('\n');
  }

  /** What the service itself keeps in files, by path below its directory, byte for byte. */
  files(): ReadonlyMap<string, Buffer> {
    const mine = (path: string): boolean => path === logName || path.startsWith('mentorship.sqlite') || path.startsWith('spool/');
    const entries = readdirSync(this.#directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const paths = entries.map(({ parentPath, name }) => relative(this.#directory, join(parentPath, name))).filter(mine);
    return new Map(paths.map((path) => [path, readFileSync(join(this.#directory, path))]));
  }

  /** The app of a person on the phone of one of his profiles. */
  app(person: SeededPerson, profileNumber = 0): DriverApp {
    const profile = person.profiles[profileNumber];
    if (profile === undefined) throw new RangeError(`the person has no profile ${profileNumber}`);
    return driverApp(this.#platform(), profile);
  }

  async enrolEach(people: readonly SeededPerson[]): Promise<void> {
    const signal = AbortSignal.timeout(enrolWithinMs);
    await Promise.all(people.map(({ profiles }) => enrolFrom(this.#platform(), profiles[0], signal)));
  }

  /** The service alone: the outside world goes on meanwhile. */
  async restartService(): Promise<void> {
    await this.#service.stop();
    this.#service = await startService(this.#config, bundledThreads());
  }

  async matchingOf(person: SeededPerson): Promise<MatchingRecord | null> {
    const found = await this.ctx.store.matchingsOfNewbies(person.profiles);
    return found[0] ?? null;
  }

  /** Throws, naming the wait, when the state does not come in time. */
  async until<Value>(what: string, look: () => Promise<Value | null | false>, withinMs = 60_000): Promise<Value> {
    const deadline = performance.now() + withinMs;
    while (performance.now() < deadline) {
      const found = await look();
      if (found !== null && found !== false) return found;
      await sleep(lookEveryMs);
    }
    throw new Error(`waited ${withinMs} ms in vain for ${what}`);
  }

  /** Waits once for all who ask: a world that does not settle fails them together. */
  async untilSettled(drivers: number): Promise<void> {
    this.#settled ??= this.until('everybody to finish', async () => isSettled(await readFunnel(this.ctx.store), drivers));
    await this.#settled;
  }

  async tableRows(path: string): Promise<Record<string, unknown>[]> {
    const client = new YtClient({ proxy: this.network.yt.url });
    const rows: unknown[] = [];
    for await (const row of client.readTable(path)) rows.push(row);
    await client.close();
    return rows as Record<string, unknown>[];
  }

  async stop(): Promise<void> {
    await this.#service.stop();
    await this.network.close();
    rmSync(this.#directory, { recursive: true });
  }

  #platform(): Platform {
    return { driverUrl: this.#service.driverUrl, token: (profile) => this.network.token(profile) };
  }
}
