// GET contacts while everything is warm, asked by ten thousand callers with a token each: against uWebSockets.js that only serialises the
// same object, against the same handler behind Fastify, answered 304, and at a fixed rate.
import { setTimeout as sleep } from 'node:timers/promises';
import { atFixedRate, getRequest, onEachConnection, type Answer } from './load.ts';
import { cpuUsEach, median, percentileOf, perSecond, present, ratioOfRates, round, spread, takeTurns, type Turn } from './measure.ts';
import { installPeers } from './peers.ts';
import { driver } from './people.ts';
import { makePlace } from './place.ts';
import { seedPairs } from './seed.ts';
import { startServer, type Server } from './server.ts';

const callers = 10_000;
const connections = 48;
const rate = { perSecond: 5_000, seconds: 5 } as const;
/** Names and phones, at most; and for half of it at least. */
const rememberedMs = 30_000;
const path = '/driver/v1/mentorship/contacts';
const language = { 'Accept-Language': 'ru' };

export async function benchContacts(): Promise<unknown> {
  const place = await makePlace();
  const servers: Server[] = [];
  const start = async (main: string, environment: Readonly<Record<string, string>>): Promise<Server> => {
    const server = await startServer(main, environment);
    servers.push(server);
    return server;
  };
  try {
    await seedPairs(place.environment, 0, callers / 2);
    const service = await start('service-process.ts', place.environment);
    const tokens = await Promise.all(Array.from({ length: callers }, (_, index) => place.token(driver(index))));
    const headers = tokens.map((token) => ({ Authorization: `Bearer ${token}`, ...language }));
    const requests = headers.map((one) => getRequest(path, one));
    const { driverUrl } = service.ready as { driverUrl: string };
    const first = await each(driverUrl, requests);
    const known = headers.map((one, index) => getRequest(path, { ...one, 'If-None-Match': etagOf(first[index]) }));
    const uws = await start('contacts-uws.ts', { BENCH_OBJECT: first[0]?.body ?? '' });
    const fastify = installPeers() ? await start('contacts-fastify.ts', place.environment) : null;
    if (fastify !== null) await each(urlOf(fastify), requests);
    const turns = await takeTurns({
      ours: () => turn(service, driverUrl, requests, 200),
      uws: () => turn(uws, urlOf(uws), requests, 200),
      fastify: fastify === null ? null : () => turn(fastify, urlOf(fastify), requests, 200),
      unchanged: () => turn(service, driverUrl, known, 304),
    }, { warmUps: 4, repetitions: 5 });
    const steady = await takeTurns({
      // Until everything is forgotten: known again, it is known for longer than a turn takes.
      ours: () => sleep(rememberedMs).then(() => steadily(service, driverUrl, requests)),
      uws: () => steadily(uws, urlOf(uws), requests),
    }, { warmUps: 0, repetitions: 5 });
    return resultOf(turns, steady, first[0]?.body.length ?? 0);
  } finally {
    await Promise.allSettled(servers.map((server) => server.stop()));
    place.clear();
  }
}

/** The share of it that the server which does nothing has is that of the generator and of the machine. */
async function steadily(server: Server, url: string, requests: readonly string[]): Promise<Turn> {
  await each(url, requests);
  const [startedMs, cpuBefore] = [performance.now(), server.cpuMs()];
  const load = { port: portOf(url), connections, ...rate, request: (index: number) => requests[index % callers] ?? '' };
  const latenciesMs = await atFixedRate(load, ({ status }) => status === 200);
  return { count: latenciesMs.length, ms: performance.now() - startedMs, latenciesMs, cpuMs: server.cpuMs() - cpuBefore };
}

type Name = 'ours' | 'uws' | 'fastify' | 'unchanged';

function resultOf({ ours, uws, fastify, unchanged }: Record<Name, Turn[]>, steady: Record<'ours' | 'uws', Turn[]>, bodyChars: number): unknown {
  const rates = spread(ours.map(perSecond));
  const ratios = { uws: ratioOfRates(ours, uws), fastify: ratioOfRates(ours, fastify) };
  const rateOf = (turns: readonly Turn[]): number => round(median(turns.map(perSecond)), 0);
  return {
    bench: 'contacts', unit: 'requests/s', ours: round(rates.median, 0), ours_min: round(rates.min, 0), ours_max: round(rates.max, 0),
    p50_ms: round(percentileOf(ours, 0.5), 2), p99_ms: round(percentileOf(ours, 0.99), 2),
    ratios: present(ratios),
    theirs: present({ uws: rateOf(uws), fastify: fastify.length === 0 ? null : rateOf(fastify) }),
    not_modified: rateOf(unchanged),
    at_rate: {
      per_second: rate.perSecond, p50_ms: round(percentileOf(steady.ours, 0.5), 2), p99_ms: round(percentileOf(steady.ours, 0.99), 2),
      uws_p99_ms: round(percentileOf(steady.uws, 0.99), 2),
    },
    cpu_us: round(median(ours.map(cpuUsEach)), 0), uws_cpu_us: round(median(uws.map(cpuUsEach)), 0), not_modified_cpu_us: round(median(unchanged.map(cpuUsEach)), 0),
    callers, connections, body_chars: bodyChars,
    missing: Object.entries(ratios).flatMap(([name, value]) => (value === null ? [name] : [])),
  };
}

/** Everybody has asked a moment before. */
async function turn(server: Server, url: string, requests: readonly string[], status: number): Promise<Turn> {
  await each(url, requests);
  const latenciesMs: number[] = [];
  const [startedMs, cpuBefore] = [performance.now(), server.cpuMs()];
  await each(url, requests, (answer, ms) => {
    if (answer.status !== status) throw new Error(`an unexpected reply: ${answer.status} ${answer.body}`);
    latenciesMs.push(ms);
  });
  return { count: requests.length, ms: performance.now() - startedMs, latenciesMs, cpuMs: server.cpuMs() - cpuBefore };
}

/** The replies in the order of the requests. */
async function each(url: string, requests: readonly string[], seen: (answer: Answer, ms: number) => void = () => {}): Promise<Answer[]> {
  const answers: Answer[] = [];
  let next = 0;
  await onEachConnection({ port: portOf(url), connections }, async (send) => {
    while (next < requests.length) {
      const index = next++;
      const startedMs = performance.now();
      const answer = await send(requests[index] ?? '');
      seen(answer, performance.now() - startedMs);
      answers[index] = answer;
    }
  });
  return answers;
}

function etagOf(answer: Answer | undefined): string {
  const etag = /\r\netag: *(\S+)/i.exec(answer?.head ?? '')?.[1];
  if (etag === undefined) throw new Error(`a reply without a tag: ${answer?.status} ${answer?.body}`);
  return etag;
}

function urlOf(server: Server): string {
  return (server.ready as { url: string }).url;
}

function portOf(url: string): number {
  return Number(new URL(url).port);
}
