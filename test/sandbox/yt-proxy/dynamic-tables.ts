// Rows of sorted dynamic tables: by key in memory, and in a log per table that is only ever appended to.
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { commandError } from './errors.ts';
import type { Node } from './node.ts';
import { checkRow, keyColumns, type Row, type Schema } from './schema.ts';

export interface Insertion {
  readonly rows: readonly unknown[];
  /** Keeps the columns that a row leaves out; otherwise they become null. */
  readonly update: boolean;
  readonly integralToDouble: boolean;
}

export class DynamicTables {
  readonly #directory: string | null;
  readonly #tables = new Map<string, Map<string, Row>>();

  constructor(directory: string | null) {
    this.#directory = directory;
    if (directory !== null) mkdirSync(directory, { recursive: true });
  }

  /** All rows or, when one of them does not fit, none. */
  insert(table: Node, insertion: Insertion): void {
    const stored = this.#rows(table);
    const changed = new Map<string, Row>();
    for (const given of insertion.rows) {
      const row = checkRow(table.schema, given, insertion.integralToDouble);
      const key = keyText(table.schema, row);
      const before = changed.get(key) ?? stored.get(key);
      changed.set(key, insertion.update && before !== undefined ? { ...before, ...pickGiven(row, given as Row) } : row);
    }
    this.#append(table, [...changed.values()]);
    for (const [key, row] of changed) stored.set(key, row);
  }

  /** One entry per key, in order; undefined where there is no such row. */
  lookup(table: Node, keys: readonly unknown[]): (Row | undefined)[] {
    const stored = this.#rows(table);
    return keys.map((key) => stored.get(keyText(table.schema, keyRow(table.schema, key))));
  }

  count(table: Node): number {
    return this.#rows(table).size;
  }

  /** All rows, sorted by key. */
  scan(table: Node): Row[] {
    const columns = keyColumns(table.schema).map((column) => column.name);
    return [...this.#rows(table).values()].sort((a, b) => compareKeys(columns, a, b));
  }

  /** Drops the rows of all tables but these. */
  retain(ids: ReadonlySet<string>): void {
    for (const id of this.#tables.keys()) if (!ids.has(id)) this.#tables.delete(id);
    if (this.#directory === null) return;
    for (const name of readdirSync(this.#directory)) {
      if (!ids.has(name.replace(/\..*$/, ''))) rmSync(join(this.#directory, name), { force: true });
    }
  }

  #rows(table: Node): Map<string, Row> {
    if (!table.dynamic) throw commandError(1, `Table ${table.id} is not dynamic`);
    const known = this.#tables.get(table.id);
    if (known !== undefined) return known;
    const loaded = this.#load(table);
    this.#tables.set(table.id, loaded);
    return loaded;
  }

  #append(table: Node, rows: readonly Row[]): void {
    const file = this.#file(table);
    if (file !== null && rows.length > 0) appendFileSync(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  }

  #load(table: Node): Map<string, Row> {
    const rows = new Map<string, Row>();
    const file = this.#file(table);
    if (file === null || !existsSync(file)) return rows;
    const lines = readFileSync(file, 'utf8').split('\n');
    // What follows the last newline was cut by a kill before it was acknowledged.
    for (const line of lines.slice(0, -1)) {
      const row = JSON.parse(line) as Row;
      rows.set(keyText(table.schema, row), row);
    }
    rewrite(file, rows);
    return rows;
  }

  #file(table: Node): string | null {
    return this.#directory === null ? null : join(this.#directory, `${table.id}.ndjson`);
  }
}

function rewrite(file: string, rows: ReadonlyMap<string, Row>): void {
  const text = [...rows.values()].map((row) => `${JSON.stringify(row)}\n`).join('');
  writeFileSync(`${file}.tmp`, text);
  renameSync(`${file}.tmp`, file);
}

function keyText(schema: Schema, row: Row): string {
  return JSON.stringify(keyColumns(schema).map((column) => row[column.name] ?? null));
}

function keyRow(schema: Schema, key: unknown): Row {
  if (typeof key !== 'object' || key === null) throw commandError(1, 'A key must be a map');
  const missing = keyColumns(schema).find((column) => !(column.name in key));
  if (missing !== undefined) throw commandError(1, `Key column "${missing.name}" is missing`);
  return key as Row;
}

function pickGiven(row: Row, given: Row): Row {
  return Object.fromEntries(Object.entries(row).filter(([name]) => name in given));
}

function compareKeys(columns: readonly string[], a: Row, b: Row): number {
  for (const column of columns) {
    const order = compareCells(a[column] ?? null, b[column] ?? null);
    if (order !== 0) return order;
  }
  return 0;
}

/** Null first; strings by their bytes, as the cluster sorts them. */
function compareCells(a: unknown, b: unknown): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? -1 : 1;
  if (typeof a === 'string' && typeof b === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b));
  return Number(a) - Number(b);
}
