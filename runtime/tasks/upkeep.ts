// Looks after the task table: its figures for metrics, and the end of tasks that were done long ago.
import type { Context } from '../context.ts';
import { asServiceError } from '../errors.ts';

const statsEveryMs = 5_000;
const purgeEveryMs = 3_600_000;
const keepDoneMs = 7 * 24 * 3_600_000;

export interface TaskUpkeep {
  stop(): void;
}

export function startTaskUpkeep(ctx: Context): TaskUpkeep {
  const timers = [
    setInterval(() => void attempt(ctx, measure), statsEveryMs),
    setInterval(() => void attempt(ctx, (held) => held.tasks.purge(keepDoneMs)), purgeEveryMs),
  ];
  for (const timer of timers) timer.unref();
  return { stop: () => timers.forEach((timer) => clearInterval(timer)) };
}

async function measure({ tasks, metrics }: Context): Promise<void> {
  const stats = await tasks.stats();
  metrics.taskCount.reset();
  metrics.taskOldestAge.reset();
  for (const { queue, state, count, oldestAgeMs } of stats) {
    metrics.taskCount.set({ queue, state }, count);
    metrics.taskOldestAge.set({ queue, state }, oldestAgeMs / 1000);
  }
}

async function attempt(ctx: Context, work: (ctx: Context) => Promise<unknown>): Promise<void> {
  try {
    await work(ctx);
  } catch (error) {
    ctx.log.warn({ code: asServiceError(error).code }, 'task upkeep failed');
  }
}
