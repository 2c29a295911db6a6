// One HTTP exchange with a proxy: which host, headers, body, redirects. No retries here, and no knowledge of what a command means.
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { Agent, type Dispatcher } from 'undici';
import { commands, type Command } from './commands.ts';
import { YtError } from './errors.ts';
import { parameterHeaders, structuredFormat } from './formats.ts';
import { HeavyProxies } from './heavy-proxies.ts';
import { failureOf, replyOf, translating, type Reply } from './response.ts';
import { stringifyJson } from './json.ts';
import { redirectTarget } from './trusted-hosts.ts';

export interface TransportOptions {
  /** `http://host:port` of a proxy. */
  readonly proxy: string;
  readonly token: string | null;
  readonly connectTimeoutMs: number;
  readonly lightTimeoutMs: number;
  /** How long a heavy call may stay silent. */
  readonly heavyTimeoutMs: number;
  /** gzip for rows, sent and received. */
  readonly compress: boolean;
  /** Rows go through the hosts of `/hosts`, not through the proxy itself. */
  readonly heavyProxies: boolean;
  readonly random: () => number;
}

export interface Request {
  readonly command: Command;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly body?: string | Buffer;
  /** The same for all attempts of one logical call: it ties them together in the cluster's logs. */
  readonly correlationId: string;
}

// Parameters and errors of tens of kilobytes are ordinary; the default of 16 KiB would lose the error with its call.
const maxHeaderSize = 1 << 20;
const maxRedirects = 3;
// Below this a compressed body is no shorter.
const leastCompressedBytes = 256;
const compressed = promisify<Buffer, { level: number }, Buffer>(gzip);

export class Transport {
  readonly #agent: Agent;
  readonly #options: TransportOptions;
  readonly #proxy: URL;
  readonly #heavy: HeavyProxies;

  constructor(options: TransportOptions) {
    this.#options = options;
    this.#proxy = new URL(options.proxy);
    this.#agent = new Agent({ maxHeaderSize, connect: { timeout: options.connectTimeoutMs } });
    this.#heavy = new HeavyProxies({ proxy: this.#proxy, discover: () => this.#discover(), random: options.random, nowMs: () => performance.now() });
  }

  /** Resolves when the reply begins well; throws a {@link YtError}, or the reason of `signal`. */
  async send(request: Request, signal?: AbortSignal): Promise<Reply> {
    const origin = await this.#originFor(request.command, signal);
    try {
      return await this.#sendTo(origin, request, signal);
    } catch (error) {
      if (!isHostAtFault(error)) throw error;
      this.#heavy.ban(origin);
      throw origin === this.#proxy.origin ? error : withoutWait(error);
    }
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  async #originFor(command: Command, signal?: AbortSignal): Promise<string> {
    const { heavy } = commands[command];
    return heavy && this.#options.heavyProxies ? this.#heavy.pick(signal) : this.#proxy.origin;
  }

  async #sendTo(origin: string, request: Request, signal?: AbortSignal): Promise<Reply> {
    const { command } = request;
    const prepared = await this.#prepare(commands[command].inBody ? withBodyParameters(request) : request, signal);
    let url = new URL(`/api/v4/${command}`, origin);
    for (let redirects = 0; ; redirects += 1) {
      const response = await translating(command, this.#agent.request({ ...prepared, origin: url.origin, path: url.pathname + url.search }), signal);
      if (response.statusCode !== 307 || redirects === maxRedirects) return this.#judge(command, response, signal);
      url = await this.#redirected(command, response, url);
    }
  }

  async #judge(command: Command, response: Dispatcher.ResponseData, signal?: AbortSignal): Promise<Reply> {
    if (response.statusCode !== 200 || response.headers['x-yt-error'] !== undefined) throw await failureOf(command, response);
    return replyOf(command, response, signal);
  }

  async #redirected(command: Command, response: Dispatcher.ResponseData, from: URL): Promise<URL> {
    await translating(command, response.body.dump());
    const { location } = response.headers;
    const target = typeof location === 'string' ? redirectTarget(location, from.href, this.#proxy) : null;
    if (target === null) throw new YtError(`${command}: the proxy redirects to a host outside of the cluster's domain`, { class: 'fatal' });
    return target;
  }

  async #prepare(request: Request, signal?: AbortSignal): Promise<Omit<Dispatcher.RequestOptions, 'origin' | 'path'>> {
    const { method, heavy } = commands[request.command];
    const timeoutMs = heavy ? this.#options.heavyTimeoutMs : this.#options.lightTimeoutMs;
    const headers = this.#headers(request);
    const body = request.body === undefined ? null : Buffer.from(request.body);
    const packs = this.#options.compress && heavy && body !== null && body.length >= leastCompressedBytes;
    if (packs) headers['Content-Encoding'] = 'gzip';
    return {
      method,
      headers,
      // Speed before size: the cluster packs the rows anew anyway.
      body: packs ? await compressed(body, { level: 1 }) : (body ?? (method === 'GET' ? null : '')),
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
      signal: signal ?? null,
    };
  }

  #headers(request: Request): Record<string, string> {
    return {
      'X-YT-Header-Format': '<encode_utf8=%false>json',
      'X-YT-Error-Format': JSON.stringify(structuredFormat),
      'X-YT-Correlation-Id': request.correlationId,
      ...this.#commonHeaders(answersWithRows(request.command)),
      ...(commands[request.command].inBody ? { 'X-YT-Input-Format': JSON.stringify(structuredFormat) } : parameterHeaders(request.parameters)),
    };
  }

  /** A short reply takes longer to unpack than to receive. */
  #commonHeaders(long: boolean): Record<string, string> {
    const { token, compress } = this.#options;
    return { 'Accept-Encoding': compress && long ? 'gzip, identity' : 'identity', ...(token === null ? {} : { Authorization: `OAuth ${token}` }) };
  }

  async #discover(): Promise<readonly string[]> {
    const timeoutMs = this.#options.lightTimeoutMs;
    const response = await this.#agent.request({
      origin: this.#proxy.origin,
      path: '/hosts',
      method: 'GET',
      headers: this.#commonHeaders(false),
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
    });
    const hosts = JSON.parse(await response.body.text()) as unknown;
    return Array.isArray(hosts) ? hosts.filter((host) => typeof host === 'string') : [];
  }
}

/** Any number of them; a look-up answers with no more than it was asked for. */
function answersWithRows(command: Command): boolean {
  return commands[command].heavy && commands[command].method === 'GET';
}

/** A batch outgrows headers. */
function withBodyParameters(request: Request): Request {
  return { ...request, body: stringifyJson(request.parameters) };
}

/** How long one host asks to be left alone is nothing to wait for where the next attempt goes to another. */
function withoutWait(error: unknown): unknown {
  if (!(error instanceof YtError) || error.retryAfterMs === null) return error;
  return new YtError(error.message, { class: error.class, server: error.server }, { cause: error });
}

/** The host does not answer, or answers that it cannot serve now; errors of commands are nobody's host's fault. */
function isHostAtFault(error: unknown): boolean {
  if (!(error instanceof YtError) || error.class !== 'retriable') return false;
  return error.server === null || error.retryAfterMs !== null || error.hasCode(proxyBanned);
}

const proxyBanned = 2100;
