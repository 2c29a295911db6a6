// `npm start`: the service alone, configured by the environment, until a signal.
import { once } from 'node:events';
import { readConfig } from './config/config.ts';
import { ServiceError } from './errors.ts';
import { startService } from './service.ts';
import { stopOnSignals } from './stop-signal.ts';

const stopWithinMs = 19_000;

async function main(): Promise<void> {
  const stopping = stopOnSignals(stopWithinMs);
  const service = await startService(readConfig(process.env));
  if (!stopping.aborted) await once(stopping, 'abort');
  await service.stop();
}

main().catch((error: unknown) => {
  const isMistake = error instanceof ServiceError && error.code === 'bad_config';
  console.error(isMistake ? error.message : error);
  // Parts of a half-started service may still listen, and would keep the process alive.
  process.exit(1);
});
