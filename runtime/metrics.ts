// Prometheus metrics: the one place that names them. Labels are enumerations, never ids.
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

const latencySeconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const runSeconds = [0.1, 0.5, 1, 5, 15, 60, 300, 900, 3_600, 10_800];
const stageSeconds = [60, 600, 3_600, 21_600, 86_400, 3 * 86_400, 7 * 86_400, 8 * 86_400, 14 * 86_400, 15 * 86_400, 21 * 86_400, 30 * 86_400];
const attempts = [1, 2, 3, 5, 8, 13, 21, 55, 144];

/** A histogram with its values: plain data. */
export type HistogramSample = Awaited<ReturnType<Histogram['get']>>;

export interface Metrics {
  readonly registry: Registry;
  /** Observations made by threads that have ended, by the metric's name: metrics-text.ts adds them to the registry's own. */
  readonly carried: Map<string, HistogramSample>;
  readonly httpRequests: Counter<'route' | 'method' | 'status'>;
  readonly httpDuration: Histogram<'route' | 'method'>;
  readonly upstreamRequests: Counter<'upstream' | 'method' | 'outcome'>;
  readonly upstreamDuration: Histogram<'upstream' | 'method'>;
  readonly upstreamAttempts: Counter<'upstream' | 'result'>;
  readonly breakerState: Gauge<'upstream' | 'state'>;
  readonly storeTransactions: Counter<'outcome'>;
  readonly storeDuration: Histogram;
  readonly storeReadDuration: Histogram<'operation'>;
  readonly storeReadFailures: Counter<'operation' | 'code'>;
  readonly enrolments: Counter<'outcome'>;
  readonly transitions: Counter<'from' | 'to'>;
  readonly ignoredEvents: Counter<'from' | 'event'>;
  readonly stageDuration: Histogram<'status'>;
  readonly matchings: Gauge<'status'>;
  readonly matchingsReached: Gauge<'status'>;
  readonly stageOldestAge: Gauge<'status'>;
  readonly tasks: Counter<'queue' | 'outcome'>;
  readonly taskDuration: Histogram<'queue'>;
  readonly taskAttempts: Histogram<'queue'>;
  readonly taskCount: Gauge<'queue' | 'state'>;
  readonly taskOldestAge: Gauge<'queue' | 'state'>;
  readonly jobRuns: Counter<'job' | 'outcome'>;
  readonly jobRows: Counter<'job' | 'outcome'>;
  readonly jobDuration: Histogram<'job'>;
  readonly jobRunning: Gauge<'job'>;
  readonly jobLastSuccess: Gauge<'job'>;
  readonly jobPeriod: Gauge<'job'>;
  readonly overdue: Gauge<'stage'>;
  readonly gaugesRefreshed: Gauge;
  readonly buildInfo: Gauge<'version' | 'node' | 'store'>;
  readonly spoolRecords: Gauge;
  readonly spoolBytes: Gauge;
  readonly spoolOldestAge: Gauge;
  readonly spoolRejects: Counter<'reason'>;
  readonly spoolDamaged: Counter;
  readonly spoolSettled: Counter<'outcome'>;
}

