// The contacts route of this service, guard, decoding and use case included, behind Fastify in place of its own HTTP side.
import { driverRoutes } from '../../http/driver/routes.ts';
import { createGuards } from '../../http/listeners.ts';
import type { DriverUseCases } from '../../http/use-cases.ts';
import { compose } from '../../runtime/compose.ts';
import { readConfig } from '../../runtime/config/config.ts';
import { createDriverDeps } from '../../runtime/mentorship/driver-deps.ts';
import { contacts } from '../../runtime/mentorship/view.ts';
import { upstreams } from './people.ts';

interface Request {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
}
interface Sending {
  code(status: number): Sending;
  headers(headers: Readonly<Record<string, string>>): Sending;
  send(body?: string | Uint8Array | null): Sending;
}
interface App {
  get(path: string, handle: (request: Request, reply: Sending) => Promise<Sending>): void;
  listen(options: { port: number; host: string }): Promise<string>;
}

// Of the peers' packages, which this project does not depend on: hence no types.
const { fastify } = (await import(new URL('peers/node_modules/fastify/fastify.js', import.meta.url).href)) as { fastify: () => App };

const path = '/driver/v1/mentorship/contacts';
const { ctx } = await compose(readConfig(process.env), { upstreams });
const deps = createDriverDeps(ctx);
const guards = createGuards(ctx);
const useCases = { contacts: (input, signal) => contacts(deps, input, signal) } satisfies Partial<DriverUseCases>;
const route = driverRoutes.find((each) => each.path === path && each.method === 'GET');
if (route === undefined) throw new Error('there is no contacts route');

const app = fastify();
app.get(path, async (request, reply) => {
  const head = {
    method: request.method, path, query: '', headers: new Map(Object.entries(request.headers)), fromLoopback: true, address: new Uint8Array(),
  };
  const call = { head, params: {}, body: new Uint8Array(), guards, tell: () => {} };
  const answer = await route.answer({ useCases: useCases as unknown as DriverUseCases }, call, new AbortController().signal);
  return reply.code(answer.status).headers({ ...answer.headers }).send(answer.body);
});
const url = await app.listen({ port: 0, host: '127.0.0.1' });
process.on('disconnect', () => process.exit(0));
process.send?.({ kind: 'ready', url });
