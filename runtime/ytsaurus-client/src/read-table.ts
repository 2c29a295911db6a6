// Reading a table as a stream: constant memory, and a broken stream is taken up again at the row where it broke.
import type { Calls } from './calls.ts';
import { YtError } from './errors.ts';
import { rowOutputFormat, textOfBytes, withPathAttributes } from './formats.ts';
import { LineBuffer } from './line-buffer.ts';
import { connectionFailure, type Reply } from './response.ts';
import { createBackoff } from './retry.ts';
import { parseRows } from './rows.ts';

/** Values of the first key columns. */
export type Key = readonly unknown[];

export interface ReadOptions {
  /** All columns when absent. */
  readonly columns?: readonly string[];
  /** Index of the first row to read. */
  readonly startRow?: number;
  /** Index of the first row not to read. */
  readonly endRow?: number;
  /** Of a sorted table: the first key to read. */
  readonly lowerKey?: Key;
  /** Of a sorted table: the first key not to read. */
  readonly upperKey?: Key;
}

export interface ReadSource extends ReadOptions {
  /** `#<node id>` under a snapshot lock: a path may stand for another table by the time the stream is taken up again. */
  readonly path: string;
  readonly transactionId: string;
  /** Rows of the whole table, checked against what came; null for a dynamic table, which neither counts rows nor numbers them. */
  readonly rowCount: number | null;
}

/** Where the next row is; null while nobody has told yet, because the range begins with a key. */
interface Position {
  nextRow: number | null;
  seenAny: boolean;
}

/** The rows of each arrived piece of the stream; the next piece is asked for when the last one is consumed. */
export async function* readBatches(calls: Calls, source: ReadSource, signal?: AbortSignal): AsyncGenerator<unknown[], void> {
  const backoff = createBackoff(calls.retry);
  const correlationId = calls.newGuid();
  const position: Position = { nextRow: source.lowerKey === undefined ? (source.startRow ?? 0) : null, seenAny: false };
  for (;;) {
    try {
      for await (const batch of readOnce(calls, { source, position, correlationId }, signal)) {
        if (position.nextRow !== null) position.nextRow += batch.length;
        position.seenAny = true;
        backoff.reset();
        yield batch;
      }
      return checkRowCount(source, position);
    } catch (error) {
      if (position.seenAny && (source.rowCount === null || position.nextRow === null)) throw error;
      await backoff.pause(error, signal);
    }
  }
}

export async function* readRows(calls: Calls, source: ReadSource, signal?: AbortSignal): AsyncGenerator<unknown, void> {
  for await (const batch of readBatches(calls, source, signal)) yield* batch;
}

interface Attempt {
  readonly source: ReadSource;
  readonly position: Position;
  readonly correlationId: string;
}

async function* readOnce(calls: Calls, { source, position, correlationId }: Attempt, signal?: AbortSignal): AsyncGenerator<unknown[], void> {
  const path = pathOf(source, position.nextRow);
  const parameters = { path, transaction_id: source.transactionId, output_format: rowOutputFormat };
  const reply = await calls.transport.send({ command: 'read_table', parameters, correlationId }, signal);
  position.nextRow ??= startRowOf(reply.parameters);
  const lines = new LineBuffer();
  for await (const chunk of piecesOf(reply, signal)) {
    const complete = lines.push(chunk);
    if (complete !== '') yield parseRows('read_table', textOfBytes(complete));
  }
  // The trailer before the last line: a line cut short by the failure must not be reported instead of the failure.
  reply.checkEnd();
  const rest = lines.rest();
  if (rest !== '') yield parseRows('read_table', textOfBytes(rest));
}

async function* piecesOf(reply: Reply, signal?: AbortSignal): AsyncGenerator<Buffer, void> {
  try {
    for await (const piece of reply.body) yield piece as Buffer;
  } catch (error) {
    // A server that fails leaves a packed stream unfinished, and says why in the trailers.
    reply.checkEnd();
    throw connectionFailure('read_table', error, signal);
  }
}

function pathOf(source: ReadSource, nextRow: number | null): unknown {
  const columns = source.columns === undefined ? {} : { columns: source.columns };
  const lower = nextRow === null ? { ...keyLimit(source.lowerKey), ...rowLimit(source.startRow) } : rowLimit(nextRow === 0 ? undefined : nextRow);
  const upper = { ...keyLimit(source.upperKey), ...rowLimit(source.endRow) };
  const range = { ...limit('lower_limit', lower), ...limit('upper_limit', upper) };
  return withPathAttributes(source.path, { ...columns, ...(Object.keys(range).length === 0 ? {} : { ranges: [range] }) });
}

function limit(name: string, value: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.keys(value).length === 0 ? {} : { [name]: value };
}

function keyLimit(key: Key | undefined): { key?: Key } {
  return key === undefined ? {} : { key };
}

function rowLimit(row: number | undefined): { row_index?: number } {
  return row === undefined ? {} : { row_index: row };
}

/** Absent where there are no rows. */
function startRowOf(parameters: unknown): number | null {
  const { start_row_index: start } = (parameters ?? {}) as { start_row_index?: unknown };
  return typeof start === 'number' ? start : null;
}

/** A stream may end well and too early all the same, when something between us and the proxy closed it politely. */
function checkRowCount(source: ReadSource, { nextRow }: Position): void {
  const { rowCount, startRow = 0, endRow = Infinity, lowerKey, upperKey } = source;
  // How many rows are between keys only the cluster knows.
  if (rowCount === null || nextRow === null || lowerKey !== undefined || upperKey !== undefined) return;
  const expected = Math.max(startRow, Math.min(endRow, rowCount));
  if (nextRow === expected) return;
  throw new YtError(`read_table: the stream ended at row ${nextRow} of ${expected}`, { class: nextRow < expected ? 'retriable' : 'fatal' });
}
