// How soon the process answers that it is ready, what memory it then has, and what after an hour's worth of load: 36,000 requests and the
// runs of jobs that belong to an hour, as fast as they go.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startNetwork, type Network } from '../sandbox/network.ts';
import { getRequest, onEachConnection, postRequest } from './load.ts';
import { median, percentile, round, spread } from './measure.ts';

const starts = 9;
// The stand-ins share the machine: more at once would measure them.
const drivers = 1_000;
const requestsPerHour = 10 * 3_600;
const connections = 4;
const importsPerHour = 12;
/** Jobs run by themselves once the process has started; these are over before the memory counts. */
const settledMs = 12_000;
const mbOf = { kB: 1 / 1_024 } as const;

export async function benchStartup(): Promise<unknown> {
  const directory = mkdtempSync(join(tmpdir(), 'mentorship-bench-'));
  const network = await startNetwork({ directory: join(directory, 'world'), drivers });
  try {
    const cache = join(directory, 'compile-cache');
    // The very first start on a machine compiles everything; later ones find it compiled.
    const cold = await measureStart(network, cache, stop);
    const warm: Started[] = [];
    for (let start = 0; start < starts; start += 1) warm.push(await measureStart(network, cache, stop));
    const hour: Hour[] = [];
    await measureStart(network, cache, async (service) => {
      hour.push(await anHour(network, service));
      await stop(service);
    });
    return resultOf(cold, warm, hour[0]);
  } finally {
    await network.close();
    rmSync(directory, { recursive: true });
  }
}

interface Hour {
  /** Once the first runs of the jobs are over. */
  readonly settledMb: number;
  readonly afterMb: number;
  readonly peakMb: number;
  readonly requestsPerSecond: number;
}

function resultOf(cold: Started, warm: readonly Started[], hour: Hour | undefined): unknown {
  const readyMs = warm.map((one) => one.readyMs);
  const { min, max } = spread(readyMs);
  return {
    bench: 'startup', unit: 'ms to ready', ours: Math.round(median(readyMs)), p50_ms: Math.round(median(readyMs)), p99_ms: Math.round(percentile(readyMs, 0.99)),
    ratios: {},
    ready_ms_min: Math.round(min), ready_ms_max: Math.round(max), ready_ms_cold: Math.round(cold.readyMs),
    cpu_ms: Math.round(median(warm.map((one) => one.cpuMs))),
    rss_start_mb: round(median(warm.map((one) => one.rssMb)), 1), rss_settled_mb: round(hour?.settledMb ?? Number.NaN, 1),
    rss_hour_mb: round(hour?.afterMb ?? Number.NaN, 1), rss_peak_mb: round(hour?.peakMb ?? Number.NaN, 1),
    hour_requests_s: Math.round(hour?.requestsPerSecond ?? Number.NaN),
    missing: [],
  };
}

interface RunningService {
  readonly process: ChildProcess;
  readonly driverPort: number;
  readonly adminPort: number;
}

interface Started {
  readonly readyMs: number;
  readonly cpuMs: number;
  readonly rssMb: number;
}

/** `then` ends the process. */
async function measureStart(network: Network, cache: string, then: (service: RunningService) => Promise<void>): Promise<Started> {
  const [driverPort, adminPort] = [await freePort(), await freePort()];
  const launcher = fileURLToPath(new URL('../../runtime/launch.mjs', import.meta.url));
  const data = mkdtempSync(join(network.environment['DATA_DIR'] ?? tmpdir(), 'start-'));
  const environment = {
    ...network.environment, DATA_DIR: data, NODE_COMPILE_CACHE: cache, LOG_LEVEL: 'error', MALLOC_ARENA_MAX: '2', HTTP_HOST: '127.0.0.1', HTTP_PORT: String(driverPort),
    ADMIN_PORT: String(adminPort), PATH: process.env['PATH'] ?? '',
  };
  const startedMs = performance.now();
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', '--experimental-async-context-frame', launcher, 'main'], { env: environment, stdio: ['ignore', 'inherit', 'inherit'] });
  const service = { process: child, driverPort, adminPort };
  await untilReady(service);
  const started = { readyMs: performance.now() - startedMs, cpuMs: cpuMsOf(child), rssMb: memoryMb(child, 'VmRSS') };
  process.stderr.write(`ready after ${Math.round(started.readyMs)} ms, cpu ${started.cpuMs} ms, ${Math.round(started.rssMb)} MB\n`);
  try {
    await then(service);
  } finally {
    child.kill('SIGKILL');
  }
  return started;
}

