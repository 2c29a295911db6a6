// `npm start`: the service alone, configured by the environment, until a signal.
import { once } from 'node:events';
import { enableCompileCache } from 'node:module';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
// Here too: a bundle loads packages before any of its own code, but for what is imported later.
import '../http/header-limit.ts';

// See docs/decisions/0023-no-pretenuring.md.
setFlagsFromString('--no-allocation-site-pretenuring');
// Among the system's temporary files, for the next start, and for jobs' threads, which look for its place in the environment. What is
// imported before this is not cached, so the service comes after it.
const { directory: compiled } = enableCompileCache();
if (compiled !== undefined) process.env['NODE_COMPILE_CACHE'] ??= compiled;
const [{ readConfig }, { ServiceError }, { startService }, { stopOnSignals }] = await Promise.all([
  import('./config/config.ts'), import('./errors.ts'), import('./service.ts'), import('./stop-signal.ts'),
]);

const stopWithinMs = 19_000;

async function main(): Promise<void> {
  const stopping = stopOnSignals(stopWithinMs);
  const service = await startService(readConfig(process.env));
  collectGarbage();
  if (!stopping.aborted) await once(stopping, 'abort');
  await service.stop();
  // All is closed. A call that a hanging database never answers would keep its socket, and with it the process, for a long time.
  process.exit(0);
}

/** What the start left behind is a third of the heap, and V8 would not look at it before the first busy hour. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

main().catch((error: unknown) => {
  // One line, which names the variable, for everything but defects.
  console.error(error instanceof ServiceError && error.code !== 'internal' ? error.message : error);
  // Parts of a half-started service may still listen, and would keep the process alive.
  process.exit(1);
});
