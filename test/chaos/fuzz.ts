// The fuzz: malformed requests, idle, slow and broken-off connections against the real process, while a well-behaved client goes on
// being served. Nothing of it may crash the service, hang it, make it fail in an undeclared way or make its memory grow.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseProfile } from '../../machines/ids.ts';
import { startNetwork } from '../sandbox/network.ts';
import { breakOffEverywhere, idleCrowd, sendMalformed, slowCrowd, type Crowd, type Ending } from './fuzz-sockets.ts';
import { type Malformed, malformedRequests } from './malformed.ts';
import { startServiceProcess, type ServiceProcess } from './service-process.ts';

export interface FuzzOptions {
  readonly requests: number;
  readonly idleSockets: number;
  readonly slowSockets: number;
  readonly seed: number;
  /** Told now and then how far it is. */
  readonly report?: (text: string) => void;
}

export interface FuzzReport {
  readonly fuzz: number;
  readonly seed: number;
  /** First answers by status, and connections that got none. */
  readonly endings: Readonly<Record<string, number>>;
  readonly broken_off: number;
  readonly idle_sockets: number;
  /** Of them up at the same time: on a busy machine the first are cut before the last come. */
  readonly idle_at_once: number;
  readonly slow_sockets: number;
  readonly well_behaved: { readonly served: number; readonly failed: number; readonly worst_ms: number };
  readonly rss_mb: { readonly before: number; readonly idle_sockets: number; readonly after: number };
  readonly seconds: number;
  readonly violations: readonly string[];
}

/** 503 says what it is about; 505 is how uWebSockets.js answers a request line that is none of HTTP/1.1. */
const declared: readonly Ending[] = [503, 505];
const answerWithinMs = 20_000;
/** uWebSockets.js looks at its timeouts every four seconds. */
const cutWithinMs = 20_000;
const grownMb = 64;
/** Some are answered by nothing but the deadline of their connection, and keep their place until then. */
const atOnce = 200;
/** Made at once, while nothing else of this process goes on. */
const batch = 200;
const reportEvery = 20;
const offer = '/driver/v1/mentorship/offer';

export async function fuzz(options: FuzzOptions): Promise<FuzzReport> {
  const directory = mkdtempSync(join(tmpdir(), 'mentorship-fuzz-'));
  const network = await startNetwork({ directory, drivers: 1, speed: 0.1 });
  // Without rate limits: they would keep most of this away from what is behind them.
  const unlimited = { RATE_LIMIT_PER_DRIVER: '0', RATE_LIMIT_PER_ADDRESS: '0' };
  const service = await startServiceProcess({ ...network.environment, ...unlimited });
  try {
    const caller = parseProfile('park-fuzz', 'driver-fuzz');
    if (caller === null) throw new TypeError('not a profile');
    const report = await attack(service, await network.token(caller), options);
    const code = await service.stop();
    return code === 0 ? report : { ...report, violations: [...report.violations, `the service ended with ${code}`] };
  } finally {
    await service.stop();
    await network.close();
    rmSync(directory, { recursive: true });
  }
}

async function attack(service: ServiceProcess, token: string, options: FuzzOptions): Promise<FuzzReport> {
  const { requests, seed, report = () => undefined } = options;
  const startedMs = performance.now();
  const port = service.driverPort;
  const endings = new Map<Ending, number>();
  const client = wellBehaved(port, token);
  // Caches, compiled code and buffers reach their size first; what grows after that grows for ever.
  const barrage = (count: number, firstSeed: number, told: (text: string) => void): Promise<void> =>
    sendAll(port, inBatches({ count, firstSeed, token, told }), endings);
  await barrage(Math.ceil(requests / 10), -seed, () => undefined);
  const before = service.rssMb();
  const slow = await slowCrowd(port, options.slowSockets, token);
  const idle = await idleCrowd(port, options.idleSockets);
  const allUpMs = performance.now();
  const withIdle = service.rssMb();
  const idleAtOnce = idle.size - idle.closed();
  await barrage(requests, seed, report);
  const brokenOff = await breakOff(port, token);
  const stuck = [...(await cutInTime('slow', slow, allUpMs)), ...(await cutInTime('idle', idle, allUpMs))];
  const wellBehavedDid = await client.stop();
  const after = service.rssMb();
  const violations = [
    ...stuck,
    ...[...endings].filter(([how]) => isBad(how)).map(([how, count]) => `${count} requests ended ${how}`),
    ...(wellBehavedDid.failed > 0 ? [`${wellBehavedDid.failed} good requests failed`] : []),
    ...(after - before > grownMb ? [`memory grew by ${Math.round(after - before)} MB`] : []),
    ...(service.child.exitCode === null && service.child.signalCode === null ? [] : ['the process died']),
  ];
  const round = Math.round;
  return {
    fuzz: [...endings.values()].reduce((sum, count) => sum + count, 0),
    seed,
    endings: Object.fromEntries([...endings].map(([how, count]) => [String(how), count] as const).sort(([a], [b]) => a.localeCompare(b))),
    broken_off: brokenOff,
    idle_sockets: idle.size,
    idle_at_once: idleAtOnce,
    slow_sockets: slow.size,
    well_behaved: wellBehavedDid,
    rss_mb: { before: round(before), idle_sockets: round(withIdle), after: round(after) },
    seconds: round((performance.now() - startedMs) / 1000),
    violations,
  };
}