async function untilReady({ process: child, adminPort }: RunningService): Promise<void> {
  while (child.exitCode === null) {
    const status = await statusOf(adminPort);
    if (status === 'ok') return;
    await sleep(2);
  }
  throw new Error(`the service ended with ${String(child.exitCode)} before it was ready`);
}

/** Null while nobody listens. */
async function statusOf(port: number): Promise<string | null> {
  try {
    const reply = await fetch(`http://127.0.0.1:${port}/ready`);
    return ((await reply.json()) as { status: string }).status;
  } catch {
    return null;
  }
}

async function stop({ process: child }: RunningService): Promise<void> {
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}

/** By the customer's estimate: of ten requests one or two enrol, three or four list contacts, three or four read messages. */
async function anHour(network: Network, service: RunningService): Promise<Hour> {
  await sleep(settledMs);
  const settledMb = memoryMb(service.process, 'VmRSS');
  const { newbies, mentors } = network.people;
  const tokens = await Promise.all([...newbies, ...mentors].map(({ profiles: [profile] }) => network.token(profile)));
  let sent = 0;
  const startedMs = performance.now();
  const jobs = (async (): Promise<void> => {
    for (let run = 0; run < importsPerHour; run += 1) await runJob(service, 'import-matchings');
    for (const name of ['import-results', 'replicate']) await runJob(service, name);
  })();
  await onEachConnection({ port: service.driverPort, connections }, async (send) => {
    while (sent < requestsPerHour) {
      const index = sent;
      sent += 1;
      const { status } = await send(requestOf(index, tokens[index % tokens.length] ?? ''));
      if (status >= 500) throw new Error(`the service answered ${status}`);
    }
  });
  const requestsPerSecond = sent / ((performance.now() - startedMs) / 1_000);
  await jobs;
  await sleep(settledMs);
  return { settledMb, afterMb: memoryMb(service.process, 'VmRSS'), peakMb: memoryMb(service.process, 'VmHWM'), requestsPerSecond };
}

function requestOf(index: number, token: string): string {
  const headers = { Authorization: `Bearer ${token}` };
  const base = '/driver/v1/mentorship';
  const turn = index % 10;
  if (turn < 2) return postRequest(`${base}/participation`, {}, headers);
  if (turn < 6) return getRequest(`${base}/contacts`, headers);
  return turn < 9 ? getRequest(`${base}/participation`, headers) : getRequest(`${base}/offer`, headers);
}

async function runJob({ adminPort }: Pick<RunningService, 'adminPort'>, name: string): Promise<void> {
  const reply = await fetch(`http://127.0.0.1:${adminPort}/admin/v1/jobs/${name}/run`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{}' });
  const report = await reply.text();
  // It is running by itself just now.
  if (reply.status === 409) return sleep(250).then(() => runJob({ adminPort }, name));
  if (!reply.ok) throw new Error(`the run of ${name} was answered with ${reply.status}: ${report.slice(0, 200)}`);
}

function memoryMb({ pid }: ChildProcess, field: 'VmRSS' | 'VmHWM'): number {
  const line = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(line?.[1]) * mbOf.kB;
}

const ticksPerSecond = 100;

/** User and system time of all threads. */
function cpuMsOf({ pid }: ChildProcess): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return ((Number(fields[11]) + Number(fields[12])) * 1_000) / ticksPerSecond;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}
