// How long a matching may be expected to stay in a status, so that those who stay longer stand out.
import type { LifecyclePolicy } from '../../machines/matching-record.ts';
import { Status } from '../../machines/status.ts';
import type { Config } from '../../runtime/config/config.ts';

const minuteMs = 60_000;
const taskSlackMs = 10 * minuteMs;
/** Runs of a job that may fail before somebody should look. */
const runsOfGrace = 3;
/** The CRM gives no promise; after this long somebody should ask. */
const crmAnswersWithinMs = 7 * 24 * 60 * minuteMs;

type Rules = Pick<Config, 'jobs' | 'programme' | 'timescale'>;

/** Programme time; null for a status that nothing has to leave. */
export function expectedStayMs(status: Status, { jobs, programme, timescale }: Rules): number | null {
  const { policy } = programme;
  const task = taskSlackMs * timescale.rate;
  const jobRuns = (job: keyof Config['jobs']['everyMs']): number => (jobs.everyMs[job] * runsOfGrace + taskSlackMs) * timescale.rate;
  return stays[status](policy, { task, results: jobRuns('import-results'), finish: jobRuns('finish-programme') });
}

interface Slack {
  readonly task: number;
  readonly results: number;
  readonly finish: number;
}

const stays: Readonly<Record<Status, (policy: LifecyclePolicy, slack: Slack) => number | null>> = {
  [Status.created]: (_policy, { task }) => task,
  [Status.requested]: () => crmAnswersWithinMs,
  [Status.matched]: (_policy, { task }) => task,
  [Status.initialized]: ({ progressAgeMs }, { results }) => progressAgeMs + results,
  [Status.in_progress]: ({ progressAgeMs, resultAgeMs }, { results }) => resultAgeMs - progressAgeMs + results,
  [Status.finished]: ({ failGraceMs }, { finish }) => failGraceMs + finish,
  [Status.succeed]: () => null,
  [Status.failed]: () => null,
};
