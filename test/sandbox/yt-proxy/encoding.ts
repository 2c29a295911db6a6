// How the bytes of a reply travel: compressed as the client prefers, framed where it asks for it, at the speed of the reader.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Transform } from 'node:stream';
import { brotliCompressSync, createBrotliCompress, createDeflate, createGzip, deflateSync, gzipSync, type BrotliCompress, type Gzip } from 'node:zlib';
import { CommandError, errorBody } from './errors.ts';

export interface Encoding {
  readonly name: string;
  readonly whole: (bytes: Buffer) => Buffer;
  readonly stream: () => (Transform & Pick<Gzip | BrotliCompress, 'flush'>) | null;
}

// Speed before size: what is sent here rarely leaves the machine.
const fast = { level: 1 };

const identity: Encoding = { name: 'identity', whole: (bytes) => bytes, stream: () => null };
const encodings: readonly Encoding[] = [
  identity,
  { name: 'gzip', whole: (bytes) => gzipSync(bytes, fast), stream: () => createGzip(fast) },
  { name: 'deflate', whole: (bytes) => deflateSync(bytes, fast), stream: () => createDeflate(fast) },
  { name: 'br', whole: (bytes) => brotliCompressSync(bytes), stream: () => createBrotliCompress() },
];

/** The first one named that is known here; weights count for nothing. */
export function encodingFor(request: IncomingMessage): Encoding {
  const accepted = request.headers['accept-encoding'];
  if (accepted === undefined) return identity;
  const names = accepted.split(',').map((token) => (token.split(';')[0] ?? '').trim());
  const found = names.map((name) => encodings.find((encoding) => encoding.name === name)).find((encoding) => encoding !== undefined);
  if (found === undefined) throw new CommandError(errorBody(1, `Could not determine feasible Content-Encoding given Accept-Encoding constraints`), 415);
  return found;
}

/** Writing waits for the reader: no more than a piece is ever buffered. */
export interface Sink {
  write(piece: Buffer): Promise<void>;
  /** Everything written so far is on its way. */
  flush(): Promise<void>;
  /** No more bytes; the response itself stays open for its trailers. */
  end(): Promise<void>;
}

export function sinkOf(response: ServerResponse, encoding: Encoding): Sink {
  const stream = encoding.stream();
  if (stream === null) return plainSink(response);
  stream.pipe(response, { end: false });
  response.once('close', () => stream.destroy());
  return {
    async write(piece) {
      if (!stream.destroyed && !stream.write(piece)) await anyOf(stream, ['drain', 'close']);
    },
    async flush() {
      if (!stream.destroyed) await flushed(stream);
      await drained(response);
    },
    async end() {
      if (stream.destroyed) return;
      const ended = anyOf(stream, ['end', 'close']);
      stream.end();
      await ended;
    },
  };
}

const frameHeaderBytes = 5;

/** `01 <length, u32le> <data>`: the form in which a client can tell a pause from a break. */
export function framed(piece: Buffer): Buffer {
  const header = Buffer.alloc(frameHeaderBytes, 1);
  header.writeUInt32LE(piece.length, 1);
  return Buffer.concat([header, piece]);
}

/** A frame that only says that the stream is alive. */
export const keepAliveFrame: Buffer = Buffer.from([2]);

function plainSink(response: ServerResponse): Sink {
  return {
    async write(piece) {
      if (!response.destroyed && !response.write(piece)) await drained(response);
    },
    flush: () => drained(response),
    end: () => Promise.resolve(),
  };
}

async function flushed(stream: Transform & Pick<Gzip, 'flush'>): Promise<void> {
  await new Promise<void>((resolve) => {
    stream.once('close', resolve);
    stream.flush(() => resolve());
  });
}

/** Until the reader has taken what was written, or has gone. */
async function drained(response: ServerResponse): Promise<void> {
  if (response.writableNeedDrain && !response.destroyed) await anyOf(response, ['drain', 'close']);
}

async function anyOf(emitter: NodeJS.EventEmitter, events: readonly string[]): Promise<void> {
  await new Promise<void>((resolve) => {
    const done = (): void => {
      for (const event of events) emitter.off(event, done);
      resolve();
    };
    for (const event of events) emitter.on(event, done);
  });
}
