// Prometheus metrics: the one place that names them. Labels are enumerations, never ids.
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

const latencySeconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export interface Metrics {
  readonly registry: Registry;
  readonly httpRequests: Counter<'route' | 'method' | 'status'>;
  readonly httpDuration: Histogram<'route' | 'method'>;
  readonly upstreamRequests: Counter<'upstream' | 'method' | 'outcome'>;
  readonly upstreamDuration: Histogram<'upstream' | 'method'>;
  readonly storeTransactions: Counter<'outcome'>;
  readonly storeDuration: Histogram;
  readonly enrolments: Counter<'outcome'>;
  readonly transitions: Counter<'from' | 'to'>;
  readonly ignoredEvents: Counter<'from' | 'event'>;
  readonly tasks: Counter<'queue' | 'outcome'>;
  readonly taskDuration: Histogram<'queue'>;
  readonly taskCount: Gauge<'queue' | 'state'>;
  readonly taskOldestAge: Gauge<'queue' | 'state'>;
  readonly jobRuns: Counter<'job' | 'outcome'>;
  readonly jobRows: Counter<'job' | 'outcome'>;
  readonly jobLastSuccess: Gauge<'job'>;
  readonly overdue: Gauge<'stage'>;
}

export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  return {
    registry,
    httpRequests: new Counter({ name: 'http_requests_total', help: 'HTTP requests answered', labelNames: ['route', 'method', 'status'], registers }),
    httpDuration: new Histogram({ name: 'http_request_duration_seconds', help: 'Time to answer', labelNames: ['route', 'method'], buckets: latencySeconds, registers }),
    upstreamRequests: new Counter({ name: 'upstream_requests_total', help: 'Calls of upstreams, YT included', labelNames: ['upstream', 'method', 'outcome'], registers }),
    upstreamDuration: new Histogram({ name: 'upstream_request_duration_seconds', help: 'Duration of upstream calls, retries included', labelNames: ['upstream', 'method'], buckets: latencySeconds, registers }),
    storeTransactions: new Counter({ name: 'store_transactions_total', help: 'Store transactions', labelNames: ['outcome'], registers }),
    storeDuration: new Histogram({ name: 'store_transaction_duration_seconds', help: 'Duration of store transactions, reruns included', buckets: latencySeconds, registers }),
    enrolments: new Counter({ name: 'mentorship_enrolments_total', help: 'Requests to take part', labelNames: ['outcome'], registers }),
    transitions: new Counter({ name: 'mentorship_transitions_total', help: 'Status moves', labelNames: ['from', 'to'], registers }),
    ignoredEvents: new Counter({ name: 'mentorship_ignored_events_total', help: 'Events that moved nothing', labelNames: ['from', 'event'], registers }),
    tasks: new Counter({ name: 'mentorship_tasks_total', help: 'Task runs', labelNames: ['queue', 'outcome'], registers }),
    taskDuration: new Histogram({ name: 'mentorship_task_duration_seconds', help: 'Duration of task runs', labelNames: ['queue'], buckets: latencySeconds, registers }),
    taskCount: new Gauge({ name: 'mentorship_tasks', help: 'Tasks in the store', labelNames: ['queue', 'state'], registers }),
    taskOldestAge: new Gauge({ name: 'mentorship_task_oldest_age_seconds', help: 'Age of the oldest task', labelNames: ['queue', 'state'], registers }),
    jobRuns: new Counter({ name: 'mentorship_job_runs_total', help: 'Job runs', labelNames: ['job', 'outcome'], registers }),
    jobRows: new Counter({ name: 'mentorship_job_rows_total', help: 'Rows handled by jobs', labelNames: ['job', 'outcome'], registers }),
    jobLastSuccess: new Gauge({ name: 'mentorship_job_last_success_timestamp_seconds', help: 'End of the last successful run', labelNames: ['job'], registers }),
    overdue: new Gauge({ name: 'mentorship_overdue_matchings', help: 'Matchings past their age without progress figures', labelNames: ['stage'], registers }),
  };
}
