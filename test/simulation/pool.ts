// Seeds spread over threads in small portions.
import { setFlagsFromString } from 'node:v8';
import { Worker } from 'node:worker_threads';
import { addAll, type Coverage } from './coverage.ts';
import type { Answer, Asked, FoundViolation } from './thread.ts';

/** A young generation that holds a whole seed spares most of the collector's work. */
const youngMb = 64;

export class Threads {
  readonly #workers: readonly Worker[];
  #asked = 0;

  constructor(count: number) {
    // What is allocated as old keeps its whole world until the next full collection.
    setFlagsFromString('--no-allocation-site-pretenuring');
    this.#workers = Array.from({ length: count }, () => new Worker(new URL('thread.ts', import.meta.url), {
      // With context frames a promise costs no hook: a sixth of the time. Nothing is traced here.
      execArgv: ['--disable-warning=ExperimentalWarning', '--experimental-async-context-frame'],
      resourceLimits: { maxYoungGenerationSizeMb: youngMb },
    }));
  }

  ask(worker: Worker, question: Omit<Asked, 'id'>): Promise<Answer> {
    const asked: Asked = { ...question, id: (this.#asked += 1) };
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const hear = (answer: Answer): void => (answer.id === asked.id ? resolve(answer) : undefined);
    worker.on('message', hear);
    worker.on('error', reject);
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker of node:worker_threads knows no origins
    worker.postMessage(asked);
    return promise.finally(() => void worker.off('message', hear).off('error', reject));
  }

  /** Each thread takes the next portion when it is done with its last. */
  async share<Portion>(portions: Iterable<Portion>, work: (worker: Worker, portion: Portion) => Promise<void>): Promise<void> {
    const queue = portions[Symbol.iterator]();
    await Promise.all(this.#workers.map(async (worker) => {
      for (let next = queue.next(); next.done !== true; next = queue.next()) await work(worker, next.value);
    }));
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}

export interface Campaign {
  readonly seeds: number;
  readonly violations: readonly FoundViolation[];
  readonly coverage: Coverage;
}

const portion = 25;

export interface CampaignOptions {
  /** The first seed, 1 by default. */
  readonly from?: number;
  /** Hears of every portion. */
  readonly onProgress?: (done: number) => void;
}

/** So many seeds, one after another. */
export async function runCampaign(threads: Threads, seeds: number, { from: first = 1, onProgress }: CampaignOptions = {}): Promise<Campaign> {
  const coverage: Coverage = new Map();
  const violations: FoundViolation[] = [];
  let done = 0;
  const starts = Array.from({ length: Math.ceil(seeds / portion) }, (_, index) => first + index * portion);
  await threads.share(starts, async (worker, from) => {
    const answer = await threads.ask(worker, { from, to: Math.min(first + seeds, from + portion) - 1, bug: null, untilFound: false });
    addAll(coverage, answer.coverage);
    violations.push(...answer.violations);
    done += answer.seeds;
    onProgress?.(done);
  });
  return { seeds: done, violations: violations.sort((a, b) => a.seed - b.seed), coverage };
}
