// What the store's size does to the service: the same requests at ten thousand, a hundred thousand and a million matchings with their moves
// and figures, one at a time, and the bytes of a matching. `BENCH_SCALE` names other sizes.
import { statSync } from 'node:fs';
import { rfc3339 } from '../../runtime/clock.ts';
import { readConfig } from '../../runtime/config/config.ts';
import { getRequest, onEachConnection, postRequest } from './load.ts';
import { percentile, round } from './measure.ts';
import { driver } from './people.ts';
import { makePlace, type Place } from './place.ts';
import { matchingOf, seedPairs } from './seed.ts';
import { startServer, type Server } from './server.ts';
import type { ClaimTasks, Ready } from './service-process.ts';

const sizes = (process.env['BENCH_SCALE'] ?? '10000,100000,1000000').split(',').map(Number);
const asked = 1_000;
/** Callers and matchings are picked this far apart, so that no page of the file is warm by chance. */
const stride = 7_919;

const operations = ['contacts', 'enrol', 'claim', 'dispatch'] as const;
type Operation = (typeof operations)[number];
type Latencies = Readonly<Record<Operation, readonly number[]>>;

interface Measured {
  readonly size: number;
  readonly latenciesMs: Latencies;
  readonly bytes: number;
}

export async function benchScale(): Promise<unknown> {
  const place = await makePlace();
  try {
    const all: Measured[] = [];
    for (const [step, size] of sizes.entries()) {
      await seedPairs(place.environment, sizes[step - 1] ?? 0, size);
      const bytes = storedBytes(place) / size;
      all.push({ size, latenciesMs: await measure(place, size, step), bytes });
      process.stderr.write(`${size}: ${JSON.stringify(described(all.at(-1)?.latenciesMs))}, ${Math.round(bytes)} bytes a matching\n`);
    }
    return resultOf(all);
  } finally {
    place.clear();
  }
}

function resultOf(all: readonly Measured[]): unknown {
  const [smallest, largest] = [all[0], all.at(-1)];
  if (smallest === undefined || largest === undefined) throw new Error('BENCH_SCALE names no size');
  const p99 = ({ latenciesMs }: Measured, operation: Operation): number => percentile(latenciesMs[operation], 0.99);
  const ratios = operations.map((operation) => [operation, round(p99(smallest, operation) / p99(largest, operation), 2)]);
  return {
    bench: 'scale', unit: 'ms', ours: round(p99(largest, 'dispatch'), 2),
    p50_ms: round(percentile(largest.latenciesMs.dispatch, 0.5), 2), p99_ms: round(p99(largest, 'dispatch'), 2),
    ratios: { p99_10k_over_1m: Object.fromEntries(ratios) },
    sizes: Object.fromEntries(all.map(({ size, latenciesMs, bytes }) => [size, { ...described(latenciesMs), bytes_per_matching: Math.round(bytes) }])),
    missing: [],
  };
}

function described(latenciesMs: Latencies | undefined): Record<string, unknown> {
  return Object.fromEntries(Object.entries(latenciesMs ?? {}).map(([name, values]) => [
    name, { p50_ms: round(percentile(values, 0.5), 2), p99_ms: round(percentile(values, 0.99), 2) },
  ]));
}

function storedBytes({ environment }: Place): number {
  const { store } = readConfig(environment);
  if (store.kind !== 'sqlite') throw new TypeError('the bench measures a file');
  return statSync(store.file).size;
}

async function measure(place: Place, size: number, step: number): Promise<Latencies> {
  const service = await startServer('service-process.ts', place.environment);
  try {
    const picked = Array.from({ length: asked }, (_, index) => ((index + 1) * stride) % size);
    const newcomers = picked.map((_, index) => 10_000_000 + step * asked + index);
    const contacts = await oneByOne(driverPort(service), await Promise.all(picked.map(async (index) => getRequest(
      '/driver/v1/mentorship/contacts', { ...(await bearer(place, 2 * index)), 'Accept-Language': 'ru' },
    ))));
    const enrol = await oneByOne(driverPort(service), await Promise.all(newcomers.map(async (index) =>
      postRequest('/driver/v1/mentorship/participation', {}, await bearer(place, index)))));
    const { latenciesMs: claim } = (await service.ask({ kind: 'claim', times: asked / 2, limit: 2 } satisfies ClaimTasks)) as { latenciesMs: number[] };
    const { adminUrl } = service.ready as Ready;
    const dispatch = await oneByOne(portOf(adminUrl), [...new Set(picked)].map((index) =>
      postRequest(`/admin/v1/matchings/${matchingOf(index, 0).id}/events`, moveOf(step))));
    return { contacts, enrol, claim, dispatch };
  } finally {
    await service.stop();
  }
}

/** The same move at every size; a newer connection moves a matching whatever became of it at a smaller size. */
function moveOf(step: number): object {
  const { parkId, driverId } = driver(20_000_000 + step);
  return { type: 'MATCHED', mentor_park_id: parkId, mentor_driver_id: driverId, connected_dttm: rfc3339(Date.now()), reason: 'bench' };
}

async function bearer(place: Place, index: number): Promise<{ Authorization: string }> {
  return { Authorization: `Bearer ${await place.token(driver(index))}` };
}

/** The first tenth warms the process up and is not counted. */
async function oneByOne(port: number, requests: readonly string[]): Promise<number[]> {
  const latenciesMs: number[] = [];
  await onEachConnection({ port, connections: 1 }, async (send) => {
    for (const request of requests) {
      const startedMs = performance.now();
      const answer = await send(request);
      latenciesMs.push(performance.now() - startedMs);
      if (answer.status !== 200 && answer.status !== 201) throw new Error(`an unexpected reply: ${answer.status} ${answer.body}`);
    }
  });
  return latenciesMs.slice(requests.length / 10);
}

function driverPort(service: Server): number {
  return portOf((service.ready as Ready).driverUrl);
}

function portOf(url: string): number {
  return Number(new URL(url).port);
}
