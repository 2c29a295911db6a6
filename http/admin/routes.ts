// The admin listener (contracts section 4).
import { live } from '../monitor/live.ts';
import { metrics } from '../monitor/metrics.ts';
import { ready } from '../monitor/ready.ts';
import { conditional } from '../conditional.ts';
import type { Route } from '../routes.ts';
import type { AdminContext } from '../use-cases.ts';
import { funnel } from './funnel.ts';
import { heat } from './heat.ts';
import { health } from './health.ts';
import { jobRuns } from './job-runs.ts';
import { jobs } from './jobs.ts';
import { machines } from './machines.ts';
import { matching } from './matching.ts';
import { matchings } from './matchings.ts';
import { openapi } from './openapi.ts';
import { operatorActions } from './operator-actions.ts';
import { preview } from './preview.ts';
import { rejects } from './rejects.ts';
import { retryTask } from './retry-task.ts';
import { retryTasks } from './retry-tasks.ts';
import { lastDryRun, runJob } from './run-job.ts';
import { sendEvent } from './send-event.ts';
import { tasks } from './tasks.ts';

const reads: readonly Route<AdminContext>[] = [
  matchings, matching, preview, tasks, jobs, jobRuns, lastDryRun, rejects, operatorActions, funnel, health, openapi,
];
const acts: readonly Route<AdminContext>[] = [sendEvent, retryTasks, retryTask, runJob];

export const adminRoutes: readonly Route<AdminContext>[] = [live, ready, metrics, ...reads.map(conditional), heat, machines, ...acts];
