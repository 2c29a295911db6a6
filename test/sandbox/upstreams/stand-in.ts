// One stand-in: an HTTP server with a table of endpoints, a call log and a fault switch.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { FaultSwitch, type Fault } from './faults.ts';

export interface Ask {
  readonly query: Readonly<Record<string, string>>;
  readonly body: unknown;
  readonly fault: Fault | null;
}
export interface Answer {
  readonly status: number;
  readonly body: unknown;
}
/** By `POST /path` or `GET /path`. */
export type Endpoints = Readonly<Record<string, (ask: Ask) => Answer>>;

export interface Call {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: IncomingMessage['headers'];
  readonly body: unknown;
  /** Requests being served when this one began, itself included. */
  readonly inFlight: number;
  /** Null until answered, and for ever when the connection was reset. */
  answer: Answer | null;
}

const callsKept = 5_000;
const oversizedBytes = 1024 * 1024 + 1;

export class StandIn {
  readonly calls: Call[] = [];
  readonly faults = new FaultSwitch();
  readonly #endpoints: Endpoints;
  readonly #server: Server;
  readonly #stopping = new AbortController();
  #inFlight = 0;

  constructor(endpoints: Endpoints) {
    this.#endpoints = endpoints;
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  /** Port 0 picks a free one. Returns the base URL. */
  async start(port: number): Promise<string> {
    this.#server.listen(port, '127.0.0.1');
    await once(this.#server, 'listening');
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the stand-in has no TCP address');
    return `http://127.0.0.1:${address.port}`;
  }

  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    this.#stopping.abort();
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const fault = this.faults.take();
    this.#inFlight += 1;
    try {
      await this.#answer(request, response, fault);
    } catch (error) {
      // A client that went away and a stand-in that is stopping have nobody left to answer.
      if (request.socket.destroyed || this.#stopping.signal.aborted) return;
      response.writeHead(500).end(String(error));
    } finally {
      this.#inFlight -= 1;
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse, fault: Fault | null): Promise<void> {
    const call = await this.#record(request);
    if (fault?.kind === 'down') return reset(request);
    if (fault?.kind === 'delay') await sleep(fault.delayMs, undefined, { signal: this.#stopping.signal });
    const answer = fault?.kind === 'status' ? statusOf(fault.status) : this.#handle(call, fault);
    if (fault?.kind === 'drop_reply') return reset(request);
    call.answer = fault?.kind === 'wrong_type' ? spoil(answer, fault.path, fault.value) : answer;
    const retryAfter = fault?.kind === 'status' && fault.retryAfter !== undefined ? { 'retry-after': fault.retryAfter } : {};
    response.writeHead(answer.status, { 'content-type': 'application/json', ...retryAfter });
    response.end(bodyText(call.answer, fault));
  }

  async #record(request: IncomingMessage): Promise<Call> {
    const inFlight = this.#inFlight;
    const url = new URL(request.url ?? '/', 'http://stand-in');
    const raw = await text(request);
    const { method = 'GET', headers } = request;
    const query = Object.fromEntries(url.searchParams);
    const call: Call = { method, path: url.pathname, query, headers, body: parse(raw), inFlight, answer: null };
    this.calls.push(call);
    if (this.calls.length > callsKept) this.calls.shift();
    return call;
  }

  #handle(call: Call, fault: Fault | null): Answer {
    const endpoint = this.#endpoints[`${call.method} ${call.path}`];
    return endpoint === undefined ? statusOf(404) : endpoint({ query: call.query, body: call.body, fault });
  }
}

function parse(raw: string): unknown {
  if (raw === '') return null;
  try {
    return JSON.parse(raw);
  } catch {
    return undefined;
  }
}

function reset(request: IncomingMessage): void {
  request.socket.resetAndDestroy();
}

export function statusOf(status: number): Answer {
  return { status, body: { code: String(status), message: `status ${status}` } };
}

function bodyText(answer: Answer, fault: Fault | null): string {
  if (fault?.kind === 'malformed_json') return JSON.stringify(answer.body).slice(0, -1);
  if (fault?.kind === 'oversized') return JSON.stringify({ items: [], filler: 'x'.repeat(oversizedBytes) });
  return JSON.stringify(answer.body);
}

function spoil(answer: Answer, path: string, value: unknown): Answer {
  const body: unknown = structuredClone(answer.body);
  const steps = path.split('.');
  const last = steps.pop() ?? '';
  let target = body as Record<string, unknown>;
  for (const step of steps) target = target[step] as Record<string, unknown>;
  target[last] = value;
  return { status: answer.status, body };
}
