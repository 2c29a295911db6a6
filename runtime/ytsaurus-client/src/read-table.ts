// Reading a table as a stream: constant memory, and a broken stream is taken up again at the row where it broke.
import type { Readable } from 'node:stream';
import type { Calls } from './calls.ts';
import { YtError } from './errors.ts';
import { structuredFormat, withPathAttributes } from './formats.ts';
import { createBackoff } from './retry.ts';
import { connectionFailure } from './transport.ts';

export interface ReadOptions {
  /** All columns when absent. */
  readonly columns?: readonly string[];
  /** Index of the first row to read. */
  readonly startRow?: number;
}

export interface ReadSource extends ReadOptions {
  /** `#<node id>` under a snapshot lock: a path may stand for another table by the time the stream is taken up again. */
  readonly path: string;
  readonly transactionId: string;
  /** Rows of the whole table, checked against what came; null for a dynamic table, which neither counts rows nor numbers them. */
  readonly rowCount: number | null;
}

/** The rows of each arrived piece of the stream; the next piece is asked for when the last one is consumed. */
export async function* readBatches(calls: Calls, source: ReadSource, signal?: AbortSignal): AsyncGenerator<unknown[], void> {
  const backoff = createBackoff(calls.retry);
  const correlationId = calls.newGuid();
  let nextRow = source.startRow ?? 0;
  for (;;) {
    try {
      for await (const batch of readOnce(calls, { ...source, startRow: nextRow }, correlationId, signal)) {
        nextRow += batch.length;
        backoff.reset();
        yield batch;
      }
      return checkRowCount(source, nextRow);
    } catch (error) {
      if (source.rowCount === null && nextRow > 0) throw error;
      await backoff.pause(error, signal);
    }
  }
}

export async function* readRows(calls: Calls, source: ReadSource, signal?: AbortSignal): AsyncGenerator<unknown, void> {
  for await (const batch of readBatches(calls, source, signal)) yield* batch;
}

async function* readOnce(calls: Calls, source: ReadSource, correlationId: string, signal?: AbortSignal): AsyncGenerator<unknown[], void> {
  const parameters = { path: pathOf(source), transaction_id: source.transactionId, output_format: structuredFormat };
  const reply = await calls.transport.send({ command: 'read_table', parameters, correlationId }, signal);
  const lines = new LineBuffer();
  for await (const chunk of piecesOf(reply.body, signal)) {
    const complete = lines.push(chunk);
    if (complete !== '') yield parseRows(complete);
  }
  // The trailer before the last line: a line cut short by the failure must not be reported instead of the failure.
  reply.checkEnd();
  const rest = lines.rest();
  if (rest !== '') yield parseRows(rest);
}

async function* piecesOf(body: Readable, signal?: AbortSignal): AsyncGenerator<Buffer, void> {
  try {
    for await (const piece of body) yield piece as Buffer;
  } catch (error) {
    throw connectionFailure('read_table', error, signal);
  }
}

function pathOf(source: ReadSource): unknown {
  const columns = source.columns === undefined ? {} : { columns: source.columns };
  const startRow = source.startRow ?? 0;
  const ranges = startRow === 0 ? {} : { ranges: [{ lower_limit: { row_index: startRow } }] };
  return withPathAttributes(source.path, { ...columns, ...ranges });
}

/** A stream may end well and too early all the same, when something between us and the proxy closed it politely. */
function checkRowCount(source: ReadSource, endRow: number): void {
  if (source.rowCount === null || endRow === source.rowCount) return;
  const message = `read_table: the stream ended at row ${endRow} of ${source.rowCount}`;
  throw new YtError(message, { class: endRow < source.rowCount ? 'retriable' : 'fatal' });
}

function parseRows(lines: string): unknown[] {
  try {
    // JSON escapes newlines inside strings, so each raw one parts two rows; one parse of an array beats one parse per row.
    return JSON.parse(`[${lines.replaceAll('\n', ',')}]`) as unknown[];
  } catch {
    // The parser's own message quotes the row.
    throw new YtError('read_table: a row is not JSON', { class: 'fatal' });
  }
}

/** Gathers bytes until a line is whole; characters are decoded only then, so none is cut in two. */
class LineBuffer {
  #pending: Buffer[] = [];

  /** All lines completed by `chunk`, without the last newline. */
  push(chunk: Buffer): string {
    const end = chunk.lastIndexOf(10);
    if (end === -1) {
      this.#pending.push(chunk);
      return '';
    }
    const complete = this.#pending.length === 0 ? chunk.subarray(0, end) : Buffer.concat([...this.#pending, chunk.subarray(0, end)]);
    this.#pending = end + 1 < chunk.length ? [chunk.subarray(end + 1)] : [];
    return complete.toString('utf8');
  }

  rest(): string {
    return Buffer.concat(this.#pending).toString('utf8');
  }
}
