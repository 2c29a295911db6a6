// Makes the client library's driver with settings under which it is safe to use.
import { connect } from 'node:net';
import type { Driver, IAuthService, IDriverSettings } from 'ydb-sdk';
import { ServiceError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import { ydb } from './sdk.ts';

export interface Address {
  readonly host: string;
  readonly port: number;
  /** As the library reads it correctly: the database in the path, no slash at its end. */
  readonly connectionString: string;
}

const messageLimitBytes = 64 * 1024 * 1024;
const keepaliveMs = 10_000;
const keepaliveTimeoutMs = 5_000;
const defaultPort = 2136;

/** `grpc(s)://host:port/database`, or the database as a query parameter, which the library would misread after a slash. */
export function parseAddress(connectionString: string): Address {
  const url = URL.canParse(connectionString) ? new URL(connectionString) : null;
  const path = url?.pathname.replace(/\/+$/, '') ?? '';
  const database = path === '' ? (url?.searchParams.get('database') ?? '').replace(/\/+$/, '') : path;
  if (url === null || !/^grpcs?:$/.test(url.protocol) || url.hostname === '' || !database.startsWith('/')) {
    throw new ServiceError('bad_config', 'YDB_CONNECTION_STRING: expected grpc(s)://host:port/database');
  }
  const port = url.port === '' ? defaultPort : Number(url.port);
  return { host: url.hostname.replace(/^\[|\]$/g, ''), port, connectionString: `${url.protocol}//${url.hostname}:${port}${database}` };
}

/** Whether somebody listens there: asked before a driver is made, because a driver that failed to start keeps its sockets. */
export async function isListening({ host, port }: Address, timeoutMs: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect({ host, port });
  const timer = setTimeout(() => resolve(false), timeoutMs);
  socket.once('connect', () => resolve(true));
  socket.once('error', () => resolve(false));
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
}

export interface DriverOptions {
  readonly log: Log;
  readonly poolSize: number;
  readonly credentials: IAuthService;
}

type LibraryAttempt = (ctx: unknown, log: unknown, count: number) => Promise<{ result?: unknown; err?: Error }>;
type Retrier = NonNullable<IDriverSettings['retrier']>;

/** One attempt: the library's own strategy never gives up. Our attempts are counted in retry.ts. */
const once = {
  async retry(ctx: unknown, attempt: LibraryAttempt): Promise<unknown> {
    const { result, err } = await attempt(ctx, silent, 0);
    if (err !== undefined) throw err;
    return result;
  },
} as unknown as Retrier;

// The library prints rows and parameters at its lower levels, and errors with issues that quote them.
const silent = { fatal() {}, error() {}, warn() {}, info() {}, debug() {}, trace() {} };

export function createDriver(address: Address, { log, poolSize, credentials }: DriverOptions): Driver {
  const noted = () => log.debug({ code: 'ydb_client' }, 'the YDB client reported trouble');
  return new (ydb().Driver)({
    connectionString: address.connectionString,
    authService: credentials,
    retrier: once,
    logger: { ...silent, fatal: noted, error: noted, warn: noted },
    clientOptions: {
      'grpc.max_receive_message_length': messageLimitBytes,
      'grpc.max_send_message_length': messageLimitBytes,
      'grpc.keepalive_time_ms': keepaliveMs,
      'grpc.keepalive_timeout_ms': keepaliveTimeoutMs,
      'grpc.keepalive_permit_without_calls': 1,
      // Or a new driver would inherit the dead connection of the one that it replaces.
      'grpc.use_local_subchannel_pool': 1,
    },
    // Twice the calls let in at once: a waiter inside the library's pool is forgotten when a session cannot be made.
    // Not a number, so that the legacy table service makes no session at the start, whose failure would end the process.
    poolSettings: { maxLimit: poolSize * 2, minLimit: 'none' as unknown as number },
  });
}
