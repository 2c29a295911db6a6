// The JSON dialect of the cluster: integers beyond 2^53 as bigint, keys that begin with `$` doubled.

interface SourceAwareJson {
  parse(text: string, reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown): unknown;
  rawJSON(text: string): unknown;
}

// The part of JSON that Node 22 has and the type library does not know yet.
const sourceAware = JSON as unknown as SourceAwareJson;
// Outside of a string, and now and then inside one: then nothing but time is lost.
const longInteger = /[:[,]\s*-?\d{16}|^\s*-?\d{16}/;
const longIntegerDigits = 16;
const attributed = new Set(['$value', '$attributes']);

/** Throws `SyntaxError`, whose message quotes the text. */
export function parseJson(text: string): unknown {
  const value = hasLongNumber(text) && longInteger.test(text) ? sourceAware.parse(text, reviveInteger) : (JSON.parse(text) as unknown);
  // Shorter than the beginning of such a key, `"$$`, because quotes are everywhere and dollars are not.
  return text.includes('$$') ? mapKeys(value, (key) => (key.startsWith('$$') ? key.slice(1) : key)) : value;
}

/**
 * A `bigint` is written as its digits. A map of exactly `$attributes` and `$value` is a value with attributes; in every other map a key
 * that begins with `$` is data, and doubled.
 */
export function stringifyJson(value: unknown): string {
  const text = JSON.stringify(value, writeInteger);
  return text.includes('"$') ? JSON.stringify(escapeKeys(value), writeInteger) : text;
}

/** So many digits in a row cover a multiple of their number: the characters between need no look. Ten times as fast as the pattern. */
function hasLongNumber(text: string): boolean {
  for (let at = 0; at < text.length; at += longIntegerDigits) {
    if (!isDigit(text, at)) continue;
    let [first, end] = [at, at + 1];
    while (isDigit(text, first - 1)) first -= 1;
    while (isDigit(text, end)) end += 1;
    if (end - first >= longIntegerDigits) return true;
  }
  return false;
}

/** False beyond the ends of the text. */
function isDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= 48 && code <= 57;
}

function reviveInteger(_: string, value: unknown, { source }: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value) || source === undefined) return value;
  return /^-?\d+$/.test(source) ? BigInt(source) : value;
}

function writeInteger(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? sourceAware.rawJSON(String(value)) : value;
}

function escapeKeys(value: unknown): unknown {
  if (!isMap(value)) return Array.isArray(value) ? value.map(escapeKeys) : value;
  const keys = Object.keys(value);
  const escaped = keys.length === attributed.size && keys.every((key) => attributed.has(key));
  return Object.fromEntries(keys.map((key) => [key.startsWith('$') && !escaped ? `$${key}` : key, escapeKeys(value[key])]));
}

function mapKeys(value: unknown, change: (key: string) => string): unknown {
  if (Array.isArray(value)) return value.map((item) => mapKeys(item, change));
  if (!isMap(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [change(key), mapKeys(inner, change)]));
}

/** Things that write themselves, such as dates, are not maps. */
function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !('toJSON' in value);
}
