// Numbers whose text says more than their JavaScript value: `1.0`, which is a double, and integers beyond 2^53.
// They are kept as their JSON text; every other number is a plain one, and a plain whole number is an integer.

export interface ExactNumber {
  readonly rawJSON: string;
}

interface SourceAwareJson {
  parse(text: string, reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown): unknown;
  rawJSON(text: string): ExactNumber;
  isRawJSON(value: unknown): value is ExactNumber;
}

// The part of JSON that Node 22 has and the type library does not know yet.
const sourceAware = JSON as unknown as SourceAwareJson;
const integerText = /^-?\d+$/;
// Any fraction, exponent or long run of digits outside of a string, and now and then one inside: then nothing but time is lost.
const worthALook = /[:[,]\s*-?\d+[.eE]|^\s*-?\d+[.eE]|\d{16}/;

export function parseExact(text: string): unknown {
  if (!worthALook.test(text)) return JSON.parse(text) as unknown;
  return sourceAware.parse(text, (_, value, { source }) => (typeof value === 'number' ? exactNumber(value, source ?? '') : value));
}

export function isExact(value: unknown): value is ExactNumber {
  return sourceAware.isRawJSON(value);
}

export function isInteger(value: unknown): value is number | ExactNumber {
  return typeof value === 'number' ? Number.isInteger(value) : isExact(value) && integerText.test(value.rawJSON);
}

export function isNumber(value: unknown): value is number | ExactNumber {
  return typeof value === 'number' || isExact(value);
}

export function integer(value: bigint): number | ExactNumber {
  const plain = Number(value);
  return Number.isSafeInteger(plain) ? plain : sourceAware.rawJSON(String(value));
}

export function double(value: number): number | ExactNumber {
  if (!Number.isInteger(value)) return value;
  const text = Object.is(value, -0) ? '-0' : String(value);
  return sourceAware.rawJSON(text.includes('e') ? text : `${text}.0`);
}

/** Of an integer. */
export function bigintOf(value: number | ExactNumber): bigint {
  return BigInt(typeof value === 'number' ? value : value.rawJSON);
}

export function numberOf(value: number | ExactNumber): number {
  return typeof value === 'number' ? value : Number(value.rawJSON);
}

function exactNumber(value: number, source: string): number | ExactNumber {
  return integerText.test(source) ? integer(BigInt(source)) : double(value);
}
