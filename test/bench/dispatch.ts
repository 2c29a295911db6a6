// Durable moves per second: matchings through the seven moves of a lifecycle, one HTTP request each, answered after an fsynced commit;
// against the same rows written by SQLite alone.
import { join } from 'node:path';
import { parseMatchingId, type MatchingId, type Profile } from '../../machines/ids.ts';
import { onEachConnection, postRequest, type Answer, type Send } from './load.ts';
import { cpuUsEach, median, percentileOf, perSecond, present, ratioOfRates, round, spread, takeTurns, type Turn } from './measure.ts';
import { driver } from './people.ts';
import { makePlace, type Place } from './place.ts';
import { startServer, type Server } from './server.ts';
import type { Ready, StoreFigures } from './service-process.ts';

const matchings = 1_000;
const concurrency = 48;
const reason = 'bench';

/** The moves after the enrolment, in order. */
const events = [
  { type: 'APPLICATION_WRITTEN', reason },
  { type: 'MATCHED', mentor_park_id: driver(0).parkId, mentor_driver_id: driver(0).driverId, connected_dttm: '2026-01-01T00:00:00Z', reason },
  { type: 'MATCH_ANNOUNCED', reason },
  { type: 'PROGRESS_ANNOUNCED', reason },
  { type: 'RESULT_ANNOUNCED', reason },
  { type: 'DEADLINE_PASSED', reason },
] as const;
export const movesOfMatching = 1 + events.length;

export async function benchDispatch(): Promise<unknown> {
  const place = await makePlace();
  const service = await startServer('service-process.ts', place.environment);
  const limit = await startServer('dispatch-limit.ts', { BENCH_FILE: join(place.directory, 'limit.sqlite') });
  let enrolled = 1;
  const ours = async (): Promise<Turn> => {
    const newbies = Array.from({ length: matchings }, () => driver((enrolled += 1)));
    return throughService(place, service, newbies);
  };
  const alone = async (): Promise<Turn> => (await limit.ask({ matchings, group: concurrency })) as Turn;
  try {
    return resultOf(await takeTurns({ ours, limit: alone }, { warmUps: 2, repetitions: 5 }));
  } finally {
    await Promise.all([service.stop(), limit.stop()]);
    place.clear();
  }
}

function resultOf(turns: Record<'ours' | 'limit', Turn[]>): unknown {
  const { ours, limit } = turns;
  const rates = spread(ours.map(perSecond));
  return {
    bench: 'dispatch', unit: 'events/s', ours: round(rates.median, 0), ours_min: round(rates.min, 0), ours_max: round(rates.max, 0),
    p50_ms: round(percentileOf(ours, 0.5), 2), p99_ms: round(percentileOf(ours, 0.99), 2),
    ratios: present({ limit: ratioOfRates(ours, limit) }),
    limit: round(spread(limit.map(perSecond)).median, 0),
    cpu_us: round(median(ours.map(cpuUsEach)), 0), limit_cpu_us: round(median(limit.map(cpuUsEach)), 0),
    concurrency, matchings,
  };
}

async function throughService(place: Place, service: Server, newbies: readonly Profile[]): Promise<Turn> {
  const { driverUrl, adminUrl } = service.ready as Ready;
  const asking = await Promise.all(newbies.map((newbie) => place.token(newbie)));
  const latenciesMs: number[] = [];
  const ids: MatchingId[] = [];
  const cpuBefore = service.cpuMs();
  const enrolMs = await inParallel(driverUrl, newbies.length, async (send, index) => {
    const answer = await timed(latenciesMs, send, postRequest('/driver/v1/mentorship/participation', {}, { Authorization: `Bearer ${asking[index]}` }));
    ids[index] = enrolledId(answer);
  });
  const of = newbies.flatMap((newbie, index) => (ids[index] === undefined ? [] : [{ matchingId: ids[index], newbie }]));
  const enrolCpuMs = service.cpuMs() - cpuBefore;
  await service.ask({ kind: 'figures', of } satisfies StoreFigures);
  const cpuBetween = service.cpuMs();
  const moveMs = await inParallel(adminUrl, ids.length, async (send, index) => {
    for (const event of events) {
      const answer = await timed(latenciesMs, send, postRequest(`/admin/v1/matchings/${ids[index]}/events`, event));
      if (!answer.body.includes('"outcome":"moved"')) throw new Error(`${event.type} did not move: ${answer.status} ${answer.body}`);
    }
  });
  return { count: latenciesMs.length, ms: enrolMs + moveMs, latenciesMs, cpuMs: enrolCpuMs + service.cpuMs() - cpuBetween };
}

/** Milliseconds until all are through, `concurrency` at a time, each on a connection that nobody else uses meanwhile. */
export async function inParallel(url: string, count: number, work: (send: Send, index: number) => Promise<void>): Promise<number> {
  let next = 0;
  const startedMs = performance.now();
  await onEachConnection({ port: Number(new URL(url).port), connections: concurrency }, async (send) => {
    while (next < count) await work(send, next++);
  });
  return performance.now() - startedMs;
}

export async function timed(latenciesMs: number[], send: Send, request: string): Promise<Answer> {
  const startedMs = performance.now();
  const answer = await send(request);
  latenciesMs.push(performance.now() - startedMs);
  return answer;
}

function enrolledId({ status, body }: Answer): MatchingId {
  const answer = JSON.parse(body) as { participation?: { matching_id?: unknown } };
  const id = parseMatchingId(answer.participation?.matching_id);
  if (status !== 201 || id === null) throw new Error(`not enrolled: ${status} ${body}`);
  return id;
}
