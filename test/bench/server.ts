// Servers of the benches: a child process each, asked and answered over its IPC channel, ended with the bench.
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export interface Server {
  /** Its first message. */
  readonly ready: unknown;
  /** Sends a message and resolves with the next one from there. */
  ask(message: object): Promise<unknown>;
  /** Processor time it has used so far. */
  cpuMs(): number;
  stop(): Promise<void>;
}

/**
 * `main` is a file of this directory, run with the flags of this process: those of `npm run bench`. `BENCH_PROFILE=<directory>` has every
 * server leave a CPU profile there.
 */
export async function startServer(main: string, environment: Readonly<Record<string, string>>): Promise<Server> {
  const profiles = process.env['BENCH_PROFILE'];
  const profiling = profiles === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profiles}`];
  const child = fork(fileURLToPath(new URL(main, import.meta.url)), [], {
    env: { ...process.env, ...environment },
    execArgv: [...process.execArgv, ...profiling],
    stdio: ['ignore', 2, 2, 'ipc'],
  });
  return {
    ready: await nextMessage(child, main),
    ask: (message) => {
      const answer = nextMessage(child, main);
      child.send(message);
      return answer;
    },
    cpuMs: () => cpuMsOf(child.pid),
    stop: async () => {
      if (child.exitCode !== null) return;
      const ended = once(child, 'exit');
      child.disconnect();
      await ended;
    },
  };
}

/** From Linux's `/proc`, in its ticks of 10 ms; NaN elsewhere. */
export function cpuMsOf(pid: number | undefined): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').replace(/^.*\) /s, '').split(' ');
    return (Number(fields[11]) + Number(fields[12])) * 10;
  } catch {
    return Number.NaN;
  }
}

async function nextMessage(child: ChildProcess, main: string): Promise<unknown> {
  const watching = new AbortController();
  const { signal } = watching;
  const ended = once(child, 'exit', { signal }).then(([code]) => Promise.reject(new Error(`${main} ended with ${String(code)}`)));
  try {
    const [message] = (await Promise.race([once(child, 'message', { signal }), ended])) as [unknown];
    return message;
  } finally {
    ended.catch(() => {});
    watching.abort();
  }
}
