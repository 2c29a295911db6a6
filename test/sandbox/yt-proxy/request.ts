// An HTTP request as a command call: its parameters merged, its formats settled, its body as values or rows.
import type { IncomingMessage } from 'node:http';
import { PassThrough, type Readable, type Transform } from 'node:stream';
import { createBrotliDecompress, createUnzip } from 'node:zlib';
import type { Command, CommandCall, DataType } from './command.ts';
import { CommandError, errorBody } from './errors.ts';
import { byteJson, decodeJson, decodeValue, parseFormat, ysonText, type Format } from './formats.ts';
import { asParameters, formatHeader, headerFormatOf, headerParameters, inHeaders, mimeFormat, queryParameters, type Parameters } from './headers.ts';
import { methodOf } from './registry.ts';
import { splitJsonObjects } from './row-splitter.ts';
import { parseYsonRows } from './yson-parser.ts';

export interface ParsedRequest {
  readonly call: CommandCall;
  /** Of the headers in both directions. */
  readonly headerFormat: Format;
  readonly errorFormat: Format;
}

/** What every call has besides its request. */
export type CallBase = Pick<CommandCall, 'cluster' | 'heavyHosts' | 'runPart'>;

/** What names the format of one direction, the strongest first. */
type FormatClaims = readonly unknown[];

export interface Received {
  readonly request: IncomingMessage;
  readonly body: Readable;
}

/** Later ones win: query, headers, body. */
export async function parseRequest(base: CallBase, command: Command, { request, body }: Received): Promise<ParsedRequest> {
  const headerFormat = headerFormatOf(request);
  const claim = (name: string): unknown => formatHeader(request, name, headerFormat);
  const inputClaims = [claim('x-yt-input-format'), mimeFormat(request.headers['content-type'])];
  const outputClaims = [claim('x-yt-output-format'), mimeFormat(request.headers.accept)];
  const errorClaim = claim('x-yt-error-format');
  const posted = methodOf(command) === 'POST' ? await bodyParameters(body, inputClaims) : {};
  const parameters = { ...queryParameters(request), ...headerParameters(request, headerFormat), ...posted };
  const inputFormat = pickFormat([parameters['input_format'], ...inputClaims], command.input);
  const outputFormat = pickFormat([parameters['output_format'], ...outputClaims], command.output);
  const call = callOf({ ...base, parameters, inputFormat, outputFormat }, body);
  return { call, headerFormat, errorFormat: errorClaim === undefined ? byteJson : inHeaders(parseFormat(errorClaim)) };
}

function callOf(fixed: Omit<CommandCall, 'value' | 'rows'>, body: Readable): CommandCall {
  const { inputFormat } = fixed;
  return { ...fixed, value: async () => decodeValue(await bytesOf(body), inputFormat), rows: () => rowsOf(body, inputFormat) };
}

async function bodyParameters(body: Readable, claims: FormatClaims): Promise<Parameters> {
  const bytes = await bytesOf(body);
  return bytes.length === 0 ? {} : asParameters(decodeValue(bytes, pickFormat(claims, 'structured')));
}

function pickFormat(claims: FormatClaims, type: DataType): Format {
  const claimed = claims.find((format) => format !== undefined && format !== null);
  if (claimed !== undefined) return parseFormat(claimed);
  return type === 'tabular' ? ysonText : byteJson;
}

/** Clients call zlib streams gzip as well: both are taken. */
const decoders: Readonly<Record<string, () => Transform>> = {
  gzip: createUnzip,
  deflate: createUnzip,
  br: createBrotliDecompress,
  identity: () => new PassThrough(),
};

/** The body of a request as its client meant it. */
export function decompressed(request: IncomingMessage): Readable {
  const encoding = request.headers['content-encoding'] ?? 'identity';
  const create = Object.hasOwn(decoders, encoding) ? decoders[encoding] : undefined;
  if (create === undefined) throw new CommandError(errorBody(1, `Unsupported Content-Encoding ${encoding}`), 415);
  return piped(request, create());
}

/**
 * Not a pipeline: that ends the connection when the reader has had enough, and a client that is still sending its rows would see a reset
 * instead of the reply. What comes after the decoder is destroyed is read and dropped.
 */
function piped(request: IncomingMessage, decoder: Transform): Readable {
  // A client that breaks off in the middle of the body ends the stream with an error, which its reader gets.
  const broken = (): void => void decoder.destroy(new Error('the body of the request broke off'));
  request.once('error', broken).once('aborted', broken);
  // Nobody may be reading when it breaks off.
  decoder.on('error', () => undefined);
  // An empty body is empty in every encoding, also where that has a longer spelling for nothing.
  const empty = (): void => void decoder.push(null);
  request.once('end', empty).once('data', (first: Buffer) => {
    request.off('end', empty);
    if (decoder.destroyed) return;
    decoder.write(first);
    request.pipe(decoder);
  });
  decoder.once('close', () => {
    request.unpipe(decoder);
    request.resume();
  });
  return decoder;
}

async function bytesOf(body: Readable): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of body) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

async function* rowsOf(body: Readable, format: Format): AsyncGenerator<unknown, void> {
  if (format.name === 'yson') yield* parseYsonRows(body);
  else for await (const text of splitJsonObjects(body)) yield decodeJson(text, format);
}
