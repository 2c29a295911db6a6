// The real service as a process of its own: started, known to be ready, signalled, and watched to its end.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export class Instance {
  readonly ended: Promise<Ended>;
  /** The last lines that it wrote, for a report of what went wrong. */
  readonly lines: string[] = [];
  readonly #child: ChildProcess;
  readonly #started = Promise.withResolvers<void>();
  driverUrl = '';
  adminUrl = '';

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.ended = once(child, 'exit').then(([code, signal]) => ({ code: code as number | null, signal: signal as NodeJS.Signals | null }));
    void this.ended.then(() => this.#started.reject(new Error(`the service ended before it was ready: ${this.lines.slice(-5).join('\n')}`)));
    for (const stream of [child.stdout, child.stderr]) {
      if (stream !== null) createInterface({ input: stream }).on('line', (line) => this.#hear(line));
    }
  }

  /** Resolves once it accepts requests; rejects when it ends before. */
  static async start(environment: Readonly<Record<string, string>>): Promise<Instance> {
    const process_ = Instance.launch(environment);
    await process_.#started.promise;
    return process_;
  }

  /** Does not wait for it to be ready. */
  static launch(environment: Readonly<Record<string, string>>): Instance {
    const root = join(import.meta.dirname, '..', '..');
    const { PATH = '', HOME = '' } = process.env;
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', '--experimental-async-context-frame', 'runtime/launch.mjs', 'main'], {
      cwd: root, env: { PATH, HOME, ...environment }, stdio: ['ignore', 'pipe', 'pipe'],
    });
    const launched = new Instance(child);
    // Whatever becomes of the runner, it leaves nothing behind.
    const leave = (): void => void child.kill('SIGKILL');
    process.once('exit', leave);
    void launched.ended.then(() => process.off('exit', leave));
    // Whoever does not wait for the start is told of a failure by `ended`.
    launched.#started.promise.catch(() => {});
    return launched;
  }

  get ready(): Promise<void> {
    return this.#started.promise;
  }

  get isAlive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.ended;
  }

  #hear(line: string): void {
    this.lines.push(line);
    if (this.lines.length > 200) this.lines.shift();
    if (!line.includes('"msg":"started"')) return;
    const { driver_port: driverPort, admin_port: adminPort } = JSON.parse(line) as { driver_port: number; admin_port: number };
    this.driverUrl = `http://127.0.0.1:${driverPort}`;
    this.adminUrl = `http://127.0.0.1:${adminPort}`;
    this.#started.resolve();
  }
}