export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  return {
    registry,
    carried: new Map(),
    httpRequests: new Counter({ name: 'http_requests_total', help: 'HTTP requests answered', labelNames: ['route', 'method', 'status'], registers }),
    httpDuration: new Histogram({ name: 'http_request_duration_seconds', help: 'Time to answer', labelNames: ['route', 'method'], buckets: latencySeconds, registers }),
    upstreamRequests: new Counter({ name: 'upstream_requests_total', help: 'Calls of upstreams, YT included', labelNames: ['upstream', 'method', 'outcome'], registers }),
    upstreamDuration: new Histogram({ name: 'upstream_request_duration_seconds', help: 'Duration of upstream calls, retries included', labelNames: ['upstream', 'method'], buckets: latencySeconds, registers }),
    upstreamAttempts: new Counter({ name: 'upstream_attempts_total', help: 'HTTP exchanges with upstreams, each retry counted', labelNames: ['upstream', 'result'], registers }),
    breakerState: new Gauge({ name: 'upstream_breaker_state', help: '1 for the state the circuit breaker is in', labelNames: ['upstream', 'state'], registers }),
    storeTransactions: new Counter({ name: 'store_transactions_total', help: 'Store transactions', labelNames: ['outcome'], registers }),
    storeDuration: new Histogram({ name: 'store_transaction_duration_seconds', help: 'Duration of store transactions, reruns included', buckets: latencySeconds, registers }),
    storeReadDuration: new Histogram({ name: 'store_read_duration_seconds', help: 'Duration of reads outside transactions', labelNames: ['operation'], buckets: latencySeconds, registers }),
    storeReadFailures: new Counter({ name: 'store_read_failures_total', help: 'Reads that failed', labelNames: ['operation', 'code'], registers }),
    enrolments: new Counter({ name: 'mentorship_enrolments_total', help: 'Requests to take part', labelNames: ['outcome'], registers }),
    transitions: new Counter({ name: 'mentorship_transitions_total', help: 'Status moves', labelNames: ['from', 'to'], registers }),
    ignoredEvents: new Counter({ name: 'mentorship_ignored_events_total', help: 'Events that moved nothing', labelNames: ['from', 'event'], registers }),
    stageDuration: new Histogram({ name: 'mentorship_stage_duration_seconds', help: 'Time a matching spent in the status it has left', labelNames: ['status'], buckets: stageSeconds, registers }),
    matchings: new Gauge({ name: 'mentorship_matchings', help: 'Matchings in the status', labelNames: ['status'], registers }),
    matchingsReached: new Gauge({ name: 'mentorship_matchings_reached', help: 'Matchings that ever reached the status', labelNames: ['status'], registers }),
    stageOldestAge: new Gauge({ name: 'mentorship_stage_oldest_age_seconds', help: 'How long the matching longest in the status has been in it', labelNames: ['status'], registers }),
    tasks: new Counter({ name: 'mentorship_tasks_total', help: 'Task runs', labelNames: ['queue', 'outcome'], registers }),
    taskDuration: new Histogram({ name: 'mentorship_task_duration_seconds', help: 'Duration of task runs', labelNames: ['queue'], buckets: latencySeconds, registers }),
    taskAttempts: new Histogram({ name: 'mentorship_task_attempts', help: 'Runs that a task took until it was done or dead', labelNames: ['queue'], buckets: attempts, registers }),
    taskCount: new Gauge({ name: 'mentorship_tasks', help: 'Tasks in the store', labelNames: ['queue', 'state'], registers }),
    taskOldestAge: new Gauge({ name: 'mentorship_task_oldest_age_seconds', help: 'Age of the oldest task', labelNames: ['queue', 'state'], registers }),
    jobRuns: new Counter({ name: 'mentorship_job_runs_total', help: 'Job runs', labelNames: ['job', 'outcome'], registers }),
    jobRows: new Counter({ name: 'mentorship_job_rows_total', help: 'Rows handled by jobs', labelNames: ['job', 'outcome'], registers }),
    jobDuration: new Histogram({ name: 'mentorship_job_duration_seconds', help: 'Duration of job runs', labelNames: ['job'], buckets: runSeconds, registers }),
    jobRunning: new Gauge({ name: 'mentorship_job_running', help: '1 while this instance runs the job', labelNames: ['job'], registers }),
    jobPeriod: new Gauge({ name: 'mentorship_job_period_seconds', help: 'How often the job is to run', labelNames: ['job'], registers }),
    jobLastSuccess: new Gauge({ name: 'mentorship_job_last_success_timestamp_seconds', help: 'End of the last successful run on any instance; 0 before the first', labelNames: ['job'], registers }),
    overdue: new Gauge({ name: 'mentorship_overdue_matchings', help: 'Matchings past their age without progress figures', labelNames: ['stage'], registers }),
    gaugesRefreshed: new Gauge({ name: 'mentorship_gauges_refreshed_timestamp_seconds', help: 'When the gauges read from the store were last read', registers }),
    buildInfo: new Gauge({ name: 'mentorship_build_info', help: '1, with what runs as labels', labelNames: ['version', 'node', 'store'], registers }),
    spoolRecords: new Gauge({ name: 'mentorship_spool_records', help: 'Enrolments that wait for the store in the spool', registers }),
    spoolBytes: new Gauge({ name: 'mentorship_spool_bytes', help: 'Size of the spool on disk', registers }),
    spoolOldestAge: new Gauge({ name: 'mentorship_spool_oldest_age_seconds', help: 'Age of the oldest enrolment in the spool', registers }),
    spoolRejects: new Counter({ name: 'mentorship_spool_rejects_total', help: 'Enrolments that the spool could not keep', labelNames: ['reason'], registers }),
    spoolDamaged: new Counter({ name: 'mentorship_spool_damaged_total', help: 'Places of the spool that could not be read and were set apart', registers }),
    spoolSettled: new Counter({ name: 'mentorship_spool_settled_total', help: 'Enrolments handed from the spool to the store', labelNames: ['outcome'], registers }),
  };
}
