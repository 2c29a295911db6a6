// The driver under supervision: built when YDB answers, replaced when the connection is in doubt, and never an error at the start.
// While YDB is away calls fail at once; the driver comes back by itself.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Driver } from 'ydb-sdk';
import { describeError, ServiceError } from '../../errors.ts';
import { type Address, createDriver, type DriverOptions, isListening } from './driver.ts';
import { Permits } from './permits.ts';

const connectTimeoutMs = 1_500;
const firstPauseMs = 50;
const longestPauseMs = 2_000;
/** A connection that fails right after it was replaced is not the reason: it is not replaced more often than this. */
const replaceEveryMs = 1_000;
const destroyTimeoutMs = 2_000;
/** How long calls on a replaced driver may still take: longer than any attempt. */
const retireAfterMs = 15_000;

/** One driver with what depends on it. */
export interface Line {
  readonly driver: Driver;
  /** As many calls at once as the driver has sessions for. */
  readonly permits: Permits;
  /** Aborts when the line is given up. */
  readonly signal: AbortSignal;
}

interface OpenLine extends Line {
  readonly abort: AbortController;
  readonly openedAtMs: number;
}

export class Connection {
  readonly #address: Address;
  readonly #options: DriverOptions;
  #line: OpenLine | null = null;
  /** The attempt under way to get a line. */
  #attempt: Promise<boolean> | null = null;
  #failed = false;
  #supervision: Promise<void> | null = null;
  readonly #closing = new AbortController();
  readonly #retiring = new Set<Promise<void>>();

  constructor(address: Address, options: DriverOptions) {
    this.#address = address;
    this.#options = options;
    this.#supervise();
  }

  /** Waits for the first attempt only; later, without a line, it throws `store_unavailable` at once. */
  async line(): Promise<Line> {
    if (this.#closing.signal.aborted) throw closed();
    if (this.#line === null && !this.#failed) await this.#attempt;
    if (this.#line !== null) return this.#line;
    throw this.#closing.signal.aborted ? closed() : new ServiceError('store_unavailable', 'the store cannot be reached');
  }

  /** Takes note that `line` failed on its way to the server: a fresh one is tried, and `line` is given up if none can be had. */
  suspect(line: Line): void {
    const current = this.#line;
    if (current === null || current.driver !== line.driver || this.#supervision !== null) return;
    if (performance.now() - current.openedAtMs > replaceEveryMs) this.#supervise();
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort(closed());
    await this.#supervision;
    await Promise.all([this.#drop(closed()), ...this.#retiring]);
  }

  #supervise(): void {
    this.#attempt = this.#open();
    this.#supervision = this.#persist(this.#attempt).finally(() => {
      this.#supervision = null;
    });
  }

  async #persist(first: Promise<boolean>): Promise<void> {
    let opened = await first;
    for (let pauseMs = firstPauseMs; !opened && !this.#closing.signal.aborted; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      if (!this.#failed) this.#options.log.warn({ code: 'store_unavailable' }, 'YDB does not answer; trying again until it does');
      this.#failed = true;
      void this.#drop(new ServiceError('store_unavailable', 'the store cannot be reached'));
      await this.#pause(pauseMs);
      opened = await this.#open();
    }
  }

  async #pause(pauseMs: number): Promise<void> {
    await sleep(pauseMs, undefined, { signal: this.#closing.signal, ref: false }).catch((error: unknown) => {
      if (!this.#closing.signal.aborted) throw error;
    });
  }

  async #open(): Promise<boolean> {
    if (!(await isListening(this.#address, connectTimeoutMs))) return false;
    const driver = createDriver(this.#address, this.#options);
    if (!(await this.#isReady(driver)) || this.#closing.signal.aborted) {
      void this.#destroy(driver);
      return false;
    }
    if (this.#line !== null) this.#retire(this.#line.driver);
    const abort = new AbortController();
    this.#line = { driver, permits: new Permits(this.#options.poolSize), signal: abort.signal, abort, openedAtMs: performance.now() };
    if (this.#failed) this.#options.log.info('YDB answers again');
    this.#failed = false;
    return true;
  }

  async #drop(reason: Error): Promise<void> {
    const line = this.#line;
    if (line === null) return;
    this.#line = null;
    line.abort.abort(reason);
    await this.#destroy(line.driver);
  }

  /** Calls on a replaced driver end there by themselves. */
  #retire(driver: Driver): void {
    const retired = this.#pause(retireAfterMs).then(() => this.#destroy(driver)).finally(() => this.#retiring.delete(retired));
    this.#retiring.add(retired);
  }

  async #isReady(driver: Driver): Promise<boolean> {
    try {
      return await driver.ready(connectTimeoutMs);
    } catch (error) {
      this.#options.log.debug({ error: describeError(error) }, 'YDB does not list its endpoints');
      return false;
    }
  }

  async #destroy(driver: Driver): Promise<void> {
    const late = sleep(destroyTimeoutMs, undefined, { ref: false });
    const ended = driver.destroy().catch((error: unknown) => {
      this.#options.log.debug({ error: describeError(error) }, 'sessions were not closed; the server will do it');
    });
    await Promise.race([ended, late]);
  }
}

function closed(): ServiceError {
  return new ServiceError('store_unavailable', 'the store is closed');
}
