// A listener: accepts connections, serves a routes table, and stops without cutting off a reply under way.
import './header-limit.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import { App, us_listen_socket_close, us_socket_local_port, type us_listen_socket, type WebSocketBehavior } from 'uWebSockets.js';
import { ServiceError } from '../runtime/errors.ts';
import { converse, type Speaker } from './conversation.ts';
import { serveExchange, type Conversation, type ExchangeLimits, type ExchangeRules } from './exchange.ts';
import { failureFields } from './failure-log.ts';
import type { RequestHead } from './request-head.ts';
import { createRouter } from './router.ts';
import type { Route } from './routes.ts';
import { Turn } from './turn.ts';

export interface HttpServerOptions<Ctx> extends Omit<Speaker<Ctx>, 'findRoute'> {
  readonly routes: readonly Route<Ctx>[];
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** Names of what said so, for whoever has to mend it. */
  readonly addressFrom?: string;
  readonly limits?: Partial<ExchangeLimits>;
  readonly sockets?: readonly SocketRoute[];
  /** On stop: connections stay open until no request has come over them for this long. */
  readonly lingerMs?: number;
}

/** A path that upgrades to WebSocket; any other request for it is an ordinary one. */
export interface SocketRoute {
  readonly path: string;
  readonly behavior: WebSocketBehavior<unknown>;
  /** Takes leave of everybody: the listener stops. */
  close(): void;
}

export interface HttpServer {
  /** Throws `bad_config` when the address cannot be listened on. */
  start(): Promise<{ port: number }>;
  /**
   * Accepts no more connections; answers what is under way or still comes over those there are, each with `Connection: close`, for up
   * to `graceMs`; then closes every connection.
   */
  stop(graceMs: number): Promise<void>;
}

const defaultLimits: ExchangeLimits = { headerBytes: 16_384, bodyBytes: 65_536, deadlineMs: 10_000, concurrent: Number.POSITIVE_INFINITY };

export function createHttpServer<Ctx>(options: HttpServerOptions<Ctx>): HttpServer {
  return new Listener(options);
}

class Listener<Ctx> implements HttpServer {
  readonly #options: HttpServerOptions<Ctx>;
  readonly #speaker: Speaker<Ctx>;
  readonly #app = App();
  readonly #turn = new Turn();
  #socket: us_listen_socket | null = null;
  #stopping = false;
  #underWay = 0;
  #lastBeganMs = -Infinity;
  #onIdle: (() => void) | null = null;

  constructor(options: HttpServerOptions<Ctx>) {
    this.#options = options;
    this.#speaker = { ...options, findRoute: createRouter(options.routes) };
    const limits = { ...defaultLimits, ...options.limits };
    const rules: ExchangeRules = {
      limits,
      overloaded: () => this.#underWay > limits.concurrent,
      converse: (head) => this.#begin(head),
      together: (start) => this.#turn.add(start),
      closing: () => this.#stopping,
      defect: (error) => options.log.error(failureFields(error), 'connection dropped'),
    };
    for (const { path, behavior } of options.sockets ?? []) this.#app.ws(path, behavior);
    this.#app.any('/*', (res, req) => serveExchange(res, req, rules));
  }

  async start(): Promise<{ port: number }> {
    const { host, port, addressFrom } = this.#options;
    const socket = await new Promise<us_listen_socket | false>((resolve) => listenAlone(this.#app, { host, port }, resolve));
    if (socket === false) throw new ServiceError('bad_config', `${addressFrom === undefined ? '' : `${addressFrom}: `}cannot listen on ${host}:${port}`);
    this.#socket = socket;
    return { port: us_socket_local_port(socket) };
  }

  async stop(graceMs: number): Promise<void> {
    if (this.#stopping) return;
    this.#stopping = true;
    if (this.#socket !== null) us_listen_socket_close(this.#socket);
    this.#socket = null;
    for (const socket of this.#options.sockets ?? []) socket.close();
    await this.#quiet(performance.now() + graceMs);
    this.#app.close();
  }

  #begin(head: RequestHead): Conversation {
    const conversation = converse(this.#speaker, head);
    this.#underWay += 1;
    this.#lastBeganMs = performance.now();
    return { ...conversation, ended: (reply) => { this.#end(); conversation.ended(reply); } };
  }

  #end(): void {
    this.#underWay -= 1;
    if (this.#underWay === 0) this.#onIdle?.();
  }

  // A request may be on its way over a connection whose client has not been told yet: closing it now would lose that request.
  async #quiet(deadlineMs: number): Promise<void> {
    const { lingerMs = 0 } = this.#options;
    for (;;) {
      await this.#idle(deadlineMs - performance.now());
      const restMs = Math.min(this.#lastBeganMs + lingerMs, deadlineMs) - performance.now();
      if (restMs <= 0) return;
      await sleep(restMs);
    }
  }

  async #idle(graceMs: number): Promise<void> {
    if (this.#underWay === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, graceMs);
      this.#onIdle = () => { clearTimeout(timer); resolve(); };
    });
  }
}

type ListenCallback = (socket: us_listen_socket | false) => void;
type ListenWithOptions = (host: string, port: number, options: number, callback: ListenCallback) => void;

/** LIBUS_LISTEN_EXCLUSIVE_PORT: without it two processes may share the port and each gets some of the connections. */
const exclusivePort = 1;

/** The library takes a host together with options, but its types do not say so. */
function listenAlone(app: ReturnType<typeof App>, address: { host: string; port: number }, callback: ListenCallback): void {
  const listen = app.listen.bind(app) as unknown as ListenWithOptions;
  listen(address.host, address.port, exclusivePort, callback);
}
