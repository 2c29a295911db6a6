// Two instances of the service over one store: killed at random moments and started again, one of them stopped for longer than any lease.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../simulation/random.ts';
import { Instance } from './instance.ts';

export interface FleetOptions {
  readonly environment: Readonly<Record<string, string>>;
  readonly random: Random;
  readonly kills: number;
  /** How often, and for how long, an instance is stopped in its tracks. */
  readonly pauses: number;
  readonly pauseMs: number;
  /** Told of each kill. */
  readonly onKill: (kills: number) => void;
}

interface Slot {
  process: Instance | null;
  isReady: boolean;
}

/** Lives this long at most after it was ready; some are killed while they start. */
const longestLifeMs = 1_500;
const metricsWithinMs = 5_000;

export class Fleet {
  readonly #options: FleetOptions;
  readonly #slots: readonly Slot[] = [{ process: null, isReady: false }, { process: null, isReady: false }];
  kills = 0;
  /** Kills that were made or are about to be: the slots do not wait for each other. */
  #begun = 0;
  /** Ends that nobody asked for. */
  readonly crashes: string[] = [];

  constructor(options: FleetOptions) {
    this.#options = options;
  }

  /** An instance that accepts requests, or null. One that is stopped counts: nobody can know. */
  pick(): Instance | null {
    const ready = this.#slots.filter(({ isReady }) => isReady);
    return ready[this.#options.random.between(0, ready.length - 1)]?.process ?? null;
  }

  /** Enrolments that wait in the spools, as the instances tell; NaN while one does not answer. */
  async spooled(): Promise<number> {
    const told = await Promise.all(this.#slots.map(async ({ process }) => {
      const text = await fetch(`${process?.adminUrl}/metrics`, { signal: AbortSignal.timeout(metricsWithinMs) }).then((answer) => answer.text(), () => '');
      return Number(/^mentorship_spool_records (\d+)$/m.exec(text)?.[1]);
    }));
    return told.reduce((sum, count) => sum + count, 0);
  }

  async storm(): Promise<void> {
    await Promise.all(this.#slots.map((slot, number) => this.#stormOver(slot, number)));
  }

  /** Both instances up and left alone. */
  async calm(): Promise<void> {
    await Promise.all(this.#slots.map(async (slot) => {
      if (slot.process?.isAlive !== true) await this.#start(slot);
    }));
  }

  /** By SIGTERM; each must end by itself. */
  async stop(): Promise<void> {
    await Promise.all(this.#slots.map(async ({ process }) => {
      if (process === null || !process.isAlive) return;
      process.signal('SIGTERM');
      const { code } = await process.ended;
      if (code !== 0) this.crashes.push(`stopped with ${code}: ${process.lines.slice(-3).join(' | ')}`);
    }));
  }

  async #stormOver(slot: Slot, number: number): Promise<void> {
    const { kills, random, pauses, pauseMs } = this.#options;
    let paused = 0;
    while (this.#begun < kills) {
      this.#begun += 1;
      const isLongAwaited = random.chance(0.85);
      const starting = this.#start(slot);
      await (isLongAwaited ? starting : Promise.race([starting, sleep(random.between(50, 800))]));
      // The second one is stopped now and then, the first goes on dying meanwhile.
      if (number === 1 && isLongAwaited && paused < pauses && this.kills >= (kills * (paused + 1)) / (pauses + 2)) {
        paused += 1;
        await this.#pause(slot, pauseMs);
      }
      await sleep(random.between(0, longestLifeMs));
      // Who had died by himself is not killed: that one is still to come.
      if (!(await this.#kill(slot))) this.#begun -= 1;
      await starting;
    }
  }

  async #start(slot: Slot): Promise<void> {
    const process = Instance.launch(this.#options.environment);
    slot.process = process;
    try {
      await process.ready;
      slot.isReady = process.isAlive;
    } catch {
      const { code, signal } = await process.ended;
      if (signal !== 'SIGKILL') this.crashes.push(`ended with ${code ?? signal} while starting: ${process.lines.slice(-3).join(' | ')}`);
    }
  }

  async #pause({ process }: Slot, pauseMs: number): Promise<void> {
    process?.signal('SIGSTOP');
    await sleep(pauseMs);
    process?.signal('SIGCONT');
    // What it does on waking is the point.
    await sleep(2_000);
  }

  async #kill(slot: Slot): Promise<boolean> {
    const { process } = slot;
    slot.isReady = false;
    if (process === null) return false;
    if (!process.isAlive) {
      const { code, signal } = await process.ended;
      if (signal !== 'SIGKILL') this.crashes.push(`ended by itself with ${code ?? signal}: ${process.lines.slice(-3).join(' | ')}`);
      return false;
    }
    await process.kill();
    this.kills += 1;
    this.#options.onKill(this.kills);
    return true;
  }
}
