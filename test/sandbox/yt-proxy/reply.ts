// Results and errors on the wire: values as bodies, rows as streams whose late error is in the trailers.
import type { ServerResponse } from 'node:http';
import { asCommandError, type CommandError, type ErrorBody } from './errors.ts';
import { faultError, type FaultEffect } from './faults.ts';
import { byteJson, encodeValue, type Format } from './formats.ts';

export interface RowReply {
  readonly pieces: AsyncIterable<Buffer>;
  readonly responseParameters: unknown;
  readonly headerFormat: Format;
  readonly errorFormat: Format;
  readonly fault: FaultEffect | null;
}

const errorHeaders = 'X-YT-Error, X-YT-Response-Code, X-YT-Response-Message';

export function replyValue(response: ServerResponse, value: unknown, format: Format): void {
  response.setHeader('Content-Type', format.name === 'json' ? 'application/json' : 'application/x-yt-yson-text');
  response.end(encodeValue(value, format));
}

export function replyError(response: ServerResponse, error: CommandError, format: Format): void {
  response.statusCode = error.status;
  response.removeHeader('Trailer');
  response.setHeader('Content-Type', 'application/json');
  for (const [name, value] of Object.entries(errorFields(error.body, format))) response.setHeader(name, value);
  // A buffer: Node sends a string in one piece with the headers, and would encode their bytes once more.
  response.end(Buffer.from(encodeValue(error.body, byteJson)));
}

/** Waits for the reader: no more than a piece is ever buffered. */
export async function replyRows(response: ServerResponse, reply: RowReply): Promise<void> {
  const pieces = reply.pieces[Symbol.asyncIterator]();
  // The first piece before the headers: what fails at once is an ordinary error.
  let piece = await pieces.next();
  response.setHeader('Content-Type', 'application/octet-stream');
  response.setHeader('X-YT-Response-Parameters', headerValue(encodeValue(reply.responseParameters, reply.headerFormat)));
  response.setHeader('Trailer', errorHeaders);
  response.flushHeaders();
  const limit = limitOf(reply.fault);
  try {
    for (; piece.done !== true && !limit.reached && !response.destroyed; piece = await pieces.next()) await write(response, limit.take(piece.value));
    await end(response, reply);
  } catch (error) {
    response.addTrailers(errorFields(asCommandError(error).body, reply.errorFormat));
    response.end();
  } finally {
    await pieces.return?.();
  }
}

async function end(response: ServerResponse, { fault, errorFormat }: RowReply): Promise<void> {
  if (fault?.kind === 'break') {
    await drained(response);
    response.destroy();
    return;
  }
  if (fault?.kind === 'trailer') response.addTrailers(errorFields(faultError(fault.error), errorFormat));
  response.end();
}

async function write(response: ServerResponse, piece: Buffer): Promise<void> {
  if (piece.length > 0 && !response.write(piece)) await drained(response);
}

/** Until the reader has taken what was written, or has gone. */
async function drained(response: ServerResponse): Promise<void> {
  if (!response.writableNeedDrain || response.destroyed) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      response.off('drain', done).off('close', done);
      resolve();
    };
    response.on('drain', done).on('close', done);
  });
}

interface Limit {
  readonly reached: boolean;
  take(piece: Buffer): Buffer;
}

function limitOf(fault: FaultEffect | null): Limit {
  if (fault === null) return unlimited;
  if ('afterBytes' in fault) return limited(fault.afterBytes, lengthOfBytes, countBytes);
  if ('afterRows' in fault) return limited(fault.afterRows, lengthOfRows, countRows);
  return unlimited;
}

const unlimited: Limit = { reached: false, take: (piece) => piece };

function limited(most: number, fit: (piece: Buffer, left: number) => number, measure: (taken: Buffer) => number): Limit {
  let left = most;
  return {
    get reached() {
      return left <= 0;
    },
    take(piece) {
      const taken = piece.subarray(0, fit(piece, left));
      left -= measure(taken);
      return taken;
    },
  };
}

function lengthOfBytes(piece: Buffer, bytes: number): number {
  return Math.min(piece.length, bytes);
}

function countBytes(piece: Buffer): number {
  return piece.length;
}

/** How many bytes the first `rows` lines take. */
function lengthOfRows(piece: Buffer, rows: number): number {
  let at = 0;
  for (let row = 0; row < rows && at < piece.length; row += 1) at = piece.indexOf(10, at) + 1;
  return at;
}

function countRows(piece: Buffer): number {
  return piece.reduce((count, byte) => (byte === 10 ? count + 1 : count), 0);
}

function errorFields(error: ErrorBody, format: Format): Record<string, string> {
  return {
    'X-YT-Error': headerValue(encodeValue(error, format)),
    'X-YT-Response-Code': String(error.code),
    'X-YT-Response-Message': headerValue(JSON.stringify(error.message)),
  };
}

/** UTF-8 bytes in the form in which Node takes them; DEL is the one control character that JSON leaves as it is. */
function headerValue(text: string): string {
  return Buffer.from(text.replaceAll('\x7f', '\\u007f')).toString('latin1');
}
