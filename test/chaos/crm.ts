// A CRM that is in a hurry: matches who applied, rematches some, writes figures and promocodes, garbage and replays in between.
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { YtClient } from 'ytsaurus-client';
import type { SeededPerson } from '../sandbox/seed.ts';
import { publishPromocodes, tablePaths } from '../sandbox/tables.ts';

export interface Application {
  readonly newbie_key: string;
  readonly matching_id: string;
  readonly newbie_park_id: string;
  readonly newbie_driver_id: string;
}

interface Match {
  readonly application: Application;
  readonly connectedAtMs: number;
  readonly mentor: SeededPerson;
  readonly rematched: boolean;
}

const everyMs = 300;
const figuresAfterMs = 500;
const rematchAfterMs = 2_000;

/** Uniform in [0, 1), the same for the same text. */
function fraction(text: string): number {
  return createHash('sha256').update(text).digest().readUInt32LE(0) / 2 ** 32;
}

/** Whether this newbie is to get a promocode in the end. */
export function passes(newbieKey: string): boolean {
  return fraction(`passes:${newbieKey}`) < 0.7;
}

export class ChaosCrm {
  readonly #yt: YtClient;
  readonly #mentors: readonly SeededPerson[];
  readonly #seed: string;
  readonly #matches = new Map<string, Match>();
  readonly #stopping = new AbortController();
  #publishedCodes = 0;
  #loop: Promise<void> | null = null;

  constructor(proxy: string, mentors: readonly SeededPerson[], seed: number) {
    this.#yt = new YtClient({ proxy });
    this.#mentors = mentors;
    this.#seed = String(seed);
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
      // A round that failed is made up for by the next, as by a daily rebuild.
      await this.#round().catch(() => {});
      await sleep(everyMs);
    }
  }

  async #round(): Promise<void> {
    const now = Date.now();
    for await (const row of this.#yt.readTable(tablePaths.YT_NEW_DRIVERS)) this.#consider(row as Application, now);
    const matches = [...this.#matches.values()];
    await this.#write(tablePaths.YT_DISTRIBUTION, [...matches.map(connectionOf), ...garbage(now)]);
    await this.#write(tablePaths.YT_RESULTS, matches.filter(({ connectedAtMs }) => now - connectedAtMs > figuresAfterMs).map(figuresOf));
    await this.#publishCodes(matches, now);
  }

  #consider(application: Application, now: number): void {
    const key = application.newbie_key;
    const present = this.#matches.get(key);
    if (present === undefined) {
      this.#matches.set(key, { application, connectedAtMs: now, mentor: this.#mentorOf(`first:${key}`), rematched: false });
      return;
    }
    const isToBeRematched = fraction(`rematch:${this.#seed}:${key}`) < 0.15 && !present.rematched && now - present.connectedAtMs > rematchAfterMs;
    if (isToBeRematched) this.#matches.set(key, { application, connectedAtMs: now, mentor: this.#mentorOf(`second:${key}`), rematched: true });
  }

  #mentorOf(text: string): SeededPerson {
    return this.#mentors[Math.floor(fraction(`${this.#seed}:${text}`) * this.#mentors.length)]!;
  }

  /** A table that grows, as one that is written anew under the same name each day. */
  async #publishCodes(matches: readonly Match[], now: number): Promise<void> {
    const rows = matches.filter((match) => isDone(match, now) && passes(match.application.newbie_key)).map(({ application }) => ({
      entity_id: `${application.newbie_park_id}_${application.newbie_driver_id}`,
      promocode: `CODE-${createHash('sha256').update(application.newbie_key).digest('hex').slice(0, 8)}`,
    }));
    if (rows.length === this.#publishedCodes) return;
    const name = `finished_promocodes_to_add_CHAOS_${new Date(now).toISOString().slice(0, 10)}`;
    const path = `${tablePaths.YT_PROMOCODES_DIR}/${name}`;
    if (await this.#yt.exists(path)) await this.#write(path, rows);
    else await publishPromocodes(this.#yt, { name, rows });
    this.#publishedCodes = rows.length;
  }

  async #write(path: string, rows: readonly Readonly<Record<string, string | null>>[]): Promise<void> {
    await this.#yt.writeTable(path, rows, {}, this.#stopping.signal);
  }
}

/** Nobody's code comes before his last mentor has. */
function isDone({ rematched, connectedAtMs }: Match, now: number): boolean {
  return now - connectedAtMs > (rematched ? figuresAfterMs : rematchAfterMs + figuresAfterMs);
}


function connectionOf({ application, mentor, connectedAtMs }: Match): Record<string, string> {
  const [{ parkId, driverId }] = mentor.profiles;
  return {
    newbie_park_id: application.newbie_park_id,
    newbie_driver_id: application.newbie_driver_id,
    mentor_park_id: parkId,
    mentor_driver_id: driverId,
    connected_dttm: new Date(connectedAtMs).toISOString(),
  };
}

function figuresOf({ application: { newbie_key: udid } }: Match): Record<string, string> {
  return {
    udid, rate_avg_7d: '4.9', rate_avg_14d: '4.8', avg_dp_7d: '90', avg_dp_14d: '91', sh_7d: '30', sh_14d: '61', correct_answers: '9', passed_test_flg: '1',
  };
}

function garbage(now: number): Record<string, string>[] {
  return [
    { newbie_park_id: 'not an id!', newbie_driver_id: '', mentor_park_id: 'p', mentor_driver_id: 'd', connected_dttm: 'yesterday' },
    { newbie_park_id: 'nobody', newbie_driver_id: 'nobody', mentor_park_id: 'p', mentor_driver_id: 'd', connected_dttm: new Date(now - 60_000).toISOString().slice(0, 19).replace('T', ' ') },
  ];
}
