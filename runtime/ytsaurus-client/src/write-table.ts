// Writing static tables: block by block under one transaction, each block in a nested one so that it can be repeated.
import type { Calls } from './calls.ts';
import { rowInputFormat, withPathAttributes } from './formats.ts';
import { createBackoff } from './retry.ts';
import { encodeRow, type Row } from './rows.ts';
import { abandon, bothSignals, inTransaction, startTransaction, type Transaction } from './transaction.ts';

export interface WriteOptions {
  /** Adds to the table; otherwise its rows are replaced. */
  readonly append?: boolean;
  /** Makes the write a part of this transaction; its own is made and committed otherwise. */
  readonly transactionId?: string;
}

type At<Options> = Options & { readonly path: string };

// A block is kept in memory until it is acknowledged, because a broken upload can only be repeated whole.
const blockBytes = 8 << 20;

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
