// Durable moves per second: matchings through the seven moves of a lifecycle, one HTTP request each, answered after an fsynced commit;
// against durable engines that do the same, and against the same rows written by SQLite alone.
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { parseMatchingId, type MatchingId, type Profile } from '../../machines/ids.ts';
import { getRequest, onEachConnection, postRequest, type Answer, type Send } from './load.ts';
import {
  cpuUsEach, median, percentileOf, perSecond, present, ratioOfRates, round, spread, takeTurns, type Contenders, type Turn,
} from './measure.ts';
import { installPeers, startDbos, startRestate, type Peer } from './peers.ts';
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

export async function benchDispatch(): Promise<unknown> {
  const place = await makePlace();
  const started: { stop(): Promise<void> }[] = [];
  const start = async <Started extends { stop(): Promise<void> } | null>(starting: Promise<Started>): Promise<Started> => {
    const one = await starting;
    if (one !== null) started.push(one);
    return one;
  };
  try {
    const service = await start(startServer('service-process.ts', place.environment));
    const limit = await start(startServer('dispatch-limit.ts', { BENCH_FILE: join(place.directory, 'limit.sqlite') }));
    const installed = process.env['BENCH_PEERS'] !== 'none' && installPeers();
    const restate = installed ? await start(startRestate(join(place.directory, 'restate'))) : null;
    const dbos = installed ? await start(startDbos()) : null;
    return resultOf(await takeTurns(contenders(place, { service, limit, restate, dbos }), { warmUps: 3, repetitions: 5 }));
  } finally {
    await Promise.allSettled(started.map((one) => one.stop()));
    place.clear();
  }
}

type Name = 'ours' | 'limit' | 'restate' | 'dbos';

interface Servers {
  readonly service: Server;
  readonly limit: Server;
  readonly restate: Peer | null;
  readonly dbos: Peer | null;
}

function contenders(place: Place, { service, limit, restate, dbos }: Servers): Contenders<Name> {
  let enrolled = 1;
  const ours = async (): Promise<Turn> => {
    const newbies = Array.from({ length: matchings }, () => driver((enrolled += 1)));
    return throughService(place, service, newbies);
  };
  const alone = async (): Promise<Turn> => (await limit.ask({ matchings, group: concurrency })) as Turn;
  const of = (peer: Peer | null): (() => Promise<Turn>) | null => (peer === null ? null : () => throughPeer(peer));
  return { ours, limit: alone, restate: of(restate), dbos: of(dbos) };
}

function resultOf({ ours, ...others }: Record<Name, Turn[]>): unknown {
  const rates = spread(ours.map(perSecond));
  const ratios = Object.entries(others).map(([name, theirs]) => [name, ratioOfRates(ours, theirs)] as const);
  const seen = Object.entries(others).filter(([, turns]) => turns.length > 0);
  return {
    bench: 'dispatch', unit: 'events/s', ours: round(rates.median, 0), ours_min: round(rates.min, 0), ours_max: round(rates.max, 0),
    p50_ms: round(percentileOf(ours, 0.5), 2), p99_ms: round(percentileOf(ours, 0.99), 2),
    ratios: present(Object.fromEntries(ratios)),
    theirs: Object.fromEntries(seen.map(([name, turns]) => [name, {
      rate: round(median(turns.map(perSecond)), 0), p50_ms: round(percentileOf(turns, 0.5), 2), p99_ms: round(percentileOf(turns, 0.99), 2),
    }])),
    cpu_us: round(median(ours.map(cpuUsEach)), 0), limit_cpu_us: round(median(others.limit.map(cpuUsEach)), 0),
    concurrency, matchings,
    missing: ratios.flatMap(([name, value]) => (value === null ? [name] : [])),
  };
}

async function throughPeer(peer: Peer): Promise<Turn> {
  const ids = Array.from({ length: matchings }, () => randomUUID());
  const latenciesMs: number[] = [];
  const cpuBefore = peer.cpuMs();
  const ms = await inParallel(peer.port, ids.length, async (send, index) => {
    for (const type of ['ENROLLED', ...events.map((event) => event.type)]) {
      const id = ids[index] ?? '';
      const { status, body } = await timed(latenciesMs, send, postRequest(peer.path(id, type), peer.body(id, type)));
      if (status !== 200) throw new Error(`a peer did not take ${type}: ${status} ${body}`);
    }
  });
  return { count: latenciesMs.length, ms, latenciesMs, cpuMs: peer.cpuMs() - cpuBefore };
}

async function throughService(place: Place, service: Server, newbies: readonly Profile[]): Promise<Turn> {
  const { driverUrl, adminUrl } = service.ready as Ready;
  const tokens = await Promise.all(newbies.map((newbie) => place.token(newbie)));
  const asking = tokens.map((token) => ({ Authorization: `Bearer ${token}` }));
  await offerToAll(driverUrl, asking);
  const latenciesMs: number[] = [];
  const ids: MatchingId[] = [];
  const cpuBefore = service.cpuMs();
  const enrolMs = await inParallel(portOf(driverUrl), newbies.length, async (send, index) => {
    const answer = await timed(latenciesMs, send, postRequest('/driver/v1/mentorship/participation', {}, asking[index]));
    ids[index] = enrolledId(answer);
  });
  const of = newbies.flatMap((newbie, index) => (ids[index] === undefined ? [] : [{ matchingId: ids[index], newbie }]));
  const enrolCpuMs = service.cpuMs() - cpuBefore;
  await service.ask({ kind: 'figures', of } satisfies StoreFigures);
  const cpuBetween = service.cpuMs();
  const moveMs = await inParallel(portOf(adminUrl), ids.length, async (send, index) => {
    for (const event of events) {
      const answer = await timed(latenciesMs, send, postRequest(`/admin/v1/matchings/${ids[index]}/events`, event));
      if (!answer.body.includes('"outcome":"moved"')) throw new Error(`${event.type} did not move: ${answer.status} ${answer.body}`);
    }
  });
  return { count: latenciesMs.length, ms: enrolMs + moveMs, latenciesMs, cpuMs: enrolCpuMs + service.cpuMs() - cpuBetween };
}

/** What an app does before anybody enrols. The peers have no tokens: with this, what is measured has no new signature to check either. */
async function offerToAll(driverUrl: string, asking: readonly Readonly<Record<string, string>>[]): Promise<void> {
  await inParallel(portOf(driverUrl), asking.length, async (send, index) => {
    const { status, body } = await send(getRequest('/driver/v1/mentorship/offer', asking[index] ?? {}));
    if (status !== 200) throw new Error(`no offer: ${status} ${body}`);
  });
}

function portOf(url: string): number {
  return Number(new URL(url).port);
}

/** Milliseconds until all are through, `concurrency` at a time, each on a connection that nobody else uses meanwhile. */
async function inParallel(port: number, count: number, work: (send: Send, index: number) => Promise<void>): Promise<number> {
  let next = 0;
  const startedMs = performance.now();
  await onEachConnection({ port, connections: concurrency }, async (send) => {
    while (next < count) await work(send, next++);
  });
  return performance.now() - startedMs;
}

async function timed(latenciesMs: number[], send: Send, request: string): Promise<Answer> {
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
