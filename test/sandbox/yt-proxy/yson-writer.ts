// Values as YSON, text or binary. The result is a string of bytes: one character of code 0..255 for each.
import { bytesAsChars } from './bytes.ts';
import { bigintOf, isInteger, isNumber, numberOf, type ExactNumber } from './exact.ts';

/** Writes one kind of YSON. `unsigned` is known where a schema says so. */
interface Scalars {
  readonly text: (bytes: string) => string;
  readonly integer: (value: bigint, unsigned: boolean) => string;
  readonly double: (value: number) => string;
  readonly boolean: (value: boolean) => string;
}

const maxInt64 = 2n ** 63n - 1n;

const textScalars: Scalars = {
  // Printable ASCII stands for itself; every other byte is spelled out.
  text: (bytes) => `"${bytes.replaceAll(/[^ !#-[\]-~]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16).padStart(2, '0')}`)}"`,
  integer: (value, unsigned) => (unsigned ? `${value}u` : String(value)),
  double: (value) => (/[.e]/.test(String(value)) ? String(value) : `${Object.is(value, -0) ? '-0' : value}.`),
  boolean: (value) => (value ? '%true' : '%false'),
};

const binaryScalars: Scalars = {
  text: (bytes) => `\x01${varint(BigInt(bytes.length) << 1n)}${bytes}`,
  integer: (value, unsigned) => (unsigned ? `\x06${varint(value)}` : `\x02${varint(zigzag(value))}`),
  double(value) {
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleLE(value);
    return `\x03${bytes.toString('latin1')}`;
  },
  boolean: (value) => (value ? '\x05' : '\x04'),
};

/** Columns of which the schema says that they are unsigned: nothing else tells `3u` from `3`. */
export function writeYsonRow(row: unknown, binary: boolean, unsigned: ReadonlySet<string>): string {
  const scalars = binary ? binaryScalars : textScalars;
  if (typeof row !== 'object' || row === null || '$attributes' in row) return `${write(row, scalars)};\n`;
  const fields = Object.entries(row).map(([key, value]) => field(key, unsigned.has(key) ? writeUnsigned(value, scalars) : write(value, scalars), scalars));
  return `{${fields.join('')}};${binary ? '' : '\n'}`;
}

export function writeYson(value: unknown, binary: boolean): string {
  return write(value, binary ? binaryScalars : textScalars);
}

function write(value: unknown, scalars: Scalars): string {
  if (value === null || value === undefined) return '#';
  if (typeof value === 'boolean') return scalars.boolean(value);
  if (typeof value === 'string') return scalars.text(bytesAsChars(value));
  if (isNumber(value)) return writeNumber(value, scalars);
  if (Array.isArray(value)) return `[${value.map((item) => `${write(item, scalars)};`).join('')}]`;
  const fields = value as Record<string, unknown>;
  if ('$attributes' in fields) return `<${writeFields(fields['$attributes'] as Record<string, unknown>, scalars)}>${write(fields['$value'], scalars)}`;
  return `{${writeFields(fields, scalars)}}`;
}

function writeFields(fields: Record<string, unknown>, scalars: Scalars): string {
  return Object.entries(fields).map(([key, value]) => field(key, write(value, scalars), scalars)).join('');
}

function field(key: string, value: string, scalars: Scalars): string {
  const name = key.startsWith('$$') ? key.slice(1) : key;
  return `${scalars.text(bytesAsChars(name))}=${value};`;
}

function writeUnsigned(value: unknown, scalars: Scalars): string {
  return isInteger(value) ? scalars.integer(bigintOf(value), true) : write(value, scalars);
}

function writeNumber(value: number | ExactNumber, scalars: Scalars): string {
  if (!isInteger(value)) return scalars.double(numberOf(value));
  const whole = bigintOf(value);
  return scalars.integer(whole, whole > maxInt64);
}

function zigzag(value: bigint): bigint {
  return value < 0n ? (-value << 1n) - 1n : value << 1n;
}

function varint(value: bigint): string {
  let rest = value;
  let bytes = '';
  for (; rest > 0x7fn; rest >>= 7n) bytes += String.fromCharCode(Number(rest & 0x7fn) | 0x80);
  return bytes + String.fromCharCode(Number(rest));
}
