// Entry of a job's worker thread: composes a context of its own, runs one job, reports, and ends.
import { parentPort, workerData } from 'node:worker_threads';
import type { ActorStep } from '../runtime/actor-steps.ts';
import { compose } from '../runtime/compose.ts';
import { describeError } from '../runtime/errors.ts';
import { createMetrics } from '../runtime/metrics.ts';
import { histogramSamples } from '../runtime/metrics-text.ts';
import { counterSamples } from './counters.ts';
import type { JobProgress, JobReport } from './report.ts';
import { runJob } from './run-job.ts';
import { jobNamed } from './schedule.ts';
import { cancelWord, doneWord, type ThreadData, type ThreadMessage } from './thread-messages.ts';

const progressEveryMs = 250;

const data = workerData as ThreadData;
const abort = new AbortController();
const metrics = createMetrics();

parentPort?.on('message', (message) => {
  if (message === cancelWord) abort.abort();
});

const report = await run();
post({ type: 'ended', report, counters: await counterSamples(metrics), histograms: await histogramSamples(metrics) });
post(doneWord);

async function run(): Promise<JobReport> {
  try {
    const composed = await compose(data.config, { metrics });
    try {
      const { dryRun, onlyIfDue } = data;
      const onStep = (step: ActorStep): void => post({ type: 'step', step });
      return await runJob(composed.ctx, jobNamed(data.job), { dryRun, onlyIfDue, onProgress: throttled(), onStep }, abort.signal);
    } finally {
      await composed.close();
    }
  } catch (error) {
    return { job: data.job, outcome: 'failed', counts: {}, error: describeError(error), dryRun: data.dryRun };
  }
}

/** Counts change with every batch; the operator's eye needs no more than a few a second. */
function throttled(): (progress: JobProgress) => void {
  let lastMs = -Infinity;
  return (progress) => {
    const nowMs = performance.now();
    if (nowMs - lastMs < progressEveryMs) return;
    lastMs = nowMs;
    post({ type: 'progress', progress });
  };
}

function post(message: ThreadMessage | typeof doneWord): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a MessagePort of node:worker_threads knows no origins
  parentPort?.postMessage(message);
}
