// How values travel: the JSON dialect asked for in both directions, and the texts of headers.

import { parseJson, stringifyJson } from './json.ts';

/** Without `encode_utf8=false` the server takes every byte for a character, and Cyrillic arrives as mojibake. */
export const structuredFormat = { $value: 'json', $attributes: { encode_utf8: false } } as const;

/**
 * Of rows that are read: with anything else one NaN, or one text that is not UTF-8, ends the stream for all rows. The bytes of texts come as
 * characters of the same codes, to be put together by {@link textOfBytes}.
 */
export const rowOutputFormat = { $value: 'json', $attributes: { encode_utf8: true, stringify_nan_and_infinity: true } } as const;

/** JSON whose texts are spelt byte by byte, as text. What is not UTF-8 in it is replaced by U+FFFD. */
export function textOfBytes(json: string): string {
  return /[\x80-\xff]/.test(json) ? Buffer.from(json, 'latin1').toString('utf8') : json;
}

/** JSON has one kind of number: 1.0 is written as `1`, which a `double` column refuses unless conversion is on. */
export const rowInputFormat = {
  $value: 'json',
  $attributes: { encode_utf8: false, enable_integral_to_double_conversion: true },
} as const;

/** A path with attributes, as commands take it: `{"$value": "//t", "$attributes": {"append": true}}`. */
export type RichPath = string | { readonly $value: string; readonly $attributes: Readonly<Record<string, unknown>> };

export function withPathAttributes(path: string, attributes: Readonly<Record<string, unknown>>): RichPath {
  return { $value: path, $attributes: attributes };
}

// A proxy refuses one header line over 64 KiB and joins the numbered ones.
const headerChars = 64_000;

/** Parameters as numbered headers: the concatenation of their values is base64, so any text passes. */
export function parameterHeaders(parameters: Readonly<Record<string, unknown>>): Record<string, string> {
  const encoded = Buffer.from(stringifyJson(parameters)).toString('base64');
  const headers: Record<string, string> = {};
  for (let part = 0; part * headerChars < encoded.length; part += 1) {
    headers[`X-YT-Parameters-${part}`] = encoded.slice(part * headerChars, (part + 1) * headerChars);
  }
  return headers;
}

/** A header's JSON; HTTP libraries hand its bytes over as latin1. Undefined when it is not JSON. */
export function parseHeaderJson(header: string): unknown {
  return parsed(Buffer.from(header, 'latin1').toString('utf8'));
}

/** Error bodies are always written byte by byte as characters, whatever was asked for: this puts the text together again. */
export function parseErrorBody(body: string): unknown {
  return restoreText(parsed(body));
}

function parsed(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    // The caller reports a malformed reply itself, with the command's name.
    return undefined;
  }
}

function restoreText(value: unknown): unknown {
  if (typeof value === 'string') return utf8OfBytes(value);
  if (Array.isArray(value)) return value.map(restoreText);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [utf8OfBytes(key), restoreText(inner)]));
}

function utf8OfBytes(text: string): string {
  const bytes = Buffer.from(text, 'latin1');
  const restored = bytes.toString('utf8');
  // Text that was never split to bytes does not survive the way there and back, and stays as it is.
  return Buffer.from(restored).equals(bytes) && bytes.toString('latin1') === text ? restored : text;
}
