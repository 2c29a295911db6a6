// The whole outside world of the service on one machine: a YT proxy, the platform's services, an issuer of tokens and the CRM.
// All of it is real HTTP on free ports; everything that must outlive the process is in one directory.
import { join } from 'node:path';
import { YtClient } from 'ytsaurus-client';
import type { Profile } from '../../machines/ids.ts';
import { rfc3339, type Timescale } from '../../runtime/clock.ts';
import { Crm } from './crm.ts';
import { people, type Cast } from './seed.ts';
import { createTables, tablePaths, writeLastLogins } from './tables.ts';
import { createTokenIssuer, type TokenIssuer } from './tokens.ts';
import { startUpstreams, upstreamVariables, type SandboxUpstreams } from './upstreams/upstreams.ts';
import { startWorldClock, type WorldClock } from './world-clock.ts';
import { worldOf } from './world-people.ts';
import { startYtProxy, type YtProxy } from './yt-proxy/proxy.ts';

export interface NetworkOptions {
  /** Kept between runs: YT, keys, the position of the clock. */
  readonly directory: string;
  /** How many newbies take part. */
  readonly drivers: number;
  /** Programme days per real second. */
  readonly speed?: number;
  /** Told of a round of the CRM that failed; without it the process's standard error is. */
  readonly report?: (error: unknown) => void;
}

export interface Network {
  /** What `readConfig` needs besides the listeners. */
  readonly environment: Readonly<Record<string, string>>;
  /** For `config.timescale`. */
  readonly timescale: Timescale;
  readonly clock: WorldClock;
  readonly people: Cast;
  readonly yt: YtProxy;
  readonly upstreams: SandboxUpstreams;
  token(profile: Profile): Promise<string>;
  close(): Promise<void>;
}

export const defaultSpeed = 0.5;

/** What tells a directory of the sandbox from any other. */
export const worldClockFile = 'world-clock.json';

/** The platform knows more people than take part, so that a world begun with more of them stays whole when started with fewer. */
export const knownDrivers = 200;

export async function startNetwork(options: NetworkOptions): Promise<Network> {
  const { directory, drivers, speed = defaultSpeed, report = printFailure } = options;
  const known = people(Math.max(drivers, knownDrivers));
  const everyone = [...known.newbies, ...known.mentors];
  const clock = startWorldClock({ file: join(directory, worldClockFile), daysPerSecond: speed });
  const [yt, upstreams, issuer] = await Promise.all([
    startYtProxy({ directory: join(directory, 'yt') }),
    startUpstreams(worldOf(everyone)),
    createTokenIssuer(join(directory, 'auth')),
  ]);
  await prepareTables(yt.url, (client) => writeLastLogins(client, everyone, rfc3339(clock.now())));
  const crm = new Crm({ proxy: yt.url, cast: known, clock, everyMs: crmPeriodMs(speed), report });
  crm.start();
  return {
    environment: environmentOf({ directory, yt, upstreams, issuer }),
    timescale: clock.timescale,
    clock,
    people: people(drivers),
    yt,
    upstreams,
    token: (profile) => issuer.token(profile),
    close: async () => {
      await crm.stop();
      clock.stop();
      await Promise.all([yt.close(), upstreams.close()]);
    },
  };
}

export async function prepareTables(proxy: string, fill: (client: YtClient) => Promise<void>): Promise<void> {
  const client = new YtClient({ proxy });
  try {
    await createTables(client);
    await fill(client);
  } finally {
    await client.close();
  }
}

interface Parts {
  readonly directory: string;
  readonly yt: YtProxy;
  readonly upstreams: SandboxUpstreams;
  readonly issuer: TokenIssuer;
}

function environmentOf({ directory, yt, upstreams, issuer }: Parts): Record<string, string> {
  return {
    ...tablePaths,
    DATA_DIR: directory,
    YT_PROXY: yt.url,
    ...upstreamVariables(upstreams),
    AUTH_JWKS: issuer.jwksFile,
    AUTH_ISSUER: issuer.issuer,
    AUTH_AUDIENCE: issuer.audience,
  };
}

/** About a quarter of a programme day, but neither busier than the machine stands nor slower than a watcher does. */
function crmPeriodMs(speed: number): number {
  return Math.round(Math.min(500, Math.max(100, 250 / speed)));
}

function printFailure(error: unknown): void {
  process.stderr.write(`the simulated CRM: ${error instanceof Error ? error.message : String(error)}\n`);
}
