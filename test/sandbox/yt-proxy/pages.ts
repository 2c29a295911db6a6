// What a proxy answers besides commands: its versions, its commands, the hosts that move rows, who is asking.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ProxyState } from './dispatch.ts';
import { apis, describeCommands } from './registry.ts';

interface PageRequest {
  readonly hosts: readonly string[];
  readonly request: IncomingMessage;
}

type Page = (page: PageRequest) => unknown;

const versions = Object.fromEntries(Object.entries(apis).map(([version, api]): [string, Page] => [`/api/${version}`, () => describeCommands(api)]));

const pages: Readonly<Record<string, Page>> = {
  ...versions,
  '/api': () => Object.keys(apis),
  '/hosts': ({ hosts }) => hosts,
  '/hosts/all': ({ hosts }) => hosts.map((host) => ({ host, name: host, role: 'data', banned: false, ban_message: '', dead: false, liveness: {} })),
  '/ping': () => null,
  '/auth/whoami': () => ({ login: 'root', realm: 'http:auth', csrf_token: '' }),
};

export function answerPage(state: ProxyState, request: IncomingMessage, response: ServerResponse): void {
  const [pathname = '/'] = (request.url ?? '/').split('?');
  const page = pages[pathname.replace(/(?<=.)\/$/, '')];
  request.resume();
  response.statusCode = page === undefined ? 404 : 200;
  const content = page?.({ hosts: state.heavyHosts ?? [request.headers.host ?? ''], request }) ?? null;
  if (content === null) {
    response.end();
    return;
  }
  const asLines = request.headers.accept === 'text/plain' && Array.isArray(content);
  response.setHeader('Content-Type', asLines ? 'text/plain' : 'application/json');
  response.end(asLines ? content.join('\n') : JSON.stringify(content));
}
