// Rows of one table as a stream, whatever kind of table it is and however they are chosen.
import { isAscii } from 'node:buffer';
import { readChunks } from './chunks.ts';
import type { Cluster } from './cluster.ts';
import { isUnsigned } from './column-types.ts';
import { commandError } from './errors.ts';
import { parseExact } from './exact.ts';
import { encodeRow, wrap, type Format } from './formats.ts';
import { isBefore, type Cut } from './keys.ts';
import { rowCount, type Node } from './node.ts';
import { projectLines } from './projection.ts';
import { everything, type RowRange } from './ranges.ts';
import { keyColumns, keyOf, type Row, type Schema } from './schema.ts';

export interface Reading {
  readonly columns: readonly string[] | null;
  /** By row index only, where the table has any: see {@link rowIndexes}. */
  readonly ranges: readonly RowRange[];
  readonly format: Format;
  readonly marks?: Marks;
}

/** Entities in the stream that tell which range and row the next one is. */
export interface Marks {
  readonly rowIndex: boolean;
  readonly rangeIndex: boolean;
}

/** Encoded rows in pieces of a chunk; a row is never cut in two. */
export async function* readTable(cluster: Cluster, table: Node, reading: Reading): AsyncGenerator<Buffer, void> {
  cluster.readers.add(table.chunks);
  try {
    for (const [index, range] of reading.ranges.entries()) {
      const mark = markOf(reading, index, range);
      if (mark !== null) yield mark;
      if (table.dynamic) yield* encodePieces(rowsByKey(cluster, table, range), table.schema, reading);
      else for await (const lines of readChunks(cluster.chunks, table.chunks, range)) yield encodeLines(lines, table.schema, reading);
    }
  } finally {
    cluster.readers.delete(table.chunks);
  }
}

/** Rows as values, in table order. */
export async function* scanTable(cluster: Cluster, table: Node, chosen: readonly RowRange[] = [everything]): AsyncGenerator<Row, void> {
  for (const range of await rowIndexes(cluster, table, chosen)) {
    if (table.dynamic) yield* rowsByKey(cluster, table, range);
    else for await (const lines of readChunks(cluster.chunks, table.chunks, range)) yield* parseLines(lines);
  }
}

/** The ranges of a static table with its keys looked up, so that only row indexes limit them. */
export async function rowIndexes(cluster: Cluster, table: Node, ranges: readonly RowRange[]): Promise<RowRange[]> {
  const found: RowRange[] = [];
  for (const range of ranges) {
    if ((range.from ?? range.to) !== null && keyColumns(table.schema).length === 0) throw commandError(1, 'Key limits need a sorted table');
    if (table.dynamic) {
      found.push(range);
      continue;
    }
    const start = range.from === null ? 0 : await indexOfCut(cluster, table, range.from);
    const end = range.to === null ? Infinity : await indexOfCut(cluster, table, range.to);
    const last = Math.min(end, range.end ?? Infinity);
    found.push({ start: Math.max(start, range.start), end: Number.isFinite(last) ? last : null, from: null, to: null });
  }
  return found;
}

/** Index of the first row of the stream; null when there is none. */
export function startRow(table: Node, ranges: readonly RowRange[]): number | null {
  const first = ranges.find(({ start, end }) => start < Math.min(end ?? Infinity, rowCount(table)));
  return first?.start ?? null;
}

export function selectColumns(row: Row, columns: readonly string[] | null): Row {
  if (columns === null) return row;
  return Object.fromEntries(columns.filter((name) => Object.hasOwn(row, name)).map((name) => [name, row[name]]));
}

export function unsignedColumns(schema: Schema): ReadonlySet<string> {
  return new Set(schema.columns.filter((column) => isUnsigned(column.type)).map((column) => column.name));
}

/** How many rows stand before the cut: by halves, one row read for each. */
async function indexOfCut(cluster: Cluster, table: Node, cut: Cut): Promise<number> {
  let [low, high] = [0, rowCount(table)];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const row = await rowAt(cluster, table, middle);
    if (isBefore(keyOf(table.schema, row), cut)) low = middle + 1;
    else high = middle;
  }
  return low;
}

async function rowAt(cluster: Cluster, table: Node, index: number): Promise<Row> {
  for await (const line of readChunks(cluster.chunks, table.chunks, { start: index, end: index + 1 })) return parseExact(line.toString('utf8')) as Row;
  throw new Error(`the table has no row ${index}`);
}

function rowsByKey(cluster: Cluster, table: Node, { start, end, from, to }: RowRange): Row[] {
  if (start > 0 || end !== null) throw commandError(1, 'Row index limits are not supported for dynamic tables');
  return cluster.dynamicTables.scan(table).filter((row) => {
    const key = keyOf(table.schema, row);
    return (from === null || !isBefore(key, from)) && (to === null || isBefore(key, to));
  });
}

function markOf({ marks, format }: Reading, index: number, range: RowRange): Buffer | null {
  const told = { ...(marks?.rangeIndex === true ? { range_index: index } : {}), ...(marks?.rowIndex === true ? { row_index: range.start } : {}) };
  const entities = Object.entries(told).map(([name, value]) => encodeRow(wrap(null, { [name]: value }), format, new Set()));
  return entities.length === 0 ? null : Buffer.concat(entities);
}

/** Rows are kept in the form that is asked for most: then there is little to do, unless a byte is no UTF-8. */
function encodeLines(lines: Buffer, schema: Schema, reading: Reading): Buffer {
  const { columns, format } = reading;
  if (format.name === 'json' && !lines.includes('\\ud')) {
    const stored = columns === null ? lines : projectLines(lines, columns);
    return format.encodeUtf8 ? bytesSpelt(stored) : stored;
  }
  return encodeRows(parseLines(lines), schema, reading);
}

function parseLines(lines: Buffer): Row[] {
  return lines.toString('utf8').trimEnd().split('\n').map((line) => parseExact(line) as Row);
}

function* encodePieces(rows: readonly Row[], schema: Schema, reading: Reading): Generator<Buffer, void> {
  const piece = 1000;
  for (let from = 0; from < rows.length; from += piece) yield encodeRows(rows.slice(from, from + piece), schema, reading);
}

/** JSON with each byte of its texts as a character: what is not ASCII stands in texts alone. */
function bytesSpelt(json: Buffer): Buffer {
  return isAscii(json) ? json : Buffer.from(json.toString('latin1'));
}

function encodeRows(rows: readonly Row[], schema: Schema, { columns, format }: Reading): Buffer {
  const unsigned = unsignedColumns(schema);
  return Buffer.concat(rows.map((row) => encodeRow(selectColumns(row, columns), format, unsigned)));
}
