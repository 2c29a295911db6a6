// A load generator that costs little: requests as text on kept-alive sockets, one at a time on each, replies read no further than needed.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export interface Answer {
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

/** Sends one request and resolves with its reply; one at a time. */
export type Send = (request: string) => Promise<Answer>;

interface Expecting {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

const headEnd = Buffer.from('\r\n\r\n');
const none = Buffer.alloc(0);

class Line {
  readonly #socket: Socket;
  #received: Buffer = none;
  #expecting: Expecting | null = null;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.#take(chunk));
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#fail(new Error('the server closed the connection')));
  }

  send(request: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#expecting = { resolve, reject };
      this.#socket.write(request);
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #fail(error: Error): void {
    const expecting = this.#expecting;
    this.#expecting = null;
    expecting?.reject(error);
  }

  #take(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    const answer = answerIn(this.#received);
    const expecting = this.#expecting;
    if (answer === null || expecting === null) return;
    this.#received = none;
    this.#expecting = null;
    expecting.resolve(answer);
  }
}

/** Null while the reply is not complete. */
function answerIn(received: Buffer): Answer | null {
  const end = received.indexOf(headEnd);
  if (end === -1) return null;
  const head = received.toString('latin1', 0, end);
  const status = Number(head.slice(9, 12));
  const from = end + headEnd.length;
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (length !== undefined) return received.length < from + Number(length) ? null : { status, head, body: received.toString('utf8', from, from + Number(length)) };
  if (!/\r\ntransfer-encoding: *chunked/i.test(head)) return { status, head, body: '' };
  return received.toString('latin1', received.length - 5) === '0\r\n\r\n' ? { status, head, body: received.toString('utf8', from) } : null;
}

export interface Target {
  readonly port: number;
  /** Connections, each with one request under way at most. */
  readonly connections: number;
}

/** Runs `work` once on each connection, all at the same time; answers when all are done. */
export async function onEachConnection(target: Target, work: (send: Send, connection: number) => Promise<void>): Promise<void> {
  const lines = await open(target);
  try {
    await Promise.all(lines.map((line, index) => work((request) => line.send(request), index)));
  } finally {
    for (const line of lines) line.close();
  }
}

export interface OpenLoop extends Target {
  readonly perSecond: number;
  readonly seconds: number;
  readonly request: (index: number) => string;
}

/**
 * Sends at a fixed rate whatever the server does. Latencies count from the moment a request was due, waiting for a free connection
 * included, so that a server that stalls is not asked less.
 */
export async function atFixedRate(options: OpenLoop, accepts: (answer: Answer) => boolean): Promise<number[]> {
  const lines = await open(options);
  const free = [...lines];
  const latenciesMs: number[] = [];
  const total = options.perSecond * options.seconds;
  const startMs = performance.now();
  const dueMs = (index: number): number => startMs + (index * 1_000) / options.perSecond;
  const { promise, resolve, reject } = Promise.withResolvers<number[]>();
  let next = 0;
  const send = async (line: Line, index: number): Promise<void> => {
    const answer = await line.send(options.request(index));
    if (!accepts(answer)) throw new Error(`an unexpected reply: ${answer.status} ${answer.body.slice(0, 200)}`);
    latenciesMs.push(performance.now() - dueMs(index));
    free.push(line);
    if (latenciesMs.length === total) resolve(latenciesMs);
    else pump();
  };
  const pump = (): void => {
    while (next < total && dueMs(next) <= performance.now()) {
      const line = free.pop();
      if (line === undefined) return;
      send(line, next).catch(reject);
      next += 1;
    }
  };
  const timer = setInterval(pump, 1);
  try {
    return await promise;
  } finally {
    clearInterval(timer);
    for (const line of lines) line.close();
  }
}

async function open({ port, connections }: Target): Promise<Line[]> {
  const sockets = Array.from({ length: connections }, () => connect(port, '127.0.0.1'));
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  return sockets.map((socket) => new Line(socket));
}

export function getRequest(path: string, headers: Readonly<Record<string, string>>): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${lines.join('')}\r\n`;
}

export function postRequest(path: string, body: unknown, headers: Readonly<Record<string, string>> = {}): string {
  const text = JSON.stringify(body);
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const type = 'Content-Type: application/json\r\n';
  return `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${type}Content-Length: ${Buffer.byteLength(text)}\r\n${lines.join('')}\r\n${text}`;
}
