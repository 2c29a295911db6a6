// Checkpoints of the write-ahead log in a thread of their own: SQLite copies the log's pages into the file in one call, which takes as
// long as the disk does, and the event loop must not stand still for it. The thread is begun when the log is first long enough.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Connection } from './database.ts';

export interface LogLimits {
  /** Pages not yet copied from which a copy is worth its syncs. */
  readonly worthPages: number;
  /** Commits wait for the copy once the log has this many pages: while nothing is appended all of it is copied, and it begins anew. */
  readonly longestPages: number;
}

/** The first is SQLite's own. */
const usualLimits: LogLimits = { worthPages: 1_000, longestPages: 50_000 };

export class Checkpoints {
  readonly #file: string;
  readonly #onFailure: (error: unknown) => void;
  #thread: Worker | null = null;
  #copying: Promise<void> | null = null;
  #failed = false;
  readonly #limits: LogLimits;
  #waitAtPages: number;

  /** `onFailure` hears of the failure of the thread; from then on SQLite makes its checkpoints within commits again. */
  constructor(file: string, onFailure: (error: unknown) => void, limits = usualLimits) {
    this.#file = file;
    this.#onFailure = onFailure;
    this.#limits = limits;
    this.#waitAtPages = limits.longestPages;
  }

  begin(writer: Connection): void {
    writer.execute('PRAGMA wal_autocheckpoint = 0');
    // What was copied goes back to the system.
    writer.execute('PRAGMA journal_size_limit = 67108864');
  }

  /** To be called between two transactions. */
  async keepShort(writer: Connection): Promise<void> {
    if (this.#failed) return;
    const { worthPages, longestPages } = this.#limits;
    const { log, checkpointed } = writer.logPages();
    if (log - checkpointed < worthPages) return;
    const copying = this.#copy(writer);
    if (log < this.#waitAtPages) return;
    await copying;
    // The one that was under way may have begun before the last commit.
    await this.#copy(writer);
    const rest = writer.logPages();
    // A reader may hold up the end of it: then the next commits do not wait in vain.
    this.#waitAtPages = rest.log === rest.checkpointed ? longestPages : rest.log + worthPages;
  }

  async close(): Promise<void> {
    await this.#copying;
    const thread = this.#thread;
    this.#thread = null;
    if (thread === null) return;
    const ended = once(thread, 'exit');
    thread.ref();
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker of node:worker_threads knows no origins
    thread.postMessage('close');
    await ended;
  }

  async #copy(writer: Connection): Promise<void> {
    if (this.#failed) return;
    this.#copying ??= this.#askThread()
      .catch((error: unknown) => {
        this.#failed = true;
        this.#thread = null;
        writer.execute(`PRAGMA wal_autocheckpoint = ${usualLimits.worthPages}`);
        this.#onFailure(error);
      })
      .finally(() => void (this.#copying = null));
    await this.#copying;
  }

  async #askThread(): Promise<void> {
    const thread = this.#thread ??= this.#start();
    const copied = once(thread, 'message');
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker of node:worker_threads knows no origins
    thread.postMessage('copy');
    await copied;
  }

  #start(): Worker {
    const thread = new Worker(new URL('checkpoint-thread.mjs', import.meta.url), {
      workerData: this.#file, execArgv: ['--disable-warning=ExperimentalWarning'], resourceLimits: { maxYoungGenerationSizeMb: 1, maxOldGenerationSizeMb: 16 },
    });
    // Between two questions nobody else hears of it; the next one gets another thread.
    thread.on('error', () => {
      if (this.#thread === thread) this.#thread = null;
    });
    thread.unref();
    return thread;
  }
}
