// An HTTP request as a command call: parameters out of headers, query and body; formats; the body as values or rows.
import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { createBrotliDecompress, createUnzip } from 'node:zlib';
import type { Command, CommandCall, DataType } from './command.ts';
import type { Cluster } from './cluster.ts';
import { CommandError, commandError, errorBody } from './errors.ts';
import { byteJson, decodeJson, decodeValue, decodeYsonRows, parseFormat, ysonText, type Format } from './formats.ts';
import { methodOf } from './registry.ts';
import { splitJsonObjects } from './row-splitter.ts';
import { parseYson } from './yson.ts';

export interface ParsedRequest {
  readonly call: CommandCall;
  /** Of the headers in both directions. */
  readonly headerFormat: Format;
  readonly errorFormat: Format;
}

type Parameters = Readonly<Record<string, unknown>>;

export async function parseRequest(cluster: Cluster, command: Command, request: IncomingMessage): Promise<ParsedRequest> {
  const headerFormat = headerFormatOf(request);
  const formatHeaders = {
    input: structuredHeader(request, 'x-yt-input-format', headerFormat),
    output: structuredHeader(request, 'x-yt-output-format', headerFormat),
    error: structuredHeader(request, 'x-yt-error-format', headerFormat),
  };
  const outer = { ...queryParameters(request), ...headerParameters(request, headerFormat) };
  const body = decompressed(request);
  const posted = methodOf(command) === 'POST' ? await bodyParameters(body, formatHeaders.input ?? mimeFormat(request)) : {};
  const parameters = { ...outer, ...posted };
  const inputFormat = pickFormat(parameters['input_format'] ?? formatHeaders.input ?? mimeFormat(request), command.input);
  const call: CommandCall = {
    cluster,
    parameters,
    inputFormat,
    outputFormat: pickFormat(parameters['output_format'] ?? formatHeaders.output, command.output),
    value: async () => decodeValue(await textOf(body), inputFormat),
    rows: () => rowsOf(body, inputFormat),
  };
  return { call, headerFormat, errorFormat: formatHeaders.error === undefined ? byteJson : parseFormat(formatHeaders.error) };
}

function headerFormatOf(request: IncomingMessage): Format {
  const header = headerText(request, 'x-yt-header-format');
  return header === undefined ? byteJson : parseFormat(parseYson(header));
}

function structuredHeader(request: IncomingMessage, name: string, format: Format): unknown {
  const header = headerText(request, name);
  return header === undefined ? undefined : decodeValue(header, format);
}

/** Either one header as it is, or numbered ones that are base64 once joined. */
function headerParameters(request: IncomingMessage, format: Format): Parameters {
  const whole = headerText(request, 'x-yt-parameters');
  const text = whole ?? Buffer.from(numberedHeaders(request).join(''), 'base64').toString('utf8');
  return text === '' ? {} : asParameters(decodeValue(text, format));
}

function numberedHeaders(request: IncomingMessage): string[] {
  const parts: string[] = [];
  for (;;) {
    const part = headerText(request, `x-yt-parameters-${parts.length}`);
    if (part === undefined) return parts;
    parts.push(part);
  }
}

function queryParameters(request: IncomingMessage): Parameters {
  const [, query = ''] = (request.url ?? '').split('?');
  return Object.fromEntries([...new URLSearchParams(query)].map(([name, value]) => [name, /^-?\d+$/.test(value) ? Number(value) : value]));
}

async function bodyParameters(body: Readable, format: unknown): Promise<Parameters> {
  const text = await textOf(body);
  return text === '' ? {} : asParameters(decodeValue(text, pickFormat(format, 'structured')));
}

function asParameters(value: unknown): Parameters {
  if (typeof value !== 'object' || value === null) throw commandError(1, 'Unable to parse parameters from headers');
  return value as Parameters;
}

function mimeFormat(request: IncomingMessage): unknown {
  const formats: Readonly<Record<string, unknown>> = { 'application/json': 'json', 'application/x-yt-yson-text': 'yson' };
  return formats[request.headers['content-type']?.split(';')[0] ?? ''];
}

function pickFormat(format: unknown, type: DataType): Format {
  if (format !== undefined && format !== null) return parseFormat(format);
  return type === 'tabular' ? ysonText : byteJson;
}

/** Clients call zlib streams gzip as well: both are taken. */
function decompressed(request: IncomingMessage): Readable {
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (encoding === 'identity') return request;
  if (encoding === 'gzip' || encoding === 'deflate') return request.pipe(createUnzip());
  if (encoding === 'br') return request.pipe(createBrotliDecompress());
  throw new CommandError(errorBody(1, `Unsupported Content-Encoding ${encoding}`), 415);
}

async function textOf(body: Readable): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of body) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString('utf8');
}

async function* rowsOf(body: Readable, format: Format): AsyncGenerator<unknown, void> {
  if (format.name === 'yson') {
    yield* decodeYsonRows(await textOf(body));
    return;
  }
  for await (const text of splitJsonObjects(body)) yield decodeJson(parseRow(text), format);
}

function parseRow(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw commandError(1, 'Error parsing JSON');
  }
}

/** Header bytes are UTF-8, which Node hands over as latin1. */
function headerText(request: IncomingMessage, name: string): string | undefined {
  const header = request.headers[name];
  const text = Array.isArray(header) ? header[0] : header;
  return text === undefined ? undefined : Buffer.from(text, 'latin1').toString('utf8');
}
