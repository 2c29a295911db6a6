// `npm start`: the service alone, configured by the environment, until a signal.
import { readConfig } from './config/config.ts';
import { ServiceError } from './errors.ts';
import { startService, type Service } from './service.ts';

async function main(): Promise<void> {
  const service = await startService(readConfig(process.env));
  stopOnSignal(service);
}

/** The first signal drains, the second ends at once. */
function stopOnSignal(service: Service): void {
  let stopping = false;
  const onSignal = (): void => {
    if (stopping) process.exit(1);
    stopping = true;
    service.stop().catch((error: unknown) => {
      service.ctx.log.fatal({ err: error }, 'stopping failed');
      process.exitCode = 1;
    });
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
}

main().catch((error: unknown) => {
  const known = error instanceof ServiceError && error.code === 'bad_config';
  console.error(known ? error.message : error);
  process.exitCode = 1;
});
