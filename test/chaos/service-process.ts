// The service as a process of its own, as `npm start` runs it.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const root = join(import.meta.dirname, '..', '..');

export interface ServiceProcess {
  readonly child: ChildProcess;
  readonly driverPort: number;
  readonly adminPort: number;
  /** Resident memory, in megabytes. */
  rssMb(): number;
  /** SIGTERM; answers the exit code. */
  stop(): Promise<number | null>;
}

/** Resolves once both listeners are up. */
export async function startServiceProcess(environment: Readonly<Record<string, string>>): Promise<ServiceProcess> {
  const own = { PATH: process.env['PATH'] ?? '', HTTP_HOST: '127.0.0.1', HTTP_PORT: '0', ADMIN_PORT: '0' };
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', '--experimental-async-context-frame', 'runtime/launch.mjs', 'main'], {
    cwd: root, env: { ...own, ...environment, LOG_LEVEL: 'info' }, stdio: ['ignore', 'pipe', 'inherit'],
  });
  const { driver_port: driverPort, admin_port: adminPort } = await startedLine(child);
  return {
    child,
    driverPort,
    adminPort,
    rssMb: () => Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]) / 1024,
    stop: async () => {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGTERM');
        await once(child, 'exit');
      }
      return child.exitCode;
    },
  };
}

async function startedLine(child: ChildProcess): Promise<{ driver_port: number; admin_port: number }> {
  if (child.stdout === null) throw new TypeError('the process was started without a pipe');
  const lines = createInterface({ input: child.stdout });
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the service ended with ${code} before it was up`)));
    lines.on('line', (line) => {
      const entry = JSON.parse(line) as { msg: string; driver_port: number; admin_port: number };
      if (entry.msg === 'started') resolve(entry);
    });
  });
}
