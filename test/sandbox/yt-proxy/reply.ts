// Results and errors on the wire: values as bodies, rows as streams whose late error is in the trailers.
import type { ServerResponse } from 'node:http';
import { framed, keepAliveFrame, sinkOf, type Encoding, type Sink } from './encoding.ts';
import { asCommandError, type CommandError, type ErrorBody } from './errors.ts';
import { faultError, type FaultEffect } from './faults.ts';
import { byteJson, encodeValue, type Format } from './formats.ts';
import { limitOf } from './row-limits.ts';

export interface ValueReply {
  readonly value: unknown;
  readonly format: Format;
  readonly encoding: Encoding;
  readonly fault: FaultEffect | null;
}

export interface RowReply {
  readonly pieces: AsyncIterable<Buffer>;
  readonly responseParameters: unknown;
  readonly headerFormat: Format;
  readonly errorFormat: Format;
  readonly encoding: Encoding;
  readonly framing: boolean;
  readonly fault: FaultEffect | null;
}

const errorHeaders = 'X-YT-Error, X-YT-Response-Code, X-YT-Response-Message';
// More than is ever sent: the reader notices that the rest is missing.
const wrongLengthBytes = 16;

export function replyValue(response: ServerResponse, { value, format, encoding, fault }: ValueReply): void {
  const body = encoding.whole(encodeValue(value, format));
  response.setHeader('Content-Type', contentType(format));
  response.setHeader('Content-Encoding', encoding.name);
  if (fault?.kind !== 'wrong_length') {
    response.end(body);
    return;
  }
  response.setHeader('Content-Length', body.length + wrongLengthBytes);
  response.write(body, () => response.destroy());
}

export function replyError(response: ServerResponse, error: CommandError, format: Format): void {
  response.statusCode = error.status;
  for (const name of ['Trailer', 'Content-Encoding', 'X-YT-Framing']) response.removeHeader(name);
  response.setHeader('Content-Type', 'application/json');
  for (const [name, value] of Object.entries(errorFields(error.body, format))) response.setHeader(name, value);
  response.end(encodeValue(error.body, byteJson));
}

export async function replyRows(response: ServerResponse, reply: RowReply): Promise<void> {
  const pieces = reply.pieces[Symbol.asyncIterator]();
  // The first piece before the headers: what fails at once is an ordinary error.
  const first = await pieces.next();
  sendRowHeaders(response, reply);
  const sink = sinkOf(response, reply.encoding);
  try {
    await pump(response, { first, rest: pieces }, reply, sink);
    await end(response, reply, sink);
  } catch (error) {
    await endWithError(response, sink, errorFields(asCommandError(error).body, reply.errorFormat));
  } finally {
    await pieces.return?.();
  }
}

function sendRowHeaders(response: ServerResponse, { headerFormat, responseParameters, encoding, framing }: RowReply): void {
  response.setHeader('Content-Type', 'application/octet-stream');
  response.setHeader('Content-Encoding', encoding.name);
  response.setHeader('X-YT-Response-Parameters', headerValue(encodeValue(responseParameters, headerFormat)));
  response.setHeader('Trailer', errorHeaders);
  if (framing) response.setHeader('X-YT-Framing', '1');
  response.flushHeaders();
}

interface Pieces {
  readonly first: IteratorResult<Buffer, unknown>;
  readonly rest: AsyncIterator<Buffer>;
}

async function pump(response: ServerResponse, { first, rest }: Pieces, { fault, framing }: RowReply, sink: Sink): Promise<void> {
  const limit = limitOf(fault);
  if (framing) await sink.write(keepAliveFrame);
  for (let piece = first; piece.done !== true && !limit.reached && !response.destroyed; piece = await rest.next()) {
    const taken = limit.take(piece.value);
    if (taken.length > 0) await sink.write(framing ? framed(taken) : taken);
  }
}

async function end(response: ServerResponse, { fault, errorFormat }: RowReply, sink: Sink): Promise<void> {
  if (fault?.kind === 'break') {
    await sink.flush();
    response.destroy();
  } else if (fault?.kind === 'trailer') {
    await endWithError(response, sink, errorFields(faultError(fault.error), errorFormat));
  } else {
    await sink.end();
    response.end();
  }
}

async function endWithError(response: ServerResponse, sink: Sink, fields: Record<string, string>): Promise<void> {
  await sink.end();
  response.addTrailers(fields);
  response.end();
}

function contentType({ name, binary }: Format): string {
  if (name === 'json') return 'application/json';
  return binary ? 'application/x-yt-yson-binary' : 'application/x-yt-yson-text';
}

function errorFields(error: ErrorBody, format: Format): Record<string, string> {
  return {
    'X-YT-Error': headerValue(encodeValue(error, format)),
    'X-YT-Response-Code': String(error.code),
    'X-YT-Response-Message': headerValue(Buffer.from(JSON.stringify(error.message))),
  };
}

/** UTF-8 bytes in the form in which Node takes them; DEL is the one control character that JSON leaves as it is. */
function headerValue(bytes: Buffer): string {
  return bytes.toString('latin1').replaceAll('\x7f', '\\u007f');
}
