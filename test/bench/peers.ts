// The peers of the dispatch bench, each with its server, started in a directory of its own with durable settings as they come. Null where
// the machine cannot run one.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { cpuMsOf, startServer } from './server.ts';

export interface Peer {
  readonly port: number;
  /** The request that sends one event to one matching; ENROLLED makes it. */
  readonly path: (id: string, type: string) => string;
  readonly body: (id: string, type: string) => unknown;
  cpuMs(): number;
  stop(): Promise<void>;
}

const folder = fileURLToPath(new URL('peers', import.meta.url));
const startWithinMs = 60_000;

/** The peers' packages, as their lock file says; false when they cannot be had here. */
export function installPeers(): boolean {
  if (existsSync(join(folder, 'node_modules', '.package-lock.json'))) return true;
  try {
    execFileSync('npm', ['ci'], { cwd: folder, stdio: ['ignore', 2, 2] });
    return true;
  } catch {
    return false;
  }
}

export async function startRestate(directory: string): Promise<Peer | null> {
  const program = join(folder, 'node_modules', '@restatedev', `restate-server-${process.platform}-${process.arch}`, 'bin', 'restate-server');
  if (!existsSync(program)) return null;
  const [ingress, admin, node] = [await freePort(), await freePort(), await freePort()];
  mkdirSync(directory, { recursive: true });
  const server = endWithUs(spawn(program, ['--no-logo', '--base-dir', directory], {
    env: {
      ...process.env, RESTATE_LISTEN_MODE: 'tcp', RESTATE_BIND_IP: '127.0.0.1', RESTATE_DISABLE_TELEMETRY: 'true', RESTATE_LOG_FILTER: 'off',
      RESTATE_BIND_PORT: String(node), RESTATE_INGRESS__BIND_PORT: String(ingress), RESTATE_ADMIN__BIND_PORT: String(admin),
    },
    stdio: ['ignore', 2, 2],
  }));
  const service = await startServer('peers/restate-service.mjs', { RESTATE_LOGGING: 'ERROR' });
  const { url } = service.ready as { url: string };
  await until(async () => (await fetch(`http://127.0.0.1:${admin}/health`)).ok && (await fetch(`http://127.0.0.1:${ingress}/restate/health`)).ok);
  const registered = await fetch(`http://127.0.0.1:${admin}/deployments`, {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ uri: url }),
  });
  if (!registered.ok) throw new Error(`Restate did not take the service: ${await registered.text()}`);
  return {
    port: ingress,
    path: (id, type) => `/matching/${id}/${type === 'ENROLLED' ? 'create' : 'send'}`,
    body: (_id, type) => (type === 'ENROLLED' ? {} : { event: { type } }),
    cpuMs: () => cpuMsOf(server.pid) + service.cpuMs(),
    stop: async () => {
      await service.stop();
      await ended(server, 'SIGTERM');
    },
  };
}

export async function startDbos(): Promise<Peer | null> {
  const programs = postgresPrograms();
  const user = serverUser();
  if (programs === null || user === null) return null;
  // Not inside the bench's own directory, which its user may not enter.
  const directory = mkdtempSync(join(tmpdir(), 'mentorship-bench-postgres-'));
  if (process.getuid?.() === 0) chownSync(directory, user.uid, user.gid);
  const data = join(directory, 'postgres');
  const asUser = process.getuid?.() === 0 ? user : {};
  execFileSync(join(programs, 'initdb'), ['--pgdata', data, '--username', 'bench', '--auth', 'trust'], { ...asUser, cwd: directory, stdio: 'ignore' });
  const port = await freePort();
  const settings = ['-c', 'listen_addresses=127.0.0.1', '-c', `unix_socket_directories=${directory}`, '-c', 'max_connections=200'];
  const server = endWithUs(spawn(join(programs, 'postgres'), ['-D', data, '-p', String(port), ...settings], { ...asUser, cwd: directory, stdio: 'ignore' }));
  await until(async () => {
    execFileSync(join(programs, 'pg_isready'), ['-h', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' });
    return true;
  });
  const service = await startServer('peers/dbos-service.mjs', { BENCH_POSTGRES: `postgresql://bench@127.0.0.1:${port}/postgres` });
  return {
    port: Number(new URL((service.ready as { url: string }).url).port),
    path: () => '/events',
    body: (id, type) => ({ id, type }),
    // PostgreSQL works in a process for each connection, which come and go: only the service is counted.
    cpuMs: () => service.cpuMs(),
    stop: async () => {
      await service.stop();
      await ended(server, 'SIGINT');
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** The directory of PostgreSQL's programs; Debian keeps them away from the path, behind a link. */
function postgresPrograms(): string | null {
  const found = (process.env['PATH'] ?? '').split(delimiter).map((place) => join(place, 'postgres')).find((file) => existsSync(file));
  if (found === undefined) return null;
  const programs = dirname(realpathSync(found));
  return ['initdb', 'postgres', 'pg_isready'].every((name) => existsSync(join(programs, name))) ? programs : null;
}

/** PostgreSQL refuses to run as root. */
function serverUser(): { readonly uid: number; readonly gid: number } | null {
  const own = process.getuid?.();
  if (own !== undefined && own !== 0) return { uid: own, gid: process.getgid?.() ?? own };
  const lines = readFileSync('/etc/passwd', 'utf8').split('\n').map((line) => line.split(':'));
  const line = lines.find(([name]) => name === 'postgres') ?? lines.find(([name]) => name === 'nobody');
  return line === undefined ? null : { uid: Number(line[2]), gid: Number(line[3]) };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new TypeError('a TCP server has a port');
  return address.port;
}

async function until(isTrue: () => Promise<boolean>): Promise<void> {
  for (const deadline = performance.now() + startWithinMs; ; await sleep(100)) {
    const answer = await isTrue().catch((error: unknown) => ({ error }));
    if (answer === true) return;
    if (performance.now() > deadline) throw new Error('a peer did not start in time', { cause: answer });
  }
}

/** A bench that is cut short leaves no server behind. */
function endWithUs(child: ChildProcess): ChildProcess {
  process.once('exit', () => child.kill());
  return child;
}

async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null) return;
  const exit = once(child, 'exit');
  child.kill(signal);
  await exit;
}
