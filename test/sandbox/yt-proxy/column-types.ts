// Types of columns: their names in both generations of schemas, and which values they hold.
import { commandError } from './errors.ts';
import { bigintOf, double, isInteger, isNumber, numberOf } from './exact.ts';

const integerBounds = {
  int8: [-(2n ** 7n), 2n ** 7n],
  int16: [-(2n ** 15n), 2n ** 15n],
  int32: [-(2n ** 31n), 2n ** 31n],
  int64: [-(2n ** 63n), 2n ** 63n],
  uint8: [0n, 2n ** 8n],
  uint16: [0n, 2n ** 16n],
  uint32: [0n, 2n ** 32n],
  uint64: [0n, 2n ** 64n],
  date: [0n, 49_673n],
  datetime: [0n, 4_291_747_200n],
  timestamp: [0n, 4_291_747_200_000_000n],
  interval: [-4_291_747_200_000_000n, 4_291_747_200_000_000n],
} as const;

const holds = {
  string: (value: unknown) => typeof value === 'string',
  utf8: (value: unknown) => typeof value === 'string' && value.isWellFormed(),
  uuid: (value: unknown) => typeof value === 'string',
  json: (value: unknown) => typeof value === 'string',
  double: isNumber,
  float: isNumber,
  boolean: (value: unknown) => typeof value === 'boolean',
  void: () => false,
  any: () => true,
} as const;

export type ColumnType = keyof typeof integerBounds | keyof typeof holds;

const unsignedTypes: ReadonlySet<string> = new Set(['uint8', 'uint16', 'uint32', 'uint64', 'date', 'datetime', 'timestamp']);

/** Names in `type_v3` that differ from those in `type`. */
export const v3Names: Readonly<Partial<Record<ColumnType, string>>> = { boolean: 'bool', any: 'yson' };

const oldNames: Readonly<Record<string, ColumnType>> = { bool: 'boolean', yson: 'any', null: 'void' };

/** The old name of a type of `type_v3`; composite types hold anything. */
export function simpleType(type: unknown): unknown {
  if (typeof type === 'string') return oldNames[type] ?? type;
  return typeof type === 'object' && type !== null ? 'any' : type;
}

export function isColumnType(type: unknown): type is ColumnType {
  return typeof type === 'string' && (Object.hasOwn(integerBounds, type) || Object.hasOwn(holds, type));
}

export function isUnsigned(type: ColumnType): boolean {
  return unsignedTypes.has(type);
}

interface TypedColumn {
  readonly name: string;
  readonly type: ColumnType;
  readonly required: boolean;
}

/** The value as the column keeps it. Throws 307 for one that it does not hold. */
export function checkCell(column: TypedColumn, value: unknown, integralToDouble: boolean): unknown {
  if (value === null) {
    if (column.required) throw commandError(307, `Required column "${column.name}" cannot have null value`);
    return null;
  }
  const { type } = column;
  if (!fits(type, value)) throw mistyped(column);
  if ((type !== 'double' && type !== 'float') || !isInteger(value)) return value;
  if (!integralToDouble) throw mistyped(column);
  return double(numberOf(value));
}

function fits(type: ColumnType, value: unknown): boolean {
  if (Object.hasOwn(holds, type)) return holds[type as keyof typeof holds](value);
  const [least, limit] = integerBounds[type as keyof typeof integerBounds];
  return isInteger(value) && bigintOf(value) >= least && bigintOf(value) < limit;
}

function mistyped({ name, type }: TypedColumn): Error {
  return commandError(307, `Invalid type of column "${name}": expected "${type}"`);
}
