// What the scheduler and a job's thread say to each other. Plain data: it is cloned from thread to thread.
import type { ActorStep } from '../runtime/actor-steps.ts';
import type { Config } from '../runtime/config/config.ts';
import type { HistogramSample } from '../runtime/metrics.ts';
import type { CounterSample } from './counters.ts';
import type { JobName, JobProgress, JobReport } from './report.ts';

export interface ThreadData {
  readonly config: Config;
  readonly job: JobName;
  readonly dryRun: boolean;
  readonly onlyIfDue: boolean;
}

export type ThreadMessage =
  | { readonly type: 'progress'; readonly progress: JobProgress }
  | { readonly type: 'step'; readonly step: ActorStep }
  /** With what the thread's own metrics have counted and timed. */
  | { readonly type: 'ended'; readonly report: JobReport; readonly counters: readonly CounterSample[]; readonly histograms: readonly HistogramSample[] };

/** Bree's words: it sends the first to stop a job, and ends a thread that says the second. */
export const cancelWord = 'cancel';
export const doneWord = 'done';

/** Everything else that passes the port is one of Bree's words. */
export function isThreadMessage(message: unknown): message is ThreadMessage {
  return typeof message === 'object' && message !== null && 'type' in message;
}
