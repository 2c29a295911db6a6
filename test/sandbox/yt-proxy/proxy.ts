// A local YTsaurus HTTP proxy on a real socket: API v4 over a small cluster of its own, with its log of calls and its faults.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Cluster } from './cluster.ts';
import { newId } from './cypress.ts';
import { dispatch, type LoggedCall, type ProxyState } from './dispatch.ts';
import { Faults } from './faults.ts';
import { describeCommands } from './registry.ts';
import { createTree, type YtTree } from './tree.ts';

export interface YtProxyOptions {
  /** Any free one when absent. */
  readonly port?: number;
  /** Where tables are kept over restarts; null keeps them in memory. */
  readonly directory: string | null;
}

export interface YtProxy {
  /** `http://127.0.0.1:<port>`. */
  readonly url: string;
  readonly tree: YtTree;
  readonly faults: Faults;
  /** The latest commands that came, oldest first. */
  readonly calls: LoggedCall[];
  close(): Promise<void>;
}

// Parameters travel in headers of up to 64 KiB each; Node's own limit is 16 KiB for all of them.
const maxHeaderSize = 1 << 20;

export async function startYtProxy(options: YtProxyOptions): Promise<YtProxy> {
  const cluster = await Cluster.open(options.directory);
  const state: ProxyState = { cluster, faults: new Faults(), calls: [], mutations: new Map() };
  const server = createServer({ maxHeaderSize }, (request, response) => void handle(state, request, response));
  const port = await listen(server, options.port ?? 0);
  return {
    url: `http://127.0.0.1:${port}`,
    tree: createTree(cluster),
    faults: state.faults,
    calls: state.calls,
    async close() {
      await stop(server);
      await cluster.close();
    },
  };
}

async function handle(state: ProxyState, request: IncomingMessage, response: ServerResponse): Promise<void> {
  response.setHeader('X-YT-Proxy', request.headers.host ?? '');
  response.setHeader('X-YT-Request-Id', newId());
  response.setHeader('Content-Encoding', 'identity');
  const [pathname = '/'] = (request.url ?? '/').split('?');
  const command = /^\/api\/v4\/(.+)$/.exec(pathname.toLowerCase());
  if (command === null) answerPage(pathname, request, response);
  else await dispatch(state, command[1] ?? '', request, response);
}

const pages: Readonly<Record<string, (request: IncomingMessage) => unknown>> = {
  '/api': () => ['v4'],
  '/api/v4': describeCommands,
  // This proxy moves rows itself.
  '/hosts': (request) => [request.headers.host],
  '/ping': () => null,
};

function answerPage(pathname: string, request: IncomingMessage, response: ServerResponse): void {
  const page = pages[pathname.replace(/(?<=.)\/$/, '')];
  request.resume();
  response.statusCode = page === undefined ? 404 : 200;
  const content = page?.(request) ?? null;
  if (content === null) {
    response.end();
    return;
  }
  response.setHeader('Content-Type', 'application/json');
  response.end(JSON.stringify(content));
}

async function listen(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return (server.address() as AddressInfo).port;
}

async function stop(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  server.closeAllConnections();
  await closed;
}
