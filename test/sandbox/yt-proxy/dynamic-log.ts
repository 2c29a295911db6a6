// The log of a dynamic table's rows: appended to before an insert is acknowledged, compacted when it is loaded.
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseExact } from './exact.ts';
import type { Row } from './schema.ts';

/** A row by its key; without a row the key is gone. */
export type LogEntry = readonly [key: string, row: Row | null];

export interface DynamicLog {
  append(tableId: string, entries: readonly LogEntry[]): void;
  load(tableId: string): Map<string, Row>;
  /** Drops the logs of all tables but these. */
  retain(tableIds: ReadonlySet<string>): void;
}

export const forgetfulLog: DynamicLog = { append: () => undefined, load: () => new Map(), retain: () => undefined };

export function createDynamicLog(directory: string): DynamicLog {
  mkdirSync(directory, { recursive: true });
  const fileOf = (tableId: string): string => join(directory, `${tableId}.ndjson`);
  return {
    append(tableId, entries) {
      if (entries.length > 0) appendFileSync(fileOf(tableId), linesOf(entries));
    },
    load(tableId) {
      const file = fileOf(tableId);
      const rows = existsSync(file) ? replay(readFileSync(file, 'utf8')) : new Map<string, Row>();
      if (rows.size > 0) rewrite(file, rows);
      return rows;
    },
    retain(tableIds) {
      const stale = readdirSync(directory).filter((name) => !tableIds.has(name.replace(/\..*$/, '')));
      for (const name of stale) rmSync(join(directory, name), { force: true });
    },
  };
}

function replay(text: string): Map<string, Row> {
  const rows = new Map<string, Row>();
  // What follows the last newline was cut by a kill before it was acknowledged.
  for (const line of text.split('\n').slice(0, -1)) {
    const [key, row] = parseExact(line) as LogEntry;
    if (row === null) rows.delete(key);
    else rows.set(key, row);
  }
  return rows;
}

function rewrite(file: string, rows: ReadonlyMap<string, Row>): void {
  writeFileSync(`${file}.tmp`, linesOf([...rows]));
  renameSync(`${file}.tmp`, file);
}

function linesOf(entries: readonly LogEntry[]): string {
  return entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');
}
