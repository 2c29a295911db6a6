// The bundle: what the image copies is enough to run everything, and `npm start` never runs a bundle older than the sources.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { serviceVersion } from '../../runtime/version.ts';
import { startNetwork } from '../sandbox/network.ts';

const root = join(import.meta.dirname, '../..');
const flags = ['--disable-warning=ExperimentalWarning', '--experimental-async-context-frame', 'runtime/launch.mjs'];
let place: string;

beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'mentorship-'));
});
afterEach(() => rmSync(place, { recursive: true }));

/** The last stage of the Dockerfile: its files, with this checkout's packages. */
function layImage(): void {
  const [stage = ''] = readFileSync(join(root, 'Dockerfile'), 'utf8').split('FROM ').slice(-1);
  const copies = [...stage.matchAll(/^COPY (?:--from=\w+ )?(.+) \S+$/gm)].flatMap(([, sources = '']) => sources.split(' ').map((source) => source.replace(/^\/build\//, '')));
  expect(copies).toEqual(expect.arrayContaining(['node_modules', 'package.json', 'dist']));
  for (const path of copies) {
    mkdirSync(dirname(join(place, path)), { recursive: true });
    if (path === 'node_modules') symlinkSync(join(root, path), join(place, path));
    else cpSync(join(root, path), join(place, path), { recursive: true });
  }
}

test('what the image holds serves drivers, pages and charts, runs jobs in threads, and its command line works', async () => {
  layImage();
  const network = await startNetwork({ directory: join(place, 'outside'), drivers: 1, speed: 0.01, report: () => {} });
  onTestFinished(() => network.close());
  const temporary = join(place, 'temporary');
  mkdirSync(temporary);
  const environment = { ...network.environment, PATH: process.env['PATH'], TMPDIR: temporary, HTTP_HOST: '127.0.0.1', HTTP_PORT: '0', ADMIN_PORT: '0', LOG_LEVEL: 'info' };
  const child = spawn(process.execPath, [...flags, 'main'], { cwd: place, env: environment, stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const { driver_port: driverPort, admin_port: adminPort } = await startedLine(child.stdout);
  const admin = async (path: string, method = 'GET'): Promise<{ readonly status: number; readonly body: string }> => {
    const reply = await fetch(`http://127.0.0.1:${adminPort}${path}`, { method, headers: { 'X-Operator': 'tester' } });
    return { status: reply.status, body: await reply.text() };
  };
  const [person] = network.people.newbies;
  const token = await network.token(person!.profiles[0]);
  const participation = await fetch(`http://127.0.0.1:${driverPort}/driver/v1/mentorship/participation`, { method: 'POST', headers: { authorization: `Bearer ${token}` } });
  expect(participation.status).toBe(201);
  const withHeader = (length: number): Promise<Response> => fetch(`http://127.0.0.1:${driverPort}/driver/v1/mentorship/participation`, {
    headers: { authorization: `Bearer ${token}`, 'x-long': 'a'.repeat(length) },
  });
  expect((await withHeader(12_000)).status).toBe(200);
  expect((await withHeader(17_000)).headers.get('content-type')).toBe('application/problem+json');
  for (const page of ['/', '/inspector', '/docs']) expect(await admin(page)).toMatchObject({ status: 200, body: expect.stringContaining('<html') });
  expect(JSON.parse((await admin('/admin/v1/machines')).body)).toMatchObject({ machines: [{ id: 'matching' }, { id: 'application' }, { id: 'import' }] });
  expect(JSON.parse((await admin('/admin/v1/jobs/archive/run', 'POST')).body)).toMatchObject({ error: null });
  // The service itself leaves what it compiled when it ends, a thread when its job has ended: for the next one.
  await vi.waitFor(() => expect(filesIn(join(temporary, 'node-compile-cache'))).not.toEqual([]), { timeout: 10_000 });
  const version = execFileSync(process.execPath, [...flags, 'cli', '--version'], { cwd: place, encoding: 'utf8', env: environment });
  expect(version.trim()).toBe(serviceVersion);
  child.kill('SIGTERM');
  const [code] = await once(child, 'exit') as [number];
  expect(code).toBe(0);
}, 60_000);

function filesIn(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map(({ name }) => name);
}

async function startedLine(output: NodeJS.ReadableStream): Promise<{ readonly driver_port: number; readonly admin_port: number }> {
  for await (const line of createInterface({ input: output })) {
    const entry = JSON.parse(line) as { driver_port?: number; admin_port?: number };
    if (entry.driver_port !== undefined && entry.admin_port !== undefined) return { driver_port: entry.driver_port, admin_port: entry.admin_port };
  }
  throw new Error('the service did not start');
}

test('the bundle runs when it is newer than every source, else the sources do', () => {
  const [earlier, later] = [new Date('2026-01-01'), new Date('2026-01-02')];
  const lay = (path: string, text: string, at: Date): void => {
    mkdirSync(dirname(join(place, path)), { recursive: true });
    writeFileSync(join(place, path), text);
    utimesSync(join(place, path), at, at);
  };
  const runs = (): string => execFileSync(process.execPath, [...flags, 'main'], { cwd: place, encoding: 'utf8' }).trim();
  cpSync(join(root, 'runtime/launch.mjs'), join(place, 'runtime/launch.mjs'), { recursive: true });
  lay('runtime/main.ts', 'console.log("sources" as string)', earlier);
  expect(runs()).toBe('sources');
  lay('dist/main.mjs', 'console.log("bundle")', later);
  expect(runs()).toBe('bundle');
  lay('jobs/deep/job.ts', '', new Date('2026-01-03'));
  expect(runs()).toBe('sources');
  lay('jobs/deep/job.ts', '', earlier);
  lay('http/web/page.ts', '', new Date('2026-01-03'));
  expect(runs()).toBe('bundle');
});
