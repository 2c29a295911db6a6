// Rows of one table as a stream, in and out, whatever kind of table it is.
import { readChunks, writeChunks } from './chunks.ts';
import type { Cluster } from './cluster.ts';
import type { Transaction } from './cypress.ts';
import { commandError } from './errors.ts';
import { encodeRow, type Format } from './formats.ts';
import { acquireLock } from './locks.ts';
import { appendChunks, replaceChunks, rowCount, type Node } from './node.ts';
import type { Path, RowRange } from './paths.ts';
import type { Row } from './schema.ts';

export interface Reading {
  readonly columns: readonly string[] | null;
  readonly ranges: readonly RowRange[];
  readonly format: Format;
}

export interface Writing {
  readonly path: Path;
  readonly transaction: Transaction | null;
  readonly append: boolean;
  /** Rows as JSON texts, checked already. */
  readonly lines: AsyncIterable<string> | Iterable<string>;
}

/** Encoded rows in pieces of a chunk; a row is never cut in two. */
export async function* readTable(cluster: Cluster, table: Node, reading: Reading): AsyncGenerator<Buffer, void> {
  if (table.dynamic) {
    const limited = reading.ranges.some(({ start, end }) => start > 0 || end !== null);
    if (limited) throw commandError(1, 'Row index limits are not supported for dynamic tables');
    yield* encodePieces(cluster.dynamicTables.scan(table), reading);
    return;
  }
  cluster.readers.add(table.chunks);
  try {
    for (const range of reading.ranges) {
      for await (const lines of readChunks(cluster.chunks, table.chunks, range)) yield encodeLines(lines, reading);
    }
  } finally {
    cluster.readers.delete(table.chunks);
  }
}

/** Index of the first row of the stream; null when there is none. */
export function startRow(table: Node, ranges: readonly RowRange[]): number | null {
  const first = ranges[0]?.start ?? 0;
  return first < rowCount(table) ? first : null;
}

/** Under a transaction of its own: the rows appear together, or not at all. */
export async function writeTable(cluster: Cluster, writing: Writing): Promise<void> {
  const { cypress, transactions } = cluster;
  const transaction = transactions.start({ parent: writing.transaction, timeoutMs: null, title: null });
  try {
    const table = cypress.table(writing.path, transaction);
    if (table.dynamic) throw commandError(1, `Table ${writing.path.text} is dynamic: write_table cannot write it`);
    acquireLock(cypress, table, { mode: writing.append ? 'shared' : 'exclusive' }, transaction);
    const chunks = await writeChunks(cluster.chunks, writing.lines, (id) => transaction.chunks.add(id));
    // The transaction above may have ended while the rows were coming.
    cypress.transaction(transaction.id);
    const stamp = cypress.stamp();
    cypress.change(table.id, transaction, writing.append ? appendChunks(chunks, stamp) : replaceChunks(chunks, stamp));
    transactions.commit(transaction);
  } catch (error) {
    transactions.abort(transaction);
    throw error;
  }
}

export function selectColumns(row: Row, columns: readonly string[] | null): Row {
  if (columns === null) return row;
  return Object.fromEntries(columns.filter((name) => Object.hasOwn(row, name)).map((name) => [name, row[name]]));
}

/** Rows are kept in the form that is asked for most: then there is nothing to do. */
function encodeLines(lines: Buffer, reading: Reading): Buffer {
  if (reading.columns === null && reading.format.name === 'json' && !reading.format.encodeUtf8) return lines;
  const rows = lines.toString('utf8').trimEnd().split('\n').map((line) => JSON.parse(line) as Row);
  return encodeRows(rows, reading);
}

function* encodePieces(rows: readonly Row[], reading: Reading): Generator<Buffer, void> {
  const piece = 1000;
  for (let from = 0; from < rows.length; from += piece) yield encodeRows(rows.slice(from, from + piece), reading);
}

function encodeRows(rows: readonly Row[], { columns, format }: Reading): Buffer {
  return Buffer.from(rows.map((row) => encodeRow(selectColumns(row, columns), format)).join(''));
}
