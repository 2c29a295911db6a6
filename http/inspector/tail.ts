// Follows status_transitions while somebody watches, whoever writes them: this process, its threads, other hosts. A transaction gets
// its moment when it begins and is seen when it commits, so that moves may appear behind one already seen: each look goes back by
// more than a transaction lasts and leaves out what was told before.
import { setTimeout as sleep } from 'node:timers/promises';
import type { EpochMs } from '../../machines/matching-record.ts';
import { asServiceError } from '../../runtime/errors.ts';
import type { Log } from '../../runtime/log.ts';
import type { Retention } from '../../runtime/retention.ts';
import type { StoreReads, TransitionRecord } from '../../runtime/store.ts';
import type { Moves } from './own-frames.ts';

export interface TailPorts {
  readonly store: Pick<StoreReads, 'now'>;
  readonly retention: Pick<Retention, 'changedTransitions'>;
  readonly log: Log;
  /** Programme time per real time. */
  readonly rate: number;
}

const lookEveryMs = 250;
const lookAfterFailureMs = 1_000;
/** Longer than a transaction may take from its moment to its commit. */
const overlapRealMs = 5_000;
const pageLimit = 500;
const pagesPerLook = 4;

export class Tail {
  readonly #ports: TailPorts;
  readonly #tell: (moves: Moves) => void;
  /** Ids of moves within the overlap, with their moments. */
  #told = new Map<string, EpochMs>();
  #since: EpochMs | null = null;
  #stop: AbortController | null = null;
  #begun = Promise.withResolvers<void>();

  constructor(ports: TailPorts, tell: (moves: Moves) => void) {
    this.#ports = ports;
    this.#tell = tell;
  }

  /** Resolves after the first look: whatever commits from then on is told. */
  start(): Promise<void> {
    if (this.#stop === null) {
      this.#stop = new AbortController();
      this.#since = null;
      this.#told = new Map();
      this.#begun = Promise.withResolvers();
      void this.#run(this.#stop.signal);
    }
    return this.#begun.promise;
  }

  stop(): void {
    this.#stop?.abort();
    this.#stop = null;
  }

  async #run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const pauseMs = await this.#look(signal).then(() => lookEveryMs, (error: unknown) => {
        this.#ports.log.warn({ code: asServiceError(error).code }, 'the inspector cannot read transitions');
        return lookAfterFailureMs;
      });
      // A store that is away keeps nobody waiting: he is told when it is back.
      this.#begun.resolve();
      await sleep(pauseMs, undefined, { ref: false });
    }
  }

  async #look(signal: AbortSignal): Promise<void> {
    const { store, rate } = this.#ports;
    const now = await store.now();
    const overlapMs = overlapRealMs * rate;
    const first = this.#since === null;
    const since = this.#since ?? now - overlapMs;
    const { found, complete } = await this.#read(since);
    const fresh = found.filter(({ id }) => !this.#told.has(id)).sort((a, b) => a.createdAt - b.createdAt || a.version - b.version);
    for (const { id, createdAt } of fresh) this.#told.set(id, createdAt);
    // Too many to follow with the overlap: going on from the latest seen, or from now, keeps up with them.
    const newest = found.reduce((latest, { createdAt }) => Math.max(latest, createdAt), since);
    const keepingUp = fresh.length === 0 ? now : newest;
    this.#since = complete ? Math.max(since, now - overlapMs) : keepingUp;
    for (const [id, at] of this.#told) if (at < this.#since) this.#told.delete(id);
    // What happened before the watcher came is history.
    if (!first && fresh.length > 0 && !signal.aborted) this.#tell({ moves: fresh, skipped: !complete });
  }

  async #read(since: EpochMs): Promise<{ found: TransitionRecord[]; complete: boolean }> {
    const found: TransitionRecord[] = [];
    let cursor: string | null = null;
    for (let pages = 0; pages < pagesPerLook; pages += 1) {
      const page = await this.#ports.retention.changedTransitions(since, { limit: pageLimit, cursor });
      found.push(...page.items);
      cursor = page.nextCursor;
      if (cursor === null) return { found, complete: true };
    }
    return { found, complete: false };
  }
}
