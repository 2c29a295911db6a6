// A response as it comes from the wire: decompressed, its late error looked for, its failures in the client's own words.
import { pipeline, type Readable, type Transform } from 'node:stream';
import { createBrotliDecompress, createUnzip } from 'node:zlib';
import type { Dispatcher } from 'undici';
import type { Command } from './commands.ts';
import { decodeServerError, serverFailure, YtError } from './errors.ts';
import { parseErrorBody, parseHeaderJson } from './formats.ts';

export interface Reply {
  readonly body: Readable;
  /** `X-YT-Response-Parameters`, undefined where there are none. */
  readonly parameters: unknown;
  /** To be called once the body has ended: an error that came after the first row is only in the trailers. */
  checkEnd(): void;
  text(): Promise<string>;
}

type Response = Dispatcher.ResponseData;

export function replyOf(command: Command, response: Response, signal?: AbortSignal): Reply {
  const body = decoded(command, response);
  const checkEnd = (): void => throwOnTrailer(command, response.trailers['x-yt-error']);
  const parameters = response.headers['x-yt-response-parameters'];
  return {
    body,
    parameters: typeof parameters === 'string' ? parseHeaderJson(parameters) : undefined,
    checkEnd,
    text: async () => {
      try {
        return await translating(command, textOf(body), signal);
      } finally {
        // Also of a body that broke off: there is no better reason.
        checkEnd();
      }
    },
  };
}

/** What a response other than a success means. */
export async function failureOf(command: Command, response: Response): Promise<YtError> {
  // Not only politeness: an unread body keeps the connection busy.
  const body = await translating(command, textOf(decoded(command, response)));
  const overloaded = response.statusCode === 429 || response.statusCode >= 500;
  const header = response.headers['x-yt-error'];
  const error = typeof header === 'string' ? parseHeaderJson(header) : parseErrorBody(body);
  const wait = { retryAfterMs: retryAfterMs(response.headers['retry-after']) };
  if (error !== undefined) return serverFailure(command, decodeServerError(error), overloaded ? { ...wait, class: 'retriable' } : wait);
  const message = `${command}: HTTP status ${response.statusCode} without an error of the API`;
  return new YtError(message, { ...wait, class: overloaded ? 'retriable' : 'fatal' });
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

/** How much comes out at once: with the 16 KiB of Node's own a large table costs more for its pieces than for its rows. */
const chunkSize = 128 << 10;

/** Servers name zlib and gzip alike; both are told apart by their first bytes. */
const decoders: Readonly<Record<string, () => Transform>> = {
  gzip: () => createUnzip({ chunkSize }),
  deflate: () => createUnzip({ chunkSize }),
  br: () => createBrotliDecompress({ chunkSize }),
};

function decoded(command: Command, response: Response): Readable {
  const encoding = String(response.headers['content-encoding'] ?? 'identity').toLowerCase();
  if (encoding === 'identity') return response.body;
  const decoder = Object.hasOwn(decoders, encoding) ? decoders[encoding] : undefined;
  if (decoder === undefined) throw new YtError(`${command}: the reply is in an unknown encoding`, { class: 'fatal' });
  // The reader of the stream gets its error; the callback is there because the pipeline wants one.
  return pipeline(response.body, decoder(), () => undefined);
}

async function textOf(body: Readable): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of body) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString('utf8');
}

function throwOnTrailer(command: Command, trailer: string | undefined): void {
  if (trailer !== undefined) throw serverFailure(command, decodeServerError(parseHeaderJson(trailer)));
}

function retryAfterMs(header: string | string[] | undefined): number | null {
  return typeof header === 'string' && /^\d{1,5}$/.test(header) ? Number(header) * 1000 : null;
}
