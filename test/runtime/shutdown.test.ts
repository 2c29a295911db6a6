// SIGTERM to the real process under load: every request that it took is answered, nothing is left locked, and it ends in time.
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { openStore } from '../../runtime/compose.ts';
import { readConfig } from '../../runtime/config/config.ts';
import { Instance } from '../chaos/instance.ts';
import { startNetwork, type Network } from '../sandbox/network.ts';
import { startYdbServer } from '../ydb-server/server.ts';

let directory: string;
let network: Network;
let service: Instance;
let environment: Record<string, string>;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'shutdown-'));
  network = await startNetwork({ directory, drivers: 12, speed: 0.01, report: () => {} });
  environment = { HTTP_HOST: '127.0.0.1', HTTP_PORT: '0', ADMIN_PORT: '0', RATE_LIMIT_PER_ADDRESS: '0', IMPORT_MATCHINGS_EVERY: '500ms', ...network.environment };
  service = await Instance.start(environment);
}, 60_000);
afterEach(async () => {
  if (service.isAlive) await service.kill();
  await network.close();
  rmSync(directory, { recursive: true });
}, 60_000);

interface Outcome {
  /** `answered`, `refused` (no connection was made), or what became of a request that was sent. */
  readonly end: string;
  /** Of a problem; null for an answer. */
  readonly code: string | null;
  readonly toldToClose: boolean;
}

function ask(agent: Agent, token: string, method: 'GET' | 'POST'): Promise<Outcome> {
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  let isConnected = false;
  const sent = request(`${service.driverUrl}/driver/v1/mentorship/participation`, { agent, method, headers: { authorization: `Bearer ${token}` } });
  sent.on('socket', (socket) => {
    isConnected = !socket.connecting;
    socket.once('connect', () => (isConnected = true));
  });
  sent.on('response', (response) => {
    void readAnswer(response).then(resolve);
  });
  sent.on('error', (error) => resolve({ end: isConnected ? error.message : 'refused', code: null, toldToClose: false }));
  sent.end();
  return promise;
}

async function readAnswer(response: IncomingMessage): Promise<Outcome> {
  try {
    const { code = null } = JSON.parse(await text(response)) as { code?: string };
    return { end: 'answered', code, toldToClose: response.headers.connection === 'close' };
  } catch (error) {
    return { end: String(error), code: null, toldToClose: false };
  }
}

/** 50 requests a second over kept connections, until the signal. `answered` counts along. */
async function load(signal: AbortSignal, answered: { count: number }): Promise<Outcome[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 10 });
  const tokens = await Promise.all(network.people.newbies.map(({ profiles }) => network.token(profiles[0])));
  const asked: Promise<Outcome>[] = [];
  for (let number = 0; !signal.aborted; number += 1) {
    const asking = ask(agent, tokens[number % tokens.length]!, number % 5 === 0 ? 'POST' : 'GET');
    asked.push(asking);
    void asking.then(({ end }) => (answered.count += end === 'answered' ? 1 : 0));
    await sleep(20);
  }
  const outcomes = await Promise.all(asked);
  agent.destroy();
  return outcomes;
}

test('SIGTERM under 50 requests a second: unready at once, no request taken fails, locks and leases are free, exit code 0', async () => {
  const over = new AbortController();
  const soFar = { count: 0 };
  const loading = load(over.signal, soFar);
  await vi.waitFor(() => expect(soFar.count).toBeGreaterThan(50), { timeout: 20_000, interval: 10 });
  const askedMs = performance.now();
  service.signal('SIGTERM');
  await vi.waitFor(async () => {
    const ready = await fetch(`${service.adminUrl}/ready`);
    expect([ready.status, ((await ready.json()) as { status: string }).status]).toEqual([503, 'draining']);
  }, { timeout: 2_000, interval: 10 });
  expect(await service.ended).toEqual({ code: 0, signal: null });
  expect(performance.now() - askedMs).toBeLessThan(20_000);
  over.abort();
  const outcomes = await loading;
  const answered = outcomes.filter(({ end }) => end === 'answered');
  expect(outcomes.filter(({ end }) => end !== 'answered' && end !== 'refused')).toEqual([]);
  // An upstream that is late is the machine's doing; what a stop could spoil is our own.
  expect(answered.filter(({ code }) => code !== null && !code.startsWith('upstream_'))).toEqual([]);
  expect(answered.some(({ toldToClose }) => toldToClose)).toBe(true);
  expect(outcomes.some(({ end }) => end === 'refused')).toBe(true);
  const { leases, tasks, store } = openStore(readConfig(environment).store);
  try {
    for (const job of ['import-matchings', 'import-results', 'finish-programme', 'replicate', 'archive']) {
      expect([job, await leases.acquire(`job:${job}`, 'next', 1_000)]).not.toEqual([job, null]);
    }
    expect((await tasks.stats()).filter(({ state, count }) => state === 'running' && count > 0)).toEqual([]);
  } finally {
    await store.close();
  }
}, 90_000);

test('a second SIGTERM ends it at once', async () => {
  // Something to wait for: an enrolment whose upstream takes its time.
  network.upstreams.faults.driverProfiles.set({ kind: 'delay', delayMs: 4_000 });
  const agent = new Agent({ keepAlive: true });
  const pending = ask(agent, await network.token(network.people.newbies[0]!.profiles[0]), 'POST');
  await vi.waitFor(() => expect(network.upstreams.calls.driverProfiles.length).toBeGreaterThan(0), { timeout: 5_000 });
  service.signal('SIGTERM');
  await vi.waitFor(async () => expect((await fetch(`${service.adminUrl}/ready`)).status).toBe(503), { timeout: 2_000, interval: 20 });
  await sleep(600);
  const askedMs = performance.now();
  service.signal('SIGTERM');
  expect((await service.ended).code).toBe(143);
  expect(performance.now() - askedMs).toBeLessThan(1_500);
  expect((await pending).end).not.toBe('answered');
  agent.destroy();
}, 60_000);

test('SIGTERM while YDB takes calls and answers none: it ends in time, by itself', async () => {
  await service.kill();
  const ydb = await startYdbServer();
  onTestFinished(() => ydb.close());
  service = await Instance.start({ ...environment, STORE: 'ydb', YDB_CONNECTION_STRING: ydb.connectionString, YDB_ANONYMOUS_CREDENTIALS: '1' });
  const agent = new Agent({ keepAlive: true });
  onTestFinished(() => agent.destroy());
  const enrol = async (number: number): Promise<Outcome> => ask(agent, await network.token(network.people.newbies[number]!.profiles[0]), 'POST');
  await vi.waitFor(async () => expect(await (await fetch(`${service.adminUrl}/ready`)).json()).toMatchObject({ checks: { store: 'ok' } }), { timeout: 20_000 });
  expect((await enrol(0)).end).toBe('answered');
  ydb.blackHole();
  expect((await enrol(1)).end).toBe('answered');
  const askedMs = performance.now();
  service.signal('SIGTERM');
  expect({ ...(await service.ended), lines: service.lines.slice(-8) }).toMatchObject({ code: 0, signal: null });
  expect(performance.now() - askedMs).toBeLessThan(19_000);
}, 60_000);