function isBad(how: Ending): boolean {
  if (how === 'hung' || Number.isNaN(how)) return true;
  return typeof how === 'number' && how >= 500 && !declared.includes(how);
}

interface Barrage {
  readonly count: number;
  readonly firstSeed: number;
  readonly token: string;
  readonly told: (text: string) => void;
}

function* inBatches({ count, firstSeed, token, told }: Barrage): Generator<Malformed, void> {
  for (let sent = 0, round = 0; sent < count; sent += batch, round += 1) {
    if (round % reportEvery === 0) told(`${sent} of ${count}`);
    yield* malformedRequests(Math.min(batch, count - sent), firstSeed + round, token);
  }
}

/** The senders take from one source: none waits for the slowest of a batch. */
async function sendAll(port: number, waiting: Iterator<Malformed> & Iterable<Malformed>, endings: Map<Ending, number>): Promise<void> {
  const worker = async (): Promise<void> => {
    for (const request of waiting) {
      const how = await sendMalformed(port, request, answerWithinMs);
      endings.set(how, (endings.get(how) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

async function breakOff(port: number, token: string): Promise<number> {
  const headers = `Host: x\r\nAuthorization: Bearer ${token}\r\n`;
  const body = '{"read_through":"2026-01-01T00:00:00Z"}';
  const path = '/driver/v1/mentorship/contacts/0b8f6a52-93a5-4b0e-a4a3-7c0f0ad5a001/read';
  const read = `POST ${path} HTTP/1.1\r\n${headers}Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  const pipelined = `GET ${offer} HTTP/1.1\r\n${headers}\r\nGET /driver/v1/mentorship/contacts HTTP/1.1\r\n${headers}\r\n`;
  return (await breakOffEverywhere(port, read)) + (await breakOffEverywhere(port, pipelined));
}

/** Waits for the service to close them all; complains when it does not. */
async function cutInTime(name: string, crowd: Crowd, startedMs: number): Promise<string[]> {
  while (crowd.closed() < crowd.size && performance.now() - startedMs < cutWithinMs) await sleep(100);
  const left = crowd.size - crowd.closed();
  crowd.destroy();
  return left === 0 ? [] : [`${left} ${name} connections were not cut`];
}

interface WellBehaved {
  stop(): Promise<FuzzReport['well_behaved']>;
}

/** A driver's app that asks for the offer all the while. */
function wellBehaved(port: number, token: string): WellBehaved {
  const ended = new AbortController();
  const did = { served: 0, failed: 0, worst_ms: 0 };
  const ask = async (): Promise<void> => {
    const begunMs = performance.now();
    const signal = AbortSignal.timeout(answerWithinMs);
    const ok = await fetch(`http://127.0.0.1:${port}${offer}`, { headers: { authorization: `Bearer ${token}` }, signal })
      .then(async (response) => response.status === 200 && (await response.text()) !== '', () => false);
    if (ok) did.served += 1;
    else did.failed += 1;
    did.worst_ms = Math.max(did.worst_ms, Math.round(performance.now() - begunMs));
  };
  const going = (async () => {
    while (!ended.signal.aborted) {
      await ask();
      await sleep(20);
    }
  })();
  return {
    stop: async () => {
      ended.abort();
      await going;
      return did;
    },
  };
}
