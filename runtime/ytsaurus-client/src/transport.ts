// One HTTP exchange with a proxy: headers, body, trailers. No retries here, and no knowledge of what a command means.
import type { Readable } from 'node:stream';
import { Agent, type Dispatcher } from 'undici';
import { commands, type Command } from './commands.ts';
import { decodeServerError, serverFailure, YtError } from './errors.ts';
import { parameterHeaders, parseErrorBody, parseHeaderJson, structuredFormat } from './formats.ts';

export interface TransportOptions {
  /** `http://host:port` of a proxy. */
  readonly proxy: string;
  readonly token: string | null;
  readonly connectTimeoutMs: number;
  readonly lightTimeoutMs: number;
  /** How long a heavy call may stay silent. */
  readonly heavyTimeoutMs: number;
}

export interface Request {
  readonly command: Command;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly body?: string | Buffer;
  /** The same for all attempts of one logical call: it ties them together in the cluster's logs. */
  readonly correlationId: string;
}

export interface Reply {
  readonly body: Readable;
  /** To be called once the body has ended: an error that came after the first row is only in the trailers. */
  checkEnd(): void;
  text(): Promise<string>;
}

// Parameters and errors of tens of kilobytes are ordinary; the default of 16 KiB would lose the error with its call.
const maxHeaderSize = 1 << 20;

export class Transport {
  readonly #agent: Agent;
  readonly #options: TransportOptions;

  constructor(options: TransportOptions) {
    this.#options = options;
    this.#agent = new Agent({ maxHeaderSize, connect: { timeout: options.connectTimeoutMs } });
  }

  /** Resolves when the reply begins well; throws a {@link YtError}, or the reason of `signal`. */
  async send(request: Request, signal?: AbortSignal): Promise<Reply> {
    const { command } = request;
    const response = await translating(command, this.#exchange(request, signal), signal);
    if (response.statusCode !== 200 || response.headers['x-yt-error'] !== undefined) throw await failure(command, response);
    const checkEnd = (): void => throwOnTrailer(command, response.trailers['x-yt-error']);
    return {
      body: response.body,
      checkEnd,
      text: async () => {
        const text = await translating(command, response.body.text(), signal);
        checkEnd();
        return text;
      },
    };
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  #exchange(request: Request, signal?: AbortSignal): Promise<Dispatcher.ResponseData> {
    const { method, heavy } = commands[request.command];
    const timeoutMs = heavy ? this.#options.heavyTimeoutMs : this.#options.lightTimeoutMs;
    return this.#agent.request({
      origin: new URL(this.#options.proxy).origin,
      path: `/api/v4/${request.command}`,
      method,
      headers: this.#headers(request),
      body: request.body ?? (method === 'GET' ? null : ''),
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
      signal: signal ?? null,
    });
  }

  #headers(request: Request): Record<string, string> {
    const headers: Record<string, string> = {
      'X-YT-Header-Format': '<encode_utf8=%false>json',
      'X-YT-Error-Format': JSON.stringify(structuredFormat),
      'X-YT-Correlation-Id': request.correlationId,
      'Accept-Encoding': 'identity',
      ...parameterHeaders(request.parameters),
    };
    if (this.#options.token !== null) headers['Authorization'] = `OAuth ${this.#options.token}`;
    return headers;
  }
}

/** Failures of the connection as {@link YtError}s; an aborted call ends with the reason of its signal. */
export async function translating<Value>(command: Command, work: Promise<Value>, signal?: AbortSignal): Promise<Value> {
  try {
    return await work;
  } catch (error) {
    throw connectionFailure(command, error, signal);
  }
}

export function connectionFailure(command: Command, error: unknown, signal?: AbortSignal): unknown {
  if (signal?.aborted === true) return signal.reason;
  if (error instanceof YtError) return error;
  const code = (error as { code?: unknown } | null)?.code;
  const reason = typeof code === 'string' ? code : 'unknown reason';
  return new YtError(`${command}: the connection failed (${reason})`, { class: 'retriable' }, { cause: error });
}

function throwOnTrailer(command: Command, trailer: string | undefined): void {
  if (trailer !== undefined) throw serverFailure(command, decodeServerError(parseHeaderJson(trailer)));
}

async function failure(command: Command, response: Dispatcher.ResponseData): Promise<YtError> {
  // Not only politeness: an unread body keeps the connection busy.
  const body = await translating(command, response.body.text());
  const overloaded = response.statusCode === 429 || response.statusCode >= 500;
  const header = response.headers['x-yt-error'];
  const error = typeof header === 'string' ? parseHeaderJson(header) : parseErrorBody(body);
  const wait = { retryAfterMs: retryAfterMs(response.headers['retry-after']) };
  if (error !== undefined) return serverFailure(command, decodeServerError(error), overloaded ? { ...wait, class: 'retriable' } : wait);
  const message = `${command}: HTTP status ${response.statusCode} without an error of the API`;
  return new YtError(message, { ...wait, class: overloaded ? 'retriable' : 'fatal' });
}

function retryAfterMs(header: string | string[] | undefined): number | null {
  return typeof header === 'string' && /^\d{1,5}$/.test(header) ? Number(header) * 1000 : null;
}
