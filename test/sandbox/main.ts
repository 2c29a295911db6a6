// `npm run sandbox -- yt|ydb|upstreams`: one stand-in alone, until a signal.
import { once } from 'node:events';
import { Argument, Command, InvalidArgumentError } from 'commander';
import { stopOnSignals } from '../../runtime/stop-signal.ts';
import { knownDrivers, prepareTables } from './network.ts';
import { people } from './seed.ts';
import { writeLastLogins } from './tables.ts';
import { startUpstreams } from './upstreams/upstreams.ts';
import { worldOf } from './world-people.ts';
import { startYdbServer } from '../ydb-server/server.ts';
import { startYtProxy } from './yt-proxy/proxy.ts';

interface StandIn {
  /** Printed once it can be used. */
  readonly greeting: string;
  close(): Promise<void>;
}

interface Options {
  readonly port: number;
  readonly data?: string;
}

const standIns = {
  yt: startYt,
  upstreams: startUpstreamsAlone,
  ydb: startYdb,
} satisfies Record<string, (options: Options) => Promise<StandIn>>;

/** With the tables of the contract already made, and the last logins of the sandbox's people. */
async function startYt({ port, data }: Options): Promise<StandIn> {
  const proxy = await startYtProxy({ port, directory: data ?? null });
  const { newbies, mentors } = people(knownDrivers);
  await prepareTables(proxy.url, (client) => writeLastLogins(client, [...newbies, ...mentors], new Date().toISOString()));
  return { greeting: `ready ${proxy.url}`, close: () => proxy.close() };
}

/** In memory: what is stored ends with the process. */
async function startYdb({ port }: Options): Promise<StandIn> {
  const server = await startYdbServer({ port });
  return { greeting: `ready ${server.connectionString}`, close: () => server.close() };
}

/** With a port given, driver-profiles listens there and the others on the ports that follow. */
async function startUpstreamsAlone({ port }: Options): Promise<StandIn> {
  const { newbies, mentors } = people(knownDrivers);
  const names = ['driverProfiles', 'personal', 'trackstory', 'geobase', 'fleetRent', 'clientEvents'] as const;
  const ports = port === 0 ? {} : Object.fromEntries(names.map((name, index) => [name, port + index]));
  const upstreams = await startUpstreams(worldOf([...newbies, ...mentors]), { ports });
  return { greeting: JSON.stringify(upstreams.urls), close: () => upstreams.close() };
}

function portNumber(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_530) throw new InvalidArgumentError('It must be a port number; 0 picks a free one.');
  return Number(text);
}

async function run(kind: keyof typeof standIns, options: Options): Promise<void> {
  const stopping = stopOnSignals(5_000);
  const standIn = await standIns[kind](options);
  process.stdout.write(`${standIn.greeting}\n`);
  if (!stopping.aborted) await once(stopping, 'abort');
  await standIn.close();
}

const command = new Command('npm run sandbox --')
  .description('Runs one stand-in of the outside world alone, until SIGTERM.')
  .addArgument(new Argument('<kind>', 'which one').choices(Object.keys(standIns)))
  .option('--port <number>', 'where it listens on 127.0.0.1; 0 picks a free port', portNumber, 0)
  .option('--data <dir>', 'yt: where its tables are kept; without it they live in memory')
  .action(run);

try {
  await command.parseAsync();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
