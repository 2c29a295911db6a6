// The task loop: claims due tasks up to its concurrency, keeps their leases alive while they run, settles them, and drains on stop.
import type { Context } from '../context.ts';
import { asServiceError, describeError } from '../errors.ts';
import { type ClaimedTask, type Queue, queues } from '../tasks.ts';
import { inRootSpan } from '../trace.ts';
import { judgeFailure } from './backoff.ts';
import { handleTask, traceOfTask } from './handlers.ts';

export interface TaskWorkerOptions {
  /** Tasks run at once. */
  readonly concurrency: number;
  readonly owner: string;
  readonly leaseMs: number;
  /** How long to wait before looking again when nothing was due. */
  readonly pollMs: number;
}

/** What was cut off is given back within that time, or its lease runs out by itself: a store that does not answer holds up no stop. */
const handBackWithinMs = 2_000;

const mostOfOneQueue = 0.75;

interface Running {
  readonly task: ClaimedTask;
  readonly abort: AbortController;
  readonly ended: Promise<void>;
}

export class TaskWorker {
  readonly #ctx: Context;
  readonly #options: TaskWorkerOptions;
  readonly #running = new Map<string, Running>();
  #stopping = false;
  #isCutOff = false;
  #loop: Promise<void> | null = null;
  #wake: () => void = () => {};

  constructor(ctx: Context, options: TaskWorkerOptions) {
    this.#ctx = ctx;
    this.#options = options;
  }

  start(): void {
    this.#loop ??= this.#run();
  }

  /** Claims nothing more, lets running tasks end within `graceMs`, then hands the rest back for another worker. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping = true;
    this.#wake();
    const settled = this.#settled();
    await Promise.race([settled, elapsed(graceMs)]);
    this.#isCutOff = true;
    for (const running of this.#running.values()) running.abort.abort();
    await Promise.race([settled, elapsed(handBackWithinMs)]);
  }

  /** A claim that was under way may still bring tasks. */
  async #settled(): Promise<void> {
    await this.#loop;
    await Promise.all([...this.#running.values()].map((running) => running.ended));
  }

  async #run(): Promise<void> {
    while (!this.#stopping) {
      const claimed = await this.#claim();
      for (const task of claimed) this.#begin(task);
      // Something was due, so more may be: look again at once unless every slot is taken.
      if (claimed.length === 0 || this.#free() === 0) await this.#idle();
    }
  }

  #free(): number {
    return this.#options.concurrency - this.#running.size;
  }

  /** A queue whose upstream hangs leaves a quarter of the slots to the others. */
  #room(): Record<Queue, number> {
    const most = Math.max(1, Math.floor(this.#options.concurrency * mostOfOneQueue));
    const running = [...this.#running.values()];
    const rooms = queues.map((queue) => [queue, most - running.filter(({ task }) => task.queue === queue).length]);
    return Object.fromEntries(rooms) as Record<Queue, number>;
  }

  async #claim(): Promise<ClaimedTask[]> {
    const { owner, leaseMs } = this.#options;
    const limit = this.#free();
    if (limit <= 0) return [];
    try {
      return await this.#ctx.tasks.claim({ owner, limit, leaseMs, room: this.#room() });
    } catch (error) {
      this.#ctx.log.warn({ code: asServiceError(error).code }, 'tasks cannot be claimed');
      return [];
    }
  }

  #begin(task: ClaimedTask): void {
    const abort = new AbortController();
    if (this.#isCutOff) abort.abort();
    const ended = this.#attend(task, abort).finally(() => {
      // An outage longer than the lease may have brought the task here a second time.
      if (this.#running.get(task.id)?.abort === abort) this.#running.delete(task.id);
      this.#wake();
    });
    this.#running.set(task.id, { task, abort, ended });
  }

  async #attend(task: ClaimedTask, abort: AbortController): Promise<void> {
    const stopTimer = this.#ctx.metrics.taskDuration.startTimer({ queue: task.queue });
    const heartbeat = setInterval(() => void this.#prolong(task, abort), this.#options.leaseMs / 3);
    const failure = await this.#handle(task, abort.signal).then(() => null, (error: unknown) => ({ error }));
    clearInterval(heartbeat);
    stopTimer();
    try {
      const outcome = await this.#settle(task, failure, abort.signal.aborted);
      this.#ctx.metrics.tasks.inc({ queue: task.queue, outcome });
      if (outcome === 'done' || outcome === 'dead') this.#ctx.metrics.taskAttempts.observe({ queue: task.queue }, task.attempt);
    } catch (error) {
      // The lease runs out by itself and the task is run again: nothing is lost.
      this.#ctx.log.warn({ task: task.id, code: asServiceError(error).code }, 'task could not be settled');
    }
  }

  async #handle(task: ClaimedTask, signal: AbortSignal): Promise<void> {
    const { queue, attempt, matchingId } = task;
    const attributes = { 'mentorship.queue': queue, 'mentorship.attempt': attempt, 'mentorship.matching_id': matchingId };
    const { tracing } = this.#ctx;
    const parent = tracing === undefined ? null : traceOfTask(task);
    await inRootSpan(tracing, parent, { name: `task ${queue}`, kind: 'consumer', attributes }, () => handleTask(this.#ctx, task, signal));
  }

  async #prolong(task: ClaimedTask, abort: AbortController): Promise<void> {
    try {
      if (!(await this.#ctx.tasks.extend(task, this.#options.leaseMs))) abort.abort();
    } catch (error) {
      this.#ctx.log.warn({ task: task.id, code: asServiceError(error).code }, 'lease could not be prolonged');
    }
  }

  async #settle(task: ClaimedTask, failure: { error: unknown } | null, aborted: boolean): Promise<string> {
    const { tasks, log, random } = this.#ctx;
    if (failure === null) return (await tasks.complete(task)) ? 'done' : 'lease_lost';
    if (aborted) return (await tasks.release(task)) ? 'released' : 'lease_lost';
    const description = describeError(failure.error);
    const verdict = judgeFailure(failure.error, task, random);
    if (verdict.verdict === 'bury') {
      log.error({ task: task.id, queue: task.queue, attempt: task.attempt, error: description }, 'task is dead');
      return (await tasks.bury(task, description)) ? 'dead' : 'lease_lost';
    }
    const { delayMs, refused } = verdict;
    log.warn({ task: task.id, queue: task.queue, attempt: task.attempt, error: description, delay_ms: delayMs }, 'task failed');
    return (await tasks.retry(task, { delayMs, error: description, refused })) ? 'retry' : 'lease_lost';
  }

  async #idle(): Promise<void> {
    if (this.#stopping) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(() => resolve(), this.#options.pollMs);
    this.#wake = resolve;
    await promise;
    clearTimeout(timer);
  }
}

async function elapsed(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms).unref());
}
