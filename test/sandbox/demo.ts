// `npm run demo`: the outside world and the service in one process, until everybody has finished or somebody stops it.
import type { Config } from '../../runtime/config/config.ts';
import { ServiceError } from '../../runtime/errors.ts';
import { createLog, logFile, type Log } from '../../runtime/log.ts';
import { startService } from '../../runtime/service.ts';
import { bundledThreads } from '../build.ts';
import { configureDemo, logFileOf } from './demo-config.ts';
import { prepareData } from './demo-data.ts';
import { readDemoOptions, type DemoOptions } from './demo-options.ts';
import { play, type End } from './demo-play.ts';
import { isForgetful, openDemoStore } from './demo-store.ts';
import { startNetwork, type Network } from './network.ts';
import { stopOnSignals } from '../../runtime/stop-signal.ts';

const stopWithinMs = 9_500;
const serviceGraceMs = 5_000;

async function runDemo(options: DemoOptions, stopping: AbortSignal): Promise<End> {
  const remark = prepareData(options.data, options.fresh || isForgetful(options));
  if (remark !== null) process.stdout.write(`${remark}\n`);
  const log = createLog('info', logFile(logFileOf(options)));
  // One person more than takes part: the guest, whom the reader may enrol.
  const drivers = options.drivers + 1;
  const network = await startNetwork({ directory: options.data, drivers, speed: options.speed, report: reportTo(log) });
  try {
    return await runService(options, network, stopping);
  } finally {
    await network.close();
  }
}

async function runService(options: DemoOptions, network: Network, stopping: AbortSignal): Promise<End> {
  const store = await openDemoStore(options);
  try {
    const { config, remarks } = await configureDemo(network, options, store.config);
    for (const remark of [store.remark ?? [], remarks].flat()) process.stdout.write(`${remark}\n`);
    return await serve(options, network, { config, stopping });
  } finally {
    await store.close();
  }
}

async function serve(options: DemoOptions, network: Network, run: { config: Config; stopping: AbortSignal }): Promise<End> {
  const service = await startService(run.config, bundledThreads());
  try {
    return await play({ options, network, service }, run.stopping);
  } finally {
    await service.stop(serviceGraceMs);
  }
}

function reportTo(log: Log): (error: unknown) => void {
  return (error) => log.warn({ reason: error instanceof Error ? error.message : 'unknown' }, 'the simulated CRM failed a round');
}

function explain(error: unknown): string {
  if (error instanceof ServiceError && error.code !== 'bad_config') return `${error.code}: ${error.message}`;
  return error instanceof Error ? error.message : String(error);
}

try {
  const { exitCode, words } = await runDemo(readDemoOptions(process.argv), stopOnSignals(stopWithinMs));
  process.stdout.write(`${words}\n`);
  process.exitCode = exitCode;
} catch (error) {
  process.stderr.write(`${explain(error)}\n`);
  // Parts of a half-started world may still listen, and would keep the process alive.
  process.exit(1);
}
