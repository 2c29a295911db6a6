// Empties the spool: into the store whenever it answers; while it does not, each enrolment's application goes to YT all the same.
import type { MatchingId } from '../../machines/ids.ts';
import type { MatchingRecord } from '../../machines/matching-record.ts';
import { rfc3339 } from '../clock.ts';
import type { Context } from '../context.ts';
import { asServiceError, describeError } from '../errors.ts';
import { stoppedAfter, withinTime } from '../mentorship/deadline.ts';
import { fulfilSpooled } from '../mentorship/enroll.ts';
import type { SpoolEntry } from '../spool.ts';
import { pauseMs } from './backoff.ts';
import { applicationKey, formApplication } from './create-application.ts';

export interface SpoolWorkerOptions {
  /** Between two looks at what waits. */
  readonly roundEveryMs: number;
  /** Between two looks at what dead processes left. */
  readonly adoptEveryMs: number;
}

const usual: SpoolWorkerOptions = { roundEveryMs: 250, adoptEveryMs: 5_000 };
const atOnce = 8;
/** The store is looked for again after each round: one application must not hold that up for long. */
const formWithinMs = 10_000;
/** And nobody else is brought to the store before a row is given to the matching that came first. */
const correctWithinMs = 5_000;

/** Of what failed: how often, and when it is due again. */
type Pauses = Map<MatchingId, { readonly attempt: number; readonly dueMs: number }>;

type Brought = 'settled' | 'store_away' | 'failed';

export class SpoolWorker {
  readonly #ctx: Context;
  readonly #options: SpoolWorkerOptions;
  readonly #stopping = new AbortController();
  /** Apart from each other: upstreams that fail while the store is away must not hold up the way to the store. */
  readonly #bringing: Pauses = new Map();
  readonly #forming: Pauses = new Map();
  #loop: Promise<void> | null = null;
  #adoptedMs = performance.now();

  constructor(ctx: Context, options: SpoolWorkerOptions = usual) {
    this.#ctx = ctx;
    this.#options = options;
  }

  start(): void {
    this.#loop ??= this.#run();
  }

  /** What is under way is cut off: whatever it had done, it is safe to do again. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await this.#adoptNowAndThen();
      await this.round();
      await elapsed(this.#options.roundEveryMs, signal);
    }
  }

  async #adoptNowAndThen(): Promise<void> {
    if (performance.now() - this.#adoptedMs < this.#options.adoptEveryMs) return;
    this.#adoptedMs = performance.now();
    try {
      await this.#ctx.spool.adopt();
    } catch (error) {
      this.#ctx.log.warn({ error: describeError(error) }, 'the spool of other processes cannot be looked at');
    }
  }

  /** One pass over what waits. */
  async round(): Promise<void> {
    const waiting = this.#due(this.#bringing);
    // The first one finds out whether the store is there: against one that hangs not everybody has to try.
    for (let next = 0, size = 1; next < waiting.length; next += size, size = next === 1 ? atOnce : size) {
      const brought = await Promise.all(waiting.slice(next, next + size).map((entry) => this.#bring(entry)));
      if (this.#stopping.signal.aborted) return;
      // Not those that were brought beside it: merged with another matching, their row must not be written again.
      if (brought.includes('store_away')) return this.#formAll(this.#due(this.#forming));
    }
    return undefined;
  }

  #due(pauses: Pauses): SpoolEntry[] {
    return this.#ctx.spool.waiting().filter(({ matchingId }) => (pauses.get(matchingId)?.dueMs ?? 0) <= performance.now());
  }

  async #bring(entry: SpoolEntry): Promise<Brought> {
    const { ctx, signal } = { ctx: this.#ctx, signal: this.#stopping.signal };
    try {
      const { record } = await withinTime(ctx.config.spool.afterMs, (limit) => fulfilSpooled(ctx, entry, limit), signal);
      const isOwn = record.id === entry.matchingId;
      // YT may have the application of this entry also where nobody knows: its answer was lost, or the process that wrote it died.
      if (!isOwn) await this.#giveRowTo(record, entry);
      await ctx.spool.settle(entry.matchingId);
      for (const pauses of [this.#bringing, this.#forming]) pauses.delete(entry.matchingId);
      ctx.metrics.spoolSettled.inc({ outcome: isOwn ? 'created' : 'merged' });
      return 'settled';
    } catch (error) {
      if (asServiceError(error).code === 'store_unavailable') return 'store_away';
      this.#pause(this.#bringing, entry, error, 'a spooled enrolment could not be brought to the store');
      return 'failed';
    }
  }

  async #giveRowTo({ id, newbie, createdAt }: MatchingRecord, entry: SpoolEntry): Promise<void> {
    const row = {
      newbie_key: applicationKey(entry.udid, entry.newbie),
      matching_id: id,
      newbie_park_id: newbie.parkId,
      newbie_driver_id: newbie.driverId,
      created_at: rfc3339(createdAt),
    };
    await stoppedAfter(correctWithinMs, (signal) => this.#ctx.yt.correctApplication(row, signal), { outer: this.#stopping.signal });
  }

  async #formAll(entries: readonly SpoolEntry[]): Promise<void> {
    const unformed = entries.filter(({ isFormed }) => !isFormed);
    for (let next = 0; next < unformed.length && !this.#stopping.signal.aborted; next += atOnce) {
      await Promise.all(unformed.slice(next, next + atOnce).map((entry) => this.#formEntry(entry)));
    }
  }

  async #formEntry(entry: SpoolEntry): Promise<void> {
    try {
      await this.#form({ id: entry.matchingId, newbie: entry.newbie, newbieUdid: entry.udid, createdAt: entry.askedAt });
      await this.#ctx.spool.noteFormed(entry.matchingId);
      this.#forming.delete(entry.matchingId);
    } catch (error) {
      this.#pause(this.#forming, entry, error, 'an application could not be formed from the spool');
    }
  }

  async #form(applicant: Omit<Parameters<typeof formApplication>[1], 'requestedAt'>): Promise<void> {
    const form = (signal: AbortSignal): Promise<void> =>
      formApplication(this.#ctx, { ...applicant, requestedAt: async () => this.#ctx.spool.now() }, signal);
    await stoppedAfter(formWithinMs, form, { outer: this.#stopping.signal });
  }

  #pause(pauses: Pauses, { matchingId }: SpoolEntry, error: unknown, what: string): void {
    if (this.#stopping.signal.aborted) return;
    const attempt = (pauses.get(matchingId)?.attempt ?? 0) + 1;
    pauses.set(matchingId, { attempt, dueMs: performance.now() + pauseMs(attempt, this.#ctx.random) });
    this.#ctx.log.warn({ matching: matchingId, attempt, error: describeError(error) }, what);
  }
}

/** Sooner when the signal aborts. */
async function elapsed(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  // Taken off again: the signal lives as long as the process, and this waits four times a second.
  const stop = (): void => resolve();
  signal.addEventListener('abort', stop, { once: true });
  await promise;
  signal.removeEventListener('abort', stop);
  clearTimeout(timer);
}
