// The admin listener (contracts section 4).
import { live } from '../monitor/live.ts';
import { metrics } from '../monitor/metrics.ts';
import { ready } from '../monitor/ready.ts';
import type { Route } from '../routes.ts';
import type { AdminContext } from '../use-cases.ts';
import { funnel } from './funnel.ts';
import { heat } from './heat.ts';
import { jobRuns } from './job-runs.ts';
import { jobs } from './jobs.ts';
import { machines } from './machines.ts';
import { matching } from './matching.ts';
import { matchings } from './matchings.ts';
import { openapi } from './openapi.ts';
import { operatorActions } from './operator-actions.ts';
import { rejects } from './rejects.ts';
import { retryTask } from './retry-task.ts';
import { runJob } from './run-job.ts';
import { sendEvent } from './send-event.ts';
import { tasks } from './tasks.ts';

export const adminRoutes: readonly Route<AdminContext>[] = [
  live, ready, metrics, matchings, matching, sendEvent, tasks, retryTask, jobs, jobRuns, runJob, rejects, operatorActions, funnel, heat, machines, openapi,
];
