// Table schemas: their wire form, and rows checked and completed against them.
import { checkCell, isColumnType, simpleType, v3Names, type ColumnType } from './column-types.ts';
import { commandError } from './errors.ts';
import { unwrap, wrap } from './formats.ts';
import type { Key } from './keys.ts';

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
  const firstValue = columns.findIndex((column) => !column.key);
  if (columns.some((column, index) => column.key && firstValue !== -1 && index > firstValue)) {
    throw commandError(1, 'Key columns must form a prefix of the schema');
  }
  return { columns, strict: flag(attributes['strict'], true), uniqueKeys: flag(attributes['unique_keys'], false) };
}

export function schemaValue(schema: Schema): unknown {
  const columns = schema.columns.map(({ name, type, required, key }) => ({
    name,
    type,
    required,
    type_v3: required ? (v3Names[type] ?? type) : { type_name: 'optional', item: v3Names[type] ?? type },
    ...(key ? { sort_order: 'ascending' } : {}),
  }));
  return wrap(columns, { strict: schema.strict, unique_keys: schema.uniqueKeys });
}

export function keyColumns(schema: Schema): readonly Column[] {
  return schema.columns.filter((column) => column.key);
}

export function keyOf(schema: Schema, row: Row): Key {
  return keyColumns(schema).map((column) => row[column.name] ?? null);
}

/** The schema with these columns for its key, in this order. */
export function sortedBy(schema: Schema, names: readonly string[]): Schema {
  const key = names.map((name): Column => {
    const known = schema.columns.find((column) => column.name === name);
    return { ...(known ?? { name, type: 'any', required: false }), key: true };
  });
  const others = schema.columns.filter((column) => !names.includes(column.name)).map((column) => ({ ...column, key: false }));
  return { ...schema, columns: [...key, ...others], uniqueKeys: false };
}

/** The row as the table keeps it: its columns in the schema's order, absent ones null. */
export function checkRow(schema: Schema, row: unknown, integralToDouble: boolean): Row {
  if (typeof row !== 'object' || row === null || Array.isArray(row) || '$attributes' in row) throw commandError(1, 'A row must be a map');
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
  const { type, required } = 'type_v3' in column ? typeOfV3(column['type_v3']) : { type: column['type'], required: flag(column['required'], false) };
  if (!isColumnType(type)) throw commandError(1, `Unsupported type of column "${name}"`);
  return { name, type, required, key: (column['sort_order'] ?? null) !== null };
}

function typeOfV3(type: unknown): { type: unknown; required: boolean } {
  if (typeof type === 'object' && type !== null && 'type_name' in type && type.type_name === 'optional') {
    return { type: simpleType((type as { item?: unknown }).item), required: false };
  }
  return { type: simpleType(type), required: simpleType(type) !== 'any' };
}

function flag(value: unknown, byDefault: boolean): boolean {
  return value === undefined ? byDefault : value === true || value === 'true';
}
