// Rows as lines of JSON, in both directions.
import type { Command } from './commands.ts';
import { YtError } from './errors.ts';
import { parseJson, stringifyJson } from './json.ts';

/** A `bigint` is an integer of up to 64 bits. */
export type Row = Readonly<Record<string, unknown>>;

export function encodeRow(row: Row): string {
  return `${stringifyJson(row)}\n`;
}

/** Whole lines, without the last newline. */
export function parseRows(command: Command, lines: string): unknown[] {
  if (lines === '') return [];
  try {
    // JSON escapes newlines inside strings, so each raw one parts two rows; one parse of an array beats one parse per row.
    return parseJson(`[${lines.replaceAll('\n', ',')}]`) as unknown[];
  } catch {
    // The parser's own message quotes the row.
    throw new YtError(`${command}: a row is not JSON`, { class: 'fatal' });
  }
}
