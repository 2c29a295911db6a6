// Literals: numbers and strings with their suffixes.
import type { Expression } from '../ast.ts';
import { compileError } from '../errors.ts';
import type { Token } from '../lexer.ts';
import { primitive, type Primitive } from '../types.ts';
import type { Value } from '../values.ts';

const integerSuffixes: Readonly<Record<string, Primitive>> = {
  l: 'Int64', u: 'Uint32', ul: 'Uint64', t: 'Int8', ut: 'Uint8', s: 'Int16', us: 'Uint16',
};
const stringSuffixes: Readonly<Record<string, Primitive>> = { '': 'String', s: 'String', u: 'Utf8', j: 'Json', y: 'Yson' };
const wide: ReadonlySet<Primitive> = new Set(['Int64', 'Uint64']);

export function numberLiteral({ text, suffix, at }: Token): Expression {
  if (suffix.startsWith('f')) return { kind: 'literal', at, type: primitive(suffix === 'ff' ? 'Float' : 'Double'), value: Number(text) };
  const value = BigInt(text);
  const name = suffix === '' ? smallest(value) : integerSuffixes[suffix];
  if (name === undefined) throw compileError(`Failed to parse number from string: ${text}${suffix}, unknown suffix`, at, 0);
  return { kind: 'literal', at, type: primitive(name), value: wide.has(name) ? value : Number(value) };
}

function smallest(value: bigint): Primitive {
  if (value <= 0x7f_ff_ff_ffn) return 'Int32';
  return value <= 0x7f_ff_ff_ff_ff_ff_ff_ffn ? 'Int64' : 'Uint64';
}

export function stringLiteral({ text, suffix, at }: Token): Expression {
  const name = stringSuffixes[suffix];
  if (name === undefined) throw compileError(`unknown string suffix '${suffix}'`, at, 0);
  const value: Value = name === 'String' || name === 'Yson' ? Buffer.from(text, 'utf8') : text;
  return { kind: 'literal', at, type: primitive(name), value };
}
