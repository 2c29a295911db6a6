// tasks: what waits, what runs, what is dead, and another try for the dead.
import { randomUUID } from 'node:crypto';
import { Command, Option } from 'commander';
import { openStore } from '../compose.ts';
import { readStoreConfig } from '../config/config.ts';
import { createLog, standardError } from '../log.ts';
import { retryTask } from '../mentorship/operator.ts';
import type { Store } from '../store.ts';
import { queues, TaskState, type Queue, type TaskQueue } from '../tasks.ts';
import { operatorOf, operatorOption, reasonOption, type OperatorOptions } from './operator.ts';
import { mistake, print } from './output.ts';

const pageSize = 100;

export function tasksCommand(): Command {
  const list = new Command('list')
    .description('print tasks, a page of 100 at a time')
    .addOption(new Option('--queue <name>', 'of one queue').choices(queues))
    .addOption(new Option('--state <state>', 'in one state').choices(Object.values(TaskState)))
    .option('--cursor <cursor>', 'go on after an earlier page')
    .action((options: { queue?: Queue; state?: TaskState; cursor?: string }) => withTasks(async (tasks) => {
      const { queue, state, cursor = null } = options;
      print(await tasks.list({ ...(queue && { queue }), ...(state && { state }) }, { limit: pageSize, cursor }));
    }));
  const retry = new Command('retry')
    .description('give a dead or waiting task another try now')
    .argument('<id>', 'id of the task')
    .addOption(operatorOption())
    .addOption(reasonOption())
    .action((id: string, options: OperatorOptions) => withTasks(async (tasks, store) => {
      const task = await tasks.find(id);
      const ports = { store, tasks, log: createLog('warn', standardError()), newId: randomUUID };
      const retried = task !== null && (await retryTask(ports, task, operatorOf(options)));
      if (!retried) throw mistake('<id>: there is no dead or waiting task with this id');
      print(await tasks.find(id));
    }));
  return new Command('tasks').description('look at the task queue').addCommand(list).addCommand(retry);
}

async function withTasks(use: (tasks: TaskQueue, store: Store) => Promise<void>): Promise<void> {
  const { store, tasks } = openStore(readStoreConfig(process.env));
  try {
    await use(tasks, store);
  } finally {
    await store.close();
  }
}
