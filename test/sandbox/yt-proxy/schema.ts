// Table schemas: their wire form, and rows checked and completed against them.
import { commandError } from './errors.ts';
import { unwrap, wrap } from './formats.ts';

export type ColumnType = 'string' | 'int64' | 'uint64' | 'double' | 'boolean' | 'timestamp' | 'any';

export interface Column {
  readonly name: string;
  readonly type: ColumnType;
  readonly required: boolean;
  readonly key: boolean;
}

export interface Schema {
  readonly columns: readonly Column[];
  /** No columns beyond those named. */
  readonly strict: boolean;
  readonly uniqueKeys: boolean;
}

export type Row = Readonly<Record<string, unknown>>;

export const weakSchema: Schema = { columns: [], strict: false, uniqueKeys: false };

export function parseSchema(value: unknown): Schema {
  const { plain, attributes } = unwrap(value);
  if (!Array.isArray(plain)) throw commandError(1, 'The schema must be a list of columns');
  const columns = plain.map((column) => parseColumn(column as Record<string, unknown>));
  return { columns, strict: attributes['strict'] !== false, uniqueKeys: attributes['unique_keys'] === true };
}

export function schemaValue(schema: Schema): unknown {
  const columns = schema.columns.map(({ name, type, required, key }) => ({
    name,
    type,
    required,
    ...(key ? { sort_order: 'ascending' } : {}),
  }));
  return wrap(columns, { strict: schema.strict, unique_keys: schema.uniqueKeys });
}

export function keyColumns(schema: Schema): readonly Column[] {
  return schema.columns.filter((column) => column.key);
}

/** The row as the table keeps it: its columns in the schema's order, absent ones null. */
export function checkRow(schema: Schema, row: unknown, integralToDouble: boolean): Row {
  if (typeof row !== 'object' || row === null || Array.isArray(row)) throw commandError(1, 'A row must be a map');
  const given = row as Row;
  const known = schema.columns.map((column) => [column.name, checkCell(column, given[column.name] ?? null, integralToDouble)] as const);
  const names = new Set(schema.columns.map((column) => column.name));
  const others = Object.entries(given).filter(([name]) => !names.has(name));
  if (schema.strict && others.length > 0) throw commandError(307, `Unknown column "${others[0]?.[0]}" in strict schema`);
  return Object.fromEntries([...known, ...others]);
}

function parseColumn(column: Readonly<Record<string, unknown>>): Column {
  const { name } = column;
  if (typeof name !== 'string' || name === '') throw commandError(1, 'A column of the schema has no name');
  const { type, required } = 'type_v3' in column ? typeOfV3(column['type_v3']) : { type: column['type'], required: column['required'] === true };
  if (!isColumnType(type)) throw commandError(1, `Unsupported type of column "${name}"`);
  return { name, type, required, key: 'sort_order' in column };
}

function typeOfV3(type: unknown): { type: unknown; required: boolean } {
  if (typeof type === 'object' && type !== null && 'type_name' in type && type.type_name === 'optional') {
    return { type: simpleType((type as { item?: unknown }).item), required: false };
  }
  return { type: simpleType(type), required: true };
}

function simpleType(name: unknown): unknown {
  const names: Readonly<Record<string, ColumnType>> = { bool: 'boolean', yson: 'any', utf8: 'string' };
  return typeof name === 'string' ? (names[name] ?? name) : name;
}

const fits: Readonly<Record<ColumnType, (value: unknown) => boolean>> = {
  string: (value) => typeof value === 'string',
  int64: (value) => Number.isInteger(value),
  uint64: (value) => Number.isInteger(value) && Number(value) >= 0,
  timestamp: (value) => Number.isInteger(value) && Number(value) >= 0,
  double: (value) => typeof value === 'number',
  boolean: (value) => typeof value === 'boolean',
  any: () => true,
};

function isColumnType(type: unknown): type is ColumnType {
  return typeof type === 'string' && type in fits;
}

function checkCell(column: Column, value: unknown, integralToDouble: boolean): unknown {
  if (value === null) {
    if (column.required) throw commandError(307, `Required column "${column.name}" cannot have null value`);
    return null;
  }
  const refused = column.type === 'double' && Number.isInteger(value) && !integralToDouble;
  if (refused || !fits[column.type](value)) {
    throw commandError(307, `Invalid type of column "${column.name}": expected "${column.type}"`);
  }
  return value;
}
