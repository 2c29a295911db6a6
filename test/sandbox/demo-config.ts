// The configuration of the demo's service: the sandbox's addresses, the reader's own environment, and jobs fast enough for its clock.
import { createServer } from 'node:net';
import { join } from 'node:path';
import { readConfig, type Config, type StoreConfig } from '../../runtime/config/config.ts';
import type { DemoOptions } from './demo-options.ts';
import type { Network } from './network.ts';

export interface DemoConfig {
  readonly config: Config;
  /** One line for each thing that is not as a reader of the documentation expects. */
  readonly remarks: readonly string[];
}

const defaultPorts = { HTTP_PORT: 8080, ADMIN_PORT: 8081 } as const;

export async function configureDemo(network: Network, options: DemoOptions, store: StoreConfig | null): Promise<DemoConfig> {
  const { STORE: _store, ...own } = process.env;
  const ports = await choosePorts(own);
  const environment = { ...rhythm(options.speed), LOG_FILE: logFileOf(options), ...own, ...ports.variables, ...network.environment };
  const config = { ...readConfig(environment), timescale: network.timescale };
  return { config: store === null ? config : { ...config, store }, remarks: ports.remarks };
}

/** The terminal belongs to the picture of the programme. */
export function logFileOf({ data }: DemoOptions): string {
  return join(data, 'service.log');
}

/** Each job about once a programme day, as far as the machine can; and nothing vanishes while somebody is still looking at it. */
function rhythm(speed: number): Record<string, string> {
  const everyMs = Math.round(Math.min(2_000, Math.max(400, 1_000 / speed)));
  const every = `${everyMs}ms`;
  return {
    IMPORT_MATCHINGS_EVERY: every,
    IMPORT_RESULTS_EVERY: every,
    FINISH_PROGRAMME_EVERY: every,
    REPLICATE_EVERY: '30s',
    ARCHIVE_EVERY: '60s',
    HIDE_AFTER: '3650d',
    ARCHIVE_AFTER: '3650d',
    // On a busy machine a job's next run may be months of the programme away.
    PROMOCODE_LOOKBACK: '3650d',
  };
}

interface Ports {
  readonly variables: Record<string, string>;
  readonly remarks: string[];
}

async function choosePorts(own: NodeJS.ProcessEnv): Promise<Ports> {
  const ports: Ports = { variables: {}, remarks: [] };
  for (const [name, port] of Object.entries(defaultPorts)) {
    if (own[name] !== undefined || (await isFree(port))) continue;
    ports.variables[name] = '0';
    ports.remarks.push(`port ${port} is taken: a free one is used instead (${name} chooses another)`);
  }
  return ports;
}

/** Asked on all interfaces, which a listener on any one of them would refuse. */
function isFree(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const server = createServer();
  server.once('error', () => resolve(false));
  server.listen({ port, host: '0.0.0.0', exclusive: true }, () => server.close(() => resolve(true)));
  return promise;
}
