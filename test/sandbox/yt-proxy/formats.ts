// Formats of values: JSON with and without encode_utf8, text YSON. Inside the proxy strings are always real text.
import { commandError } from './errors.ts';
import { parseYson, parseYsonFragment, writeYson } from './yson.ts';

export interface Format {
  readonly name: 'json' | 'yson';
  /** Each byte of a string stands as one character: the cluster's default for JSON, and the ruin of Cyrillic. */
  readonly encodeUtf8: boolean;
  /** A whole number is accepted where the schema says `double`. */
  readonly integralToDouble: boolean;
}

export const byteJson: Format = { name: 'json', encodeUtf8: true, integralToDouble: false };
export const ysonText: Format = { name: 'yson', encodeUtf8: false, integralToDouble: false };

/** `json`, `yson`, or either with attributes. */
export function parseFormat(value: unknown): Format {
  const { plain, attributes } = unwrap(value);
  if (plain === 'yson') {
    if (attributes['format'] === 'binary') throw commandError(1, 'Binary YSON is not supported by this proxy');
    return ysonText;
  }
  if (plain !== 'json') throw commandError(1, `Unsupported format ${JSON.stringify(plain)}`);
  return {
    name: 'json',
    encodeUtf8: attributes['encode_utf8'] !== false,
    integralToDouble: attributes['enable_integral_to_double_conversion'] === true,
  };
}

export function encodeValue(value: unknown, format: Format): string {
  if (format.name === 'yson') return writeYson(value);
  return JSON.stringify(format.encodeUtf8 ? mapStrings(value, toBytes) : value);
}

export function decodeValue(text: string, format: Format): unknown {
  if (format.name === 'yson') return parseYson(text);
  return decodeJson(JSON.parse(text) as unknown, format);
}

export function decodeJson(value: unknown, format: Format): unknown {
  return format.encodeUtf8 ? mapStrings(value, fromBytes) : value;
}

/** Rows are kept as JSON lines, so the format most readers ask for costs nothing. */
export function encodeRow(row: unknown, format: Format): string {
  return format.name === 'yson' ? `${writeYson(row)};\n` : `${encodeValue(row, format)}\n`;
}

export function decodeYsonRows(text: string): unknown[] {
  return parseYsonFragment(text);
}

export function unwrap(value: unknown): { plain: unknown; attributes: Readonly<Record<string, unknown>> } {
  if (typeof value !== 'object' || value === null || !('$attributes' in value)) return { plain: value, attributes: {} };
  const { $value: plain, $attributes: attributes } = value as { $value?: unknown; $attributes: Record<string, unknown> };
  return { plain, attributes };
}

export function wrap(plain: unknown, attributes: Readonly<Record<string, unknown>>): unknown {
  return { $value: plain, $attributes: attributes };
}

function mapStrings(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) return value.map((item) => mapStrings(item, change));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [change(key), mapStrings(item, change)]));
}

function toBytes(text: string): string {
  return Buffer.from(text).toString('latin1');
}

function fromBytes(text: string): string {
  if (/[\u0100-\uffff]/.test(text)) {
    throw commandError(1, 'Unicode symbols with codes greater than 255 are not supported; consider using encode_utf8=false');
  }
  return Buffer.from(text, 'latin1').toString('utf8');
}
