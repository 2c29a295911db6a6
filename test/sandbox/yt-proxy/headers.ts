// What the headers and the query of a request say: formats and parameters, in all the spellings clients use.
import type { IncomingMessage } from 'node:http';
import { commandError } from './errors.ts';
import { byteJson, decodeValue, parseFormat, type Format } from './formats.ts';
import { parseYson } from './yson-parser.ts';

export type Parameters = Readonly<Record<string, unknown>>;

/** Header bytes are UTF-8, which Node hands over as latin1. */
export function headerBytes(request: IncomingMessage, name: string): Buffer | undefined {
  const header = request.headers[name];
  const text = Array.isArray(header) ? header.join('') : header;
  return text === undefined ? undefined : Buffer.from(text, 'latin1');
}

/** Of the headers in both directions. Some clients send the header twice; Node joins the two with a comma, and the last one counts. */
export function headerFormatOf(request: IncomingMessage): Format {
  const header = headerBytes(request, 'x-yt-header-format')?.toString('utf8').split(', ').at(-1);
  return header === undefined ? byteJson : inHeaders(parseFormat(parseYson(Buffer.from(header))));
}

/** Headers carry text, whatever was asked for. */
export function inHeaders(format: Format): Format {
  return { ...format, binary: false };
}

/** The format that a header names, still as a value; undefined when there is no such header. */
export function formatHeader(request: IncomingMessage, name: string, headerFormat: Format): unknown {
  const header = headerBytes(request, name);
  return header === undefined ? undefined : decodeValue(header, headerFormat);
}

/** Either one header as it is, or numbered ones that are base64 once joined. */
export function headerParameters(request: IncomingMessage, format: Format): Parameters {
  const numbered = numberedHeaders(request, 'x-yt-parameters-') || numberedHeaders(request, 'x-yt-parameters');
  const bytes = headerBytes(request, 'x-yt-parameters') ?? Buffer.from(numbered, 'base64');
  return bytes.length === 0 ? {} : asParameters(decodeValue(bytes, format));
}

export function asParameters(value: unknown): Parameters {
  if (typeof value !== 'object' || value === null) throw commandError(1, 'Unable to parse parameters from headers');
  return value as Parameters;
}

/** `a[b][]=v`; whole numbers are numbers. */
export function queryParameters(request: IncomingMessage): Parameters {
  const [, query = ''] = (request.url ?? '').split('?');
  const found: Record<string, unknown> = {};
  for (const [name, value] of new URLSearchParams(query)) {
    const keys = [...name.matchAll(/[^[\]]+|\[\]/g)].map(([key]) => key);
    place(found, keys, /^-?\d{1,15}$/.test(value) ? Number(value) : value);
  }
  return found;
}

const mimeFormats: Readonly<Record<string, unknown>> = {
  'application/json': 'json',
  'application/x-yt-yson-binary': { $value: 'yson', $attributes: { format: 'binary' } },
  'application/x-yt-yson-text': { $value: 'yson', $attributes: { format: 'text' } },
  'application/x-yt-yson-pretty': { $value: 'yson', $attributes: { format: 'pretty' } },
};

/** The format of a MIME type, or of the first known one in a list. */
export function mimeFormat(header: string | undefined): unknown {
  const types = (header ?? '').split(',').map((type) => (type.split(';')[0] ?? '').trim());
  return types.map((type) => mimeFormats[type]).find((format) => format !== undefined);
}

function numberedHeaders(request: IncomingMessage, prefix: string): string {
  let joined = '';
  for (let part = 0; ; part += 1) {
    const header = headerBytes(request, `${prefix}${part}`);
    if (header === undefined) return joined;
    joined += header.toString('latin1');
  }
}

function place(target: Record<string, unknown>, [key = '', next, ...rest]: readonly string[], value: unknown): void {
  if (next === undefined) target[key] = value;
  else if (next === '[]') target[key] = [...((target[key] as unknown[] | undefined) ?? []), value];
  else {
    const inner = (target[key] ?? {}) as Record<string, unknown>;
    target[key] = inner;
    place(inner, [next, ...rest], value);
  }
}
