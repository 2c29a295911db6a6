// The order of the cluster: of values, of keys, and of the cuts between keys that ranges are made of.
import { bytesOfText } from './bytes.ts';
import { bigintOf, isInteger, isNumber, numberOf } from './exact.ts';
import { unwrap } from './formats.ts';

export type Key = readonly unknown[];

/** A place between keys: before all that begin with `prefix`, or after them. */
export interface Cut {
  readonly prefix: Key;
  readonly after: boolean;
}

export function compareKeys(a: Key, b: Key): number {
  for (let column = 0; column < Math.min(a.length, b.length); column += 1) {
    const order = compareValues(a[column], b[column]);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

export function isBefore(key: Key, { prefix, after }: Cut): boolean {
  const order = compareKeys(key.slice(0, prefix.length), prefix);
  return order === 0 ? after : order < 0;
}

/** Values of different types are in the order of their types. */
export function compareValues(a: unknown, b: unknown): number {
  const [left, right] = [rankOf(a), rankOf(b)];
  if (left !== right) return left - right;
  if (isInteger(a) && isInteger(b)) return sign(bigintOf(a), bigintOf(b));
  if (isNumber(a) && isNumber(b)) return sign(numberOf(a), numberOf(b));
  // Strings by their bytes.
  if (typeof a === 'string' && typeof b === 'string') return a === b ? 0 : Buffer.compare(bytesOfText(a), bytesOfText(b));
  return typeof a === 'boolean' ? Number(a) - Number(b) : 0;
}

const [lowest, nothing, integers, doubles, booleans, strings, others, highest] = [0, 1, 2, 3, 4, 5, 6, 7] as const;

function rankOf(value: unknown): number {
  if (value === null || value === undefined) return nothing;
  if (isInteger(value)) return integers;
  if (isNumber(value)) return doubles;
  if (typeof value === 'boolean') return booleans;
  if (typeof value === 'string') return strings;
  const { type } = unwrap(value).attributes;
  if (type === 'min') return lowest;
  return type === 'max' ? highest : others;
}

function sign<Value extends bigint | number>(a: Value, b: Value): number {
  return a < b ? -1 : Number(a > b);
}
