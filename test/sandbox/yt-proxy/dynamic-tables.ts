// Rows of sorted dynamic tables: by key in memory, every change in the log first.
import { createDynamicLog, forgetfulLog, type DynamicLog, type LogEntry } from './dynamic-log.ts';
import { commandError } from './errors.ts';
import { compareKeys } from './keys.ts';
import type { Node } from './node.ts';
import { checkCell } from './column-types.ts';
import { checkRow, keyColumns, keyOf, type Row, type Schema } from './schema.ts';

export interface Insertion {
  readonly rows: readonly unknown[];
  /** Keeps the columns that a row leaves out; otherwise they become null. */
  readonly update: boolean;
  readonly integralToDouble: boolean;
}

type Rows = ReadonlyMap<string, Row>;

export class DynamicTables {
  readonly #log: DynamicLog;
  readonly #tables = new Map<string, Map<string, Row>>();
  /** Maps that somebody else holds: the next change of such a table is made in a copy. */
  readonly #held = new WeakSet<Rows>();

  constructor(directory: string | null) {
    this.#log = directory === null ? forgetfulLog : createDynamicLog(directory);
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
    this.#apply(table, [...changed]);
  }

  delete(table: Node, keys: readonly unknown[]): void {
    const stored = this.#rows(table);
    const found = keys.map((key) => keyText(table.schema, keyRow(table.schema, key))).filter((key) => stored.has(key));
    this.#apply(table, found.map((key) => [key, null]));
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
    return [...this.#rows(table).values()].sort((a, b) => compareKeys(keyOf(table.schema, a), keyOf(table.schema, b)));
  }

  /** The rows as they are now, for as long as anybody wants them. */
  hold(table: Node): Rows {
    const rows = this.#rows(table);
    this.#held.add(rows);
    return rows;
  }

  copy(table: Node, targetId: string): void {
    const rows = new Map(this.#rows(table));
    this.#log.append(targetId, [...rows]);
    this.#tables.set(targetId, rows);
  }

  /** Drops the rows of all tables but these. */
  retain(ids: ReadonlySet<string>): void {
    for (const id of this.#tables.keys()) if (!ids.has(id)) this.#tables.delete(id);
    this.#log.retain(ids);
  }

  #rows(table: Node): Rows {
    if (!table.dynamic) throw commandError(1, `Table ${table.id} is not dynamic`);
    return table.heldRows ?? this.#own(table.id);
  }

  #own(id: string): Map<string, Row> {
    const rows = this.#tables.get(id) ?? this.#log.load(id);
    this.#tables.set(id, rows);
    return rows;
  }

  #apply(table: Node, entries: readonly LogEntry[]): void {
    if (table.heldRows !== null) throw commandError(1, 'A table cannot be changed under its snapshot lock');
    this.#log.append(table.id, entries);
    const current = this.#own(table.id);
    const rows = this.#held.has(current) ? new Map(current) : current;
    for (const [key, row] of entries) {
      if (row === null) rows.delete(key);
      else rows.set(key, row);
    }
    this.#tables.set(table.id, rows);
  }
}

function keyText(schema: Schema, row: Row): string {
  return JSON.stringify(keyOf(schema, row));
}

function keyRow(schema: Schema, key: unknown): Row {
  if (typeof key !== 'object' || key === null) throw commandError(1, 'A key must be a map');
  const given = key as Row;
  return Object.fromEntries(keyColumns(schema).map((column) => {
    if (!Object.hasOwn(given, column.name)) throw commandError(1, `Key column "${column.name}" is missing`);
    return [column.name, checkCell(column, given[column.name], true)];
  }));
}

function pickGiven(row: Row, given: Row): Row {
  return Object.fromEntries(Object.entries(row).filter(([name]) => Object.hasOwn(given, name)));
}
