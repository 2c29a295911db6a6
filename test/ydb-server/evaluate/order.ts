// ORDER BY, LIMIT and OFFSET.
import type { OrderKey, Select } from '../ast.ts';
import { compileError } from '../errors.ts';
import { primitiveOf, typeText } from '../types.ts';
import { compareValues, type Row, type Value } from '../values.ts';
import { compile } from './expression.ts';
import { isInteger } from './numbers.ts';
import { type Catalog, type Compiled, type Env, noRow, type Scope } from './scope.ts';

export interface SortKey {
  readonly value: Compiled;
  readonly descending: boolean;
}

export function orderOf(keys: readonly OrderKey[], scope: Scope): readonly SortKey[] {
  return keys.map(({ value, descending }) => {
    const compiled = compile(value, scope);
    if (['Json', 'JsonDocument', 'Yson'].includes(primitiveOf(compiled.type) ?? '')) throw compileError(
      `Expected comparable type, but got: ${typeText(compiled.type)}`,
      value.at,
    );
    return { value: compiled, descending };
  });
}

export function sorted(rows: Iterable<Row>, keys: readonly SortKey[], env: Env): Row[] {
  const wanted = Array.from(rows, (row) => ({ row, key: keys.map(({ value }) => value.run(row, env)) }));
  return wanted.sort((a, b) => compareKeys(a.key, b.key, keys)).map(({ row }) => row);
}

function compareKeys(a: readonly Value[], b: readonly Value[], keys: readonly SortKey[]): number {
  for (const [index, { descending }] of keys.entries()) {
    const order = compareValues(a[index] ?? null, b[index] ?? null);
    if (order !== 0) return descending ? -order : order;
  }
  return 0;
}

export function limited({ limit, offset }: Select, catalog: Catalog, rows: (env: Env) => Iterable<Row>): (env: Env) => Iterable<Row> {
  if (limit === null && offset === null) return rows;
  const [most, skipped] = [limit, offset].map((expression) => (expression === null ? null : count(expression, catalog)));
  return (env) => slice(rows(env), Number(skipped?.run(noRow, env) ?? 0), Number(most?.run(noRow, env) ?? Infinity));
}

function count(expression: NonNullable<Select['limit']>, catalog: Catalog): Compiled {
  const value = compile(expression, { catalog, columns: [] });
  if (!isInteger(primitiveOf(value.type))) throw compileError(
    `Mismatch type argument, expected: Uint64, but got: ${typeText(value.type)}`,
    expression.at,
  );
  return value;
}

// Stops reading with the last row it needs.
function* slice(rows: Iterable<Row>, skipped: number, most: number): Generator<Row> {
  let seen = 0;
  if (most <= 0) return;
  for (const row of rows) {
    seen += 1;
    if (seen > skipped) yield row;
    if (seen >= skipped + most) return;
  }
}
