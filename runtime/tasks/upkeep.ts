// Looks after the task table: the end of tasks that were done long ago.
import type { Context } from '../context.ts';
import { asServiceError } from '../errors.ts';

const purgeEveryMs = 3_600_000;
const keepDoneMs = 7 * 24 * 3_600_000;

export interface TaskUpkeep {
  stop(): void;
}

export function startTaskUpkeep(ctx: Context): TaskUpkeep {
  const timer = setInterval(() => void purge(ctx), purgeEveryMs).unref();
  return { stop: () => clearInterval(timer) };
}

async function purge({ tasks, log }: Context): Promise<void> {
  try {
    await tasks.purge(keepDoneMs);
  } catch (error) {
    log.warn({ code: asServiceError(error).code }, 'done tasks could not be purged');
  }
}
