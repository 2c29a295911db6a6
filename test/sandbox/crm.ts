// The simulated CRM: an outside party that knows the service by its YT tables only. It looks at them in real time and rewrites its
// own whole, as a daily rebuild would.
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { YtClient } from 'ytsaurus-client';
import { z } from 'zod';
import { distribute, promocodesOf, resultsOf, type PromocodeRow, type ResultRow } from './crm-plan.ts';
import type { Cast } from './seed.ts';
import { publishPromocodes, tablePaths } from './tables.ts';
import { dayMs, type WorldClock } from './world-clock.ts';

export interface CrmOptions {
  /** Address of the YT proxy. */
  readonly proxy: string;
  readonly cast: Cast;
  readonly clock: WorldClock;
  /** Pause between two looks at the tables. */
  readonly everyMs: number;
  /** Told of a round that failed; the next one tries again. */
  readonly report: (error: unknown) => void;
}

const ticket = 'TAXICRM-6689';
/** However fast the world's clock runs, the service must have seen the first match before it is replaced ... */
const rematchAfterRealMs = 5_000;
/** ... but no later than the lifecycle allows, and no earlier than anybody would think of it. */
const rematchAfterDays = { atLeast: 3, atMost: 12 } as const;

const application = z.object({
  newbie_key: z.string(),
  matching_id: z.string(),
  newbie_park_id: z.string(),
  newbie_driver_id: z.string(),
  requested_at: z.string(),
});
const connection = z.object({
  newbie_park_id: z.string(),
  newbie_driver_id: z.string(),
  mentor_park_id: z.string(),
  mentor_driver_id: z.string(),
  connected_dttm: z.string(),
});
const result = z.record(z.string(), z.string().nullable());

export class Crm {
  readonly #options: CrmOptions;
  readonly #yt: YtClient;
  readonly #stopping = new AbortController();
  #loop: Promise<void> | null = null;

  constructor(options: CrmOptions) {
    this.#options = options;
    this.#yt = new YtClient({ proxy: options.proxy });
  }

  start(): void {
    this.#loop ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
    await this.#yt.close();
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      try {
        await this.#round();
        await sleep(this.#options.everyMs, undefined, { signal: this.#stopping.signal });
      } catch (error) {
        if (this.#stopping.signal.aborted) return;
        this.#options.report(error);
        await sleep(this.#options.everyMs);
      }
    }
  }

  async #round(): Promise<void> {
    const { cast, clock } = this.#options;
    const scene = { cast, rematchAfterMs: rematchAfterMs(clock.timescale.rate), now: clock.now() };
    const applications = await this.#read(tablePaths.YT_NEW_DRIVERS, application);
    const present = await this.#read(tablePaths.YT_DISTRIBUTION, connection);
    const connections = distribute(applications, present, scene);
    if (!isDeepStrictEqual(connections, present)) await this.#write(tablePaths.YT_DISTRIBUTION, connections);
    await this.#writeResults(resultsOf(applications, connections, scene));
    await this.#publish(promocodesOf(applications, connections, scene));
  }

  async #writeResults(rows: readonly ResultRow[]): Promise<void> {
    const present = await this.#read(tablePaths.YT_RESULTS, result);
    if (!isDeepStrictEqual(present, rows)) await this.#write(tablePaths.YT_RESULTS, rows);
  }

  async #publish(byDate: ReadonlyMap<string, PromocodeRow[]>): Promise<void> {
    if (byDate.size === 0) return;
    const published = new Set((await this.#yt.list(tablePaths.YT_PROMOCODES_DIR, {}, this.#stopping.signal)).map((node) => node.name));
    for (const [date, rows] of byDate) {
      const name = `finished_promocodes_to_add_${ticket}_${date}`;
      if (!published.has(name)) await publishPromocodes(this.#yt, { name, rows }, this.#stopping.signal);
    }
  }

  async #read<Schema extends z.ZodType>(path: string, schema: Schema): Promise<z.output<Schema>[]> {
    const rows: z.output<Schema>[] = [];
    for await (const row of this.#yt.readTable(path, {}, this.#stopping.signal)) rows.push(schema.parse(row));
    return rows;
  }

  async #write(path: string, rows: readonly object[]): Promise<void> {
    // An interface has no index signature; the client takes any record.
    await this.#yt.writeTable(path, rows.map((row) => ({ ...row })), {}, this.#stopping.signal);
  }
}

function rematchAfterMs(rate: number): number {
  const { atLeast, atMost } = rematchAfterDays;
  return Math.max(atLeast * dayMs, Math.min(atMost * dayMs, rematchAfterRealMs * rate));
}
