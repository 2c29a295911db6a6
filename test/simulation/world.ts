// One world: virtual time, its weather, its services' data, and what has been seen of it so far.
import type { Config } from '../../runtime/config/config.ts';
import { App } from './app.ts';
import { Cluster } from './cluster.ts';
import { count, type Coverage } from './coverage.ts';
import { Transactions, type Committed } from './memory-store/access.ts';
import { Tables } from './memory-store/tables.ts';
import { drawPeople, type People } from './people.ts';
import { createRandom, type Random } from './random.ts';
import { drawSettings, type Settings } from './settings.ts';
import { startMs, Timeline } from './timeline.ts';
import { createTrace, type Trace } from './trace.ts';
import { drawWeather, healed, services, type Service, type Weather } from './weather.ts';

export interface Violation {
  readonly promise: string;
  readonly detail: string;
}

/** Who reaches the store: an instance, and the job under whose lock it says to work. */
export interface Origin {
  readonly instance: string;
  readonly job: string | null;
  /** Owner of the job's lock. */
  readonly lockOwner: string | null;
}

export class World {
  readonly random: Random;
  readonly settings: Settings;
  readonly config: Config;
  readonly people: People;
  readonly timeline = new Timeline();
  readonly cluster = new Cluster();
  readonly app = new App();
  readonly coverage: Coverage = new Map();
  readonly trace: Trace;
  readonly tables = new Tables();
  readonly transactions: Transactions;
  /** Every line the service logged. */
  readonly logged: string[] = [];
  /** Statuses that some matching entered. */
  readonly reached = new Set<string>();
  weather: Weather;
  /** The services that are out of order, and until when. */
  readonly outages = new Map<Service, number>();
  violation: Violation | null = null;
  origin: Origin | null = null;
  onCommit: (committed: Committed, origin: Origin | null) => void = () => {};

  constructor(seed: number, traceLines: number) {
    this.random = createRandom(seed);
    this.trace = createTrace(traceLines);
    this.settings = drawSettings(this.random);
    this.config = this.settings.config;
    this.people = drawPeople(this.random);
    this.weather = drawWeather(this.random);
    this.transactions = new Transactions(this.tables, () => this.timeline.nowMs, (committed) => this.onCommit(committed, this.origin));
  }

  /** Since the world began. */
  get elapsedMs(): number {
    return this.timeline.nowMs - startMs;
  }

  get isHealed(): boolean {
    return this.elapsedMs >= this.settings.healAtMs;
  }

  note(text: string): void {
    this.trace.note(this.timeline.nowMs, text);
  }

  count(what: string): void {
    count(this.coverage, what);
  }

  /** The first violation ends the run. */
  violate(promise: string, detail: string): void {
    this.violation ??= { promise, detail };
    this.note(`VIOLATION ${promise} ${detail}`);
  }

  isDown(service: Service): boolean {
    return (this.outages.get(service) ?? 0) > this.timeline.nowMs;
  }

  /** Outages begin and end. */
  turnWeather(): void {
    const { random, weather } = this;
    for (const service of services) {
      if (!random.chance(weather.of[service].outage)) continue;
      this.count(`fault: outage of ${service}`);
      this.outages.set(service, this.timeline.nowMs + random.between(10_000, random.chance(0.3) ? 3 * 3_600_000 : 600_000));
    }
  }

  heal(): void {
    this.weather = healed(this.weather);
    this.outages.clear();
  }
}
