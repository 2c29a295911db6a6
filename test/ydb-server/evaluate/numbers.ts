// Integer types: widths, ranges, wrapping, and the common type of two.
import type { Primitive } from '../types.ts';

interface Shape {
  readonly bits: number;
  readonly signed: boolean;
}

const shapes: Partial<Record<Primitive, Shape>> = {
  Int8: { bits: 8, signed: true }, Uint8: { bits: 8, signed: false }, Int16: { bits: 16, signed: true }, Uint16: {
    bits: 16,
    signed: false,
  },
  Int32: { bits: 32, signed: true }, Uint32: {
    bits: 32,
    signed: false,
  }, Int64: { bits: 64, signed: true }, Uint64: { bits: 64, signed: false },
};

export function isInteger(name: Primitive | null): name is Primitive {
  return name !== null && shapes[name] !== undefined;
}

export function isNumeric(name: Primitive | null): name is Primitive {
  return isInteger(name) || name === 'Float' || name === 'Double';
}

export function isSigned(name: Primitive): boolean {
  return shapes[name]?.signed ?? true;
}

/** The value as the type holds it: bigint for 64 bits, else number; it wraps around. */
export function wrap(name: Primitive, value: bigint): number | bigint {
  const { bits, signed } = shapes[name] ?? { bits: 64, signed: true };
  const wrapped = signed ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value);
  return bits === 64 ? wrapped : Number(wrapped);
}

export function fits(name: Primitive, value: number | bigint): boolean {
  return BigInt(wrap(name, BigInt(value))) === BigInt(value);
}

/** True if every value of `from` is one of `to`. */
export function widens(from: Primitive, to: Primitive): boolean {
  const [small, large] = [shapes[from], shapes[to]];
  if (small === undefined) return from === 'Float' && to === 'Double';
  if (large === undefined) return to === 'Double' && small.bits <= 32;
  if (small.signed === large.signed) return small.bits <= large.bits;
  return large.signed && small.bits < large.bits;
}

/** The wider; of one width the unsigned; a floating type over any integer. */
export function commonNumeric(a: Primitive, b: Primitive): Primitive {
  const [left, right] = [shapes[a], shapes[b]];
  if (left === undefined || right === undefined) return a === 'Float' && b === 'Float' ? 'Float' : 'Double';
  if (left.bits !== right.bits) return left.bits > right.bits ? a : b;
  return left.signed ? b : a;
}
