// Writing rows: static tables block by block under one transaction, dynamic ones by key.
import type { Calls } from './calls.ts';
import { isRetriable, YtError } from './errors.ts';
import { rowInputFormat, structuredFormat, withPathAttributes } from './formats.ts';
import { createBackoff, retrying } from './retry.ts';
import { abandon, bothSignals, inTransaction, startTransaction, type Transaction } from './transaction.ts';

export type Row = Readonly<Record<string, unknown>>;

export interface WriteOptions {
  /** Adds to the table; otherwise its rows are replaced. */
  readonly append?: boolean;
  /** Makes the write a part of this transaction; its own is made and committed otherwise. */
  readonly transactionId?: string;
}

export interface InsertOptions {
  /** Leaves columns that are not given as they are; otherwise they become null. */
  readonly update?: boolean;
}

export interface LookupOptions {
  readonly columns?: readonly string[];
}

type At<Options> = Options & { readonly path: string };

// A block is kept in memory until it is acknowledged, because a broken upload can only be repeated whole.
const blockBytes = 8 << 20;
const tabletConflict = 1700;

/** All rows become visible at once, or none. */
export async function writeTable(
  calls: Calls,
  target: At<WriteOptions>,
  rows: Iterable<Row> | AsyncIterable<Row>,
  signal?: AbortSignal,
): Promise<void> {
  const parent = target.transactionId === undefined ? {} : { parentId: target.transactionId };
  await inTransaction(calls, { title: `write ${target.path}`, ...parent }, async (transaction) => {
    let append = target.append === true;
    let written = false;
    for await (const block of blocksOf(rows)) {
      await writeBlock(calls, transaction, { path: target.path, append, block }, signal);
      append = true;
      written = true;
    }
    // No rows in place of the old ones is still a replacement.
    if (!written && !append) await writeBlock(calls, transaction, { path: target.path, append, block: Buffer.alloc(0) }, signal);
  }, signal);
}

/** An upsert by key: safe to repeat, and atomic. */
export async function insertRows(calls: Calls, target: At<InsertOptions>, rows: readonly Row[], signal?: AbortSignal): Promise<void> {
  const parameters = { path: target.path, update: target.update === true, input_format: rowInputFormat };
  const body = rows.map(encodeRow).join('');
  const correlationId = calls.newGuid();
  // Two writers of one key at one moment: the later one just comes again.
  const retries = (error: unknown): boolean => isRetriable(error) || (error instanceof YtError && error.hasCode(tabletConflict));
  await retrying({ ...calls.retry, retries }, async () => {
    const reply = await calls.transport.send({ command: 'insert_rows', parameters, body, correlationId }, signal);
    await reply.text();
  }, signal);
}

/** The rows that exist among `keys`, in their order. */
export async function lookupRows(calls: Calls, target: At<LookupOptions>, keys: readonly Row[], signal?: AbortSignal): Promise<unknown[]> {
  const columns = target.columns === undefined ? {} : { column_names: target.columns };
  const parameters = { path: target.path, ...columns, input_format: rowInputFormat, output_format: structuredFormat };
  const correlationId = calls.newGuid();
  const body = keys.map(encodeRow).join('');
  return retrying(calls.retry, async () => {
    const reply = await calls.transport.send({ command: 'lookup_rows', parameters, body, correlationId }, signal);
    return parseLines(await reply.text());
  }, signal);
}

interface Block {
  readonly path: string;
  readonly append: boolean;
  readonly block: Buffer;
}

/** Heavy commands know no mutation id: a nested transaction per attempt is what makes the repeat harmless. */
async function writeBlock(calls: Calls, parent: Transaction, { path, append, block }: Block, signal?: AbortSignal): Promise<void> {
  const parameters = { path: withPathAttributes(path, append ? { append: true } : {}), input_format: rowInputFormat };
  const correlationId = calls.newGuid();
  const backoff = createBackoff(calls.retry);
  const outer = bothSignals(parent, signal);
  for (;;) {
    const nested = await startTransaction(calls, { title: `write ${path}`, parentId: parent.id }, outer);
    try {
      const request = { command: 'write_table', parameters: { ...parameters, transaction_id: nested.id }, body: block, correlationId } as const;
      const reply = await calls.transport.send(request, bothSignals(nested, outer));
      await reply.text();
    } catch (error) {
      await abandon(nested);
      await backoff.pause(error, outer);
      continue;
    }
    return nested.commit(outer);
  }
}

async function* blocksOf(rows: Iterable<Row> | AsyncIterable<Row>): AsyncGenerator<Buffer, void> {
  let lines: string[] = [];
  let size = 0;
  for await (const row of rows) {
    const line = encodeRow(row);
    lines.push(line);
    size += line.length;
    if (size < blockBytes) continue;
    yield Buffer.from(lines.join(''));
    lines = [];
    size = 0;
  }
  if (lines.length > 0) yield Buffer.from(lines.join(''));
}

function encodeRow(row: Row): string {
  return `${JSON.stringify(row)}\n`;
}

function parseLines(text: string): unknown[] {
  try {
    return text.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as unknown);
  } catch {
    // The parser's own message quotes the row.
    throw new YtError('lookup_rows: a row is not JSON', { class: 'fatal' });
  }
}
