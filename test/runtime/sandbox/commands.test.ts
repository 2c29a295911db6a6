// The sandbox's commands as processes: what they print, how they end, what they keep.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { realTime } from '../../../runtime/clock.ts';
import { openYdbStore } from '../../../runtime/store/ydb/store.ts';
import { anonymous, silentLog } from '../store/ydb-stores.ts';

const root = join(import.meta.dirname, '../../..');
const children = new Set<ChildProcess>();

let data: string;
beforeEach(() => {
  data = join(mkdtempSync(join(tmpdir(), 'sandbox-')), 'data');
});
afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  children.clear();
  rmSync(join(data, '..'), { recursive: true });
});

interface Started {
  readonly child: ChildProcess;
  /** What has been printed to standard output so far. */
  printed(): string;
  complained(): string;
  ended(): Promise<number | null>;
}

function start(file: 'demo.ts' | 'main.ts', ...args: readonly string[]): Started {
  // A grace of a dozen real seconds: a busy machine must not make anybody fail.
  const env = { PATH: process.env['PATH'], HTTP_PORT: '0', ADMIN_PORT: '0', FAIL_GRACE: '120d' };
  const child = spawn(process.execPath, [join(root, 'test/sandbox', file), ...args], { cwd: root, env });
  children.add(child);
  const texts = { out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => void (texts.out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => void (texts.err += chunk.toString()));
  const closed = once(child, 'close');
  return { child, printed: () => texts.out, complained: () => texts.err, ended: async () => (await closed)[0] as number | null };
}

function printed(started: Started, text: string): Promise<unknown> {
  return vi.waitUntil(() => started.printed().includes(text), { timeout: 30_000 });
}

test('plays the demo to the end and closes with the funnel', async () => {
  const demo = start('demo.ts', '--once', '--speed', '10', '--drivers', '6', '--data', data);
  expect(await demo.ended()).toBe(0);
  const lines = demo.printed().trimEnd().split('\n');
  expect(JSON.parse(lines.at(-1) ?? '')).toEqual({
    created: 6, requested: 6, matched: 6, initialized: 6, in_progress: 6, finished: 6, succeed: 5, failed: 1,
  });
  expect(lines.filter((line) => line.startsWith('{'))).toHaveLength(1);
}, 60_000);

test('begins a new story where everybody had finished', async () => {
  const args = ['--once', '--speed', '10', '--drivers', '1', '--data', data];
  expect(await start('demo.ts', ...args).ended()).toBe(0);
  const again = start('demo.ts', ...args);
  expect(await again.ended()).toBe(0);
  expect(again.printed()).toMatch(/^Everybody in .* had finished: a new story begins\./);
  expect(again.printed().trimEnd()).toMatch(/"created":1,.*"succeed":1,"failed":0}$/);
}, 60_000);

test('stops at SIGTERM, says so, and goes on from there with the same people', async () => {
  const args = ['--speed', '10', '--drivers', '3', '--data', data];
  const first = start('demo.ts', ...args);
  await printed(first, 'created 3');
  first.child.kill('SIGTERM');
  expect(await first.ended()).toBe(0);
  expect(first.printed().trimEnd()).toMatch(/Stopped\. Everything is kept in .*: the same command goes on/);
  const second = start('demo.ts', ...args, '--once');
  expect(await second.ended()).toBe(0);
  const matchingId = /matching ([0-9a-f-]{36})/;
  expect(matchingId.exec(second.printed())?.[1]).toBe(matchingId.exec(first.printed())?.[1]);
  expect(second.printed().trimEnd()).toMatch(/"succeed":3,"failed":0}$/);
}, 60_000);

test('prints commands that work while the demo is up', async () => {
  const demo = start('demo.ts', '--speed', '10', '--drivers', '3', '--data', data);
  await printed(demo, 'Stays up until Ctrl+C');
  const token = /^GUEST=(.+)$/m.exec(demo.printed())?.[1] ?? '';
  const offer = /(http\S+)\/offer$/m.exec(demo.printed())?.[1] ?? '';
  const reply = await fetch(`${offer}/offer`, { headers: { authorization: `Bearer ${token}` } });
  expect(await reply.json()).toMatchObject({ show: true });
  const funnel = /^curl -s (http\S+\/admin\/v1\/funnel)$/m.exec(demo.printed())?.[1] ?? '';
  expect((await fetch(funnel)).status).toBe(200);
  demo.child.kill('SIGINT');
  expect(await demo.ended()).toBe(0);
}, 60_000);

test('does not clear a directory that is not the demo\'s', async () => {
  const file = join(data, '..', 'precious');
  writeFileSync(file, '');
  const demo = start('demo.ts', '--fresh', '--data', join(data, '..'));
  expect(await demo.ended()).toBe(1);
  expect(demo.complained()).toMatch(/holds something that is not the demo's/);
  expect(existsSync(file)).toBe(true);
});

test('runs the YT proxy alone, with the tables of the contract, until SIGTERM', async () => {
  const yt = start('main.ts', 'yt', '--port', '0');
  await printed(yt, 'ready http');
  const address = /^ready (\S+)$/m.exec(yt.printed())?.[1] ?? '';
  const parameters = JSON.stringify({ path: '//home/taxi/production/features/mentorship/new_drivers/@dynamic' });
  const reply = await fetch(`${address}/api/v4/get`, { headers: { 'X-YT-Parameters': parameters, 'X-YT-Header-Format': 'json' } });
  expect(await reply.text()).toContain('true');
  yt.child.kill('SIGTERM');
  expect(await yt.ended()).toBe(0);
});

test('runs the upstream stand-ins alone and prints their addresses as one line of JSON', async () => {
  const upstreams = start('main.ts', 'upstreams');
  await printed(upstreams, '\n');
  const urls = JSON.parse(upstreams.printed()) as Record<string, string>;
  expect(Object.keys(urls).sort()).toEqual(['clientEvents', 'driverProfiles', 'fleetRent', 'geobase', 'personal', 'trackstory']);
  expect((await fetch(`${urls['geobase']}/v1/city?lat=55.75&lon=37.61`)).status).toBe(200);
  upstreams.child.kill('SIGTERM');
  expect(await upstreams.ended()).toBe(0);
});

test('runs the YDB server alone, for whichever client comes, until SIGTERM', async () => {
  const ydb = start('main.ts', 'ydb', '--port', '0');
  await printed(ydb, 'ready grpc');
  const connectionString = /^ready (\S+)$/m.exec(ydb.printed())?.[1] ?? '';
  const { store } = openYdbStore({ connectionString, timescale: realTime, log: silentLog, credentials: anonymous });
  expect((await store.migrate()).length).toBeGreaterThan(0);
  await store.close();
  ydb.child.kill('SIGTERM');
  expect(await ydb.ended()).toBe(0);
});
