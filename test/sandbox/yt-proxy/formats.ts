// Formats of values: JSON with and without encode_utf8, YSON in text and binary. Inside the proxy strings are always real text.
import { bytesAsChars, textOfBytes } from './bytes.ts';
import { commandError } from './errors.ts';
import { isExact, parseExact } from './exact.ts';
import { parseYson } from './yson-parser.ts';
import { writeYson, writeYsonRow } from './yson-writer.ts';

export interface Format {
  readonly name: 'json' | 'yson';
  /** Of YSON; headers are always text. */
  readonly binary: boolean;
  /** Each byte of a string stands as one character: the cluster's default for JSON, and the ruin of Cyrillic. */
  readonly encodeUtf8: boolean;
  /** A whole number is accepted where the schema says `double`. */
  readonly integralToDouble: boolean;
}

export const byteJson: Format = { name: 'json', binary: false, encodeUtf8: true, integralToDouble: false };
export const utf8Json: Format = { ...byteJson, encodeUtf8: false };
export const ysonText: Format = { name: 'yson', binary: false, encodeUtf8: false, integralToDouble: false };

/** `json`, `yson`, or either with attributes. */
export function parseFormat(value: unknown): Format {
  const { plain, attributes } = unwrap(value);
  const integralToDouble = isSet(attributes['enable_integral_to_double_conversion'], false);
  // Clients without an opinion of their own ask for binary YSON by naming just `yson`.
  if (plain === 'yson') return { ...ysonText, binary: (attributes['format'] ?? 'binary') === 'binary', integralToDouble };
  if (plain !== 'json') throw commandError(1, `Unsupported format ${JSON.stringify(plain)}`);
  return { ...byteJson, encodeUtf8: isSet(attributes['encode_utf8'], true), integralToDouble };
}

export function encodeValue(value: unknown, format: Format): Buffer {
  return format.name === 'yson' ? Buffer.from(writeYson(value, format.binary), 'latin1') : Buffer.from(jsonText(value, format));
}

export function decodeValue(bytes: Buffer, format: Format): unknown {
  return format.name === 'yson' ? parseYson(bytes) : decodeJson(bytes.toString('utf8'), format);
}

export function decodeJson(text: string, format: Format): unknown {
  const value = parsed(text);
  return format.encodeUtf8 ? mapStrings(value, fromBytes) : value;
}

/** One row of a tabular stream. `unsigned` names the columns that YSON marks as such. */
export function encodeRow(row: unknown, format: Format, unsigned: ReadonlySet<string>): Buffer {
  return format.name === 'yson' ? Buffer.from(writeYsonRow(row, format.binary, unsigned), 'latin1') : Buffer.from(`${jsonText(row, format)}\n`);
}

export function unwrap(value: unknown): { plain: unknown; attributes: Readonly<Record<string, unknown>> } {
  if (typeof value !== 'object' || value === null || !('$attributes' in value)) return { plain: value, attributes: {} };
  const { $value: plain, $attributes: attributes } = value as { $value?: unknown; $attributes: Record<string, unknown> };
  return { plain, attributes };
}

export function wrap(plain: unknown, attributes: Readonly<Record<string, unknown>>): unknown {
  return { $value: plain, $attributes: attributes };
}

function isSet(flag: unknown, byDefault: boolean): boolean {
  return typeof flag === 'boolean' || typeof flag === 'string' ? String(flag) === 'true' : byDefault;
}

function parsed(text: string): unknown {
  try {
    return parseExact(text);
  } catch {
    throw commandError(1, 'Error parsing JSON');
  }
}

function jsonText(value: unknown, format: Format): string {
  const whole = JSON.stringify(value);
  // ASCII is spelt alike, and most rows are nothing else.
  const isPlain = !format.encodeUtf8 || (!/[\u0080-\uffff]/.test(whole) && !whole.includes('\\ud'));
  const text = isPlain ? whole : JSON.stringify(mapStrings(value, bytesAsChars));
  // The one thing that JSON.stringify escapes this way is a byte that is not UTF-8.
  if (text.includes('\\ud') && /(?<!\\)(?:\\\\)*\\ud/.test(text)) throw commandError(1, 'Invalid UTF-8 string in JSON');
  return text;
}

function mapStrings(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) return value.map((item) => mapStrings(item, change));
  if (typeof value !== 'object' || value === null || isExact(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [change(key), mapStrings(item, change)]));
}

function fromBytes(text: string): string {
  if (/[\u0100-\uffff]/.test(text)) {
    throw commandError(1, 'Unicode symbols with codes greater than 255 are not supported; consider using encode_utf8=false');
  }
  return textOfBytes(Buffer.from(text, 'latin1'));
}
