// How a process of ours ends: the first SIGTERM or SIGINT asks it to stop, the second ends it at once.
import { constants } from 'node:os';

/** Ctrl+C reaches the process twice when npm started it: from the terminal, and from npm, which passes it on. That is one request. */
const echoMs = 500;
const parentCheckMs = 250;

/** `limitMs`: a stop that takes longer is cut short with exit code 1. */
export function stopOnSignals(limitMs: number): AbortSignal {
  const stopping = new AbortController();
  let askedAt = 0;
  const stop = (): void => {
    askedAt = performance.now();
    stopping.abort();
    setTimeout(() => cutShort(limitMs), limitMs).unref();
  };
  const onSignal = (name: 'SIGTERM' | 'SIGINT'): void => {
    if (!stopping.signal.aborted) stop();
    else if (performance.now() - askedAt >= echoMs) process.exit(128 + constants.signals[name]);
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  if (process.env['npm_lifecycle_event'] !== undefined) onOrphaned(() => (stopping.signal.aborted ? undefined : stop()));
  return stopping.signal;
}

/** npm passes a SIGTERM to the shell between it and this process, and the shell dies of it without a word. */
function onOrphaned(act: () => void): void {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    act();
  }, parentCheckMs);
  timer.unref();
}

function cutShort(limitMs: number): never {
  process.stderr.write(`the stop took longer than ${limitMs / 1_000} s and was cut short\n`);
  process.exit(1);
}
