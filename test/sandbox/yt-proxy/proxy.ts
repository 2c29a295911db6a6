// A local YTsaurus HTTP proxy on a real socket: API v3 and v4 over a small cluster of its own, with its log of calls and its faults.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Cluster } from './cluster.ts';
import { newId } from './cypress.ts';
import { dispatch, type LoggedCall, type ProxyState } from './dispatch.ts';
import { CommandError, errorBody } from './errors.ts';
import { Faults } from './faults.ts';
import { byteJson } from './formats.ts';
import { answerPage } from './pages.ts';
import { apis, type Api } from './registry.ts';
import { replyError } from './reply.ts';
import { createTree, type YtTree } from './tree.ts';

export interface YtProxyOptions {
  /** Any free one when absent. */
  readonly port?: number;
  /** Where tables are kept over restarts; null keeps them in memory. */
  readonly directory: string | null;
  /** A second listener that moves the rows; the first one then sends heavy commands there, as control proxies do. */
  readonly heavyProxy?: boolean;
}

export interface YtProxy {
  /** `http://127.0.0.1:<port>`. */
  readonly url: string;
  /** Of the listener that moves rows; null when the one proxy does everything. */
  readonly heavyUrl: string | null;
  readonly tree: YtTree;
  readonly faults: Faults;
  /** Every command that came, oldest first. */
  readonly calls: LoggedCall[];
  /** Makes `/hosts` tell these instead. */
  announceHosts(hosts: readonly string[]): void;
  close(): Promise<void>;
}

// Parameters travel in headers of up to 64 KiB each; Node's own limit is 16 KiB for all of them.
const maxHeaderSize = 1 << 20;
// Clients keep connections for as long; the upload of a large table may take any time at all.
const keepAliveMs = 300_000;

export async function startYtProxy(options: YtProxyOptions): Promise<YtProxy> {
  const cluster = await Cluster.open(options.directory);
  const state: ProxyState = { cluster, faults: new Faults(), calls: [], mutations: new Map(), heavyHosts: null };
  const heavy = options.heavyProxy === true ? await listen(state, { port: 0, heavyHost: null }) : null;
  const control = await listen(state, { port: options.port ?? 0, heavyHost: heavy?.host ?? null });
  if (heavy !== null) state.heavyHosts = [heavy.host];
  return {
    url: `http://${control.host}`,
    heavyUrl: heavy === null ? null : `http://${heavy.host}`,
    tree: createTree(cluster),
    faults: state.faults,
    calls: state.calls,
    announceHosts(hosts) {
      state.heavyHosts = hosts;
    },
    async close() {
      await Promise.all([control, heavy].filter((listener) => listener !== null).map(({ server }) => stop(server)));
      await cluster.close();
    },
  };
}

interface Listener {
  readonly server: Server;
  readonly host: string;
}

interface ListenerOptions {
  readonly port: number;
  /** Where heavy commands are sent on; null when they are carried out here. */
  readonly heavyHost: string | null;
}

async function listen(state: ProxyState, { port, heavyHost }: ListenerOptions): Promise<Listener> {
  const server = createServer({ maxHeaderSize, keepAliveTimeout: keepAliveMs, requestTimeout: 0 }, (request, response) => {
    if (!sentOn(heavyHost, request, response)) void handle(state, request, response);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return { server, host: `127.0.0.1:${(server.address() as AddressInfo).port}` };
}

async function handle(state: ProxyState, request: IncomingMessage, response: ServerResponse): Promise<void> {
  response.setHeader('X-YT-Proxy', request.headers.host ?? '');
  response.setHeader('X-YT-Request-Id', newId());
  const { api, name } = routeOf(request);
  if (api === null) answerPage(state, request, response);
  else await dispatch(state, { api, name, request }, response);
}

/** A control proxy answers heavy reads with the place to go to; what comes with a body it cannot send on, and refuses. */
function sentOn(heavyHost: string | null, request: IncomingMessage, response: ServerResponse): boolean {
  const { api, name } = routeOf(request);
  if (heavyHost === null || api?.commands[name]?.heavy !== true || request.headers['x-yt-suppress-redirect'] !== undefined) return false;
  request.resume();
  if (request.method === 'GET') {
    response.writeHead(307, { Location: `http://${heavyHost}${request.url ?? '/'}` }).end();
  } else {
    response.setHeader('Retry-After', '60');
    replyError(response, new CommandError(errorBody(1, 'Control proxy may not serve heavy requests with input data'), 503), byteJson);
  }
  return true;
}

function routeOf(request: IncomingMessage): { api: Api | null; name: string } {
  const [pathname = '/'] = (request.url ?? '/').split('?');
  const [, version = '', name = ''] = /^\/api\/(v\d)\/(.+)$/.exec(pathname.toLowerCase()) ?? [];
  return { api: apis[version] ?? null, name };
}

async function stop(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  server.closeAllConnections();
  await closed;
}
