// One version of a table held still: transaction, snapshot lock, node id. What replaces the table meanwhile is not seen.
import { callForField, type Calls } from './calls.ts';
import { YtError } from './errors.ts';
import { readBatches, readRows, type ReadOptions, type ReadSource } from './read-table.ts';
import { abandon, bothSignals, startTransaction, type Transaction } from './transaction.ts';

export interface TableSnapshot {
  readonly nodeId: string;
  readonly transaction: Transaction;
  readonly rowCount: number;
  /** Changes whenever the data does; text, because it may exceed what a JSON number holds in other clients. */
  readonly contentRevision: string;
  readonly dynamic: boolean;
  rows(options?: ReadOptions, signal?: AbortSignal): AsyncGenerator<unknown, void>;
  /** The same rows in the pieces in which they arrive: cheaper where there are millions. */
  batches(options?: ReadOptions, signal?: AbortSignal): AsyncGenerator<unknown[], void>;
  /** Lets the version go. */
  release(): Promise<void>;
}

export interface SnapshotOptions {
  /** Sees the table as this transaction does, its own uncommitted changes included. */
  readonly transactionId?: string;
}

/** Throws an error of class `absent` when there is nothing at `path`. The caller must `release()` the snapshot. */
export async function takeSnapshot(calls: Calls, path: string, options: SnapshotOptions, signal?: AbortSignal): Promise<TableSnapshot> {
  const parent = options.transactionId === undefined ? {} : { parentId: options.transactionId };
  const transaction = await startTransaction(calls, { title: `read ${path}`, ...parent }, signal);
  try {
    return await lockedSnapshot(calls, transaction, path, signal);
  } catch (error) {
    await abandon(transaction);
    throw error;
  }
}

async function lockedSnapshot(calls: Calls, transaction: Transaction, path: string, signal?: AbortSignal): Promise<TableSnapshot> {
  const locking = { path, mode: 'snapshot', transaction_id: transaction.id };
  const nodeId = String(await callForField(calls, { command: 'lock', parameters: locking, field: 'node_id' }, signal));
  const attributes = ['type', 'row_count', 'content_revision', 'dynamic'];
  const reading = { path: `#${nodeId}/@`, attributes, transaction_id: transaction.id };
  const facts = tableFacts(await callForField(calls, { command: 'get', parameters: reading, field: 'value' }, signal));
  const source = (options: ReadOptions = {}): ReadSource => ({
    ...options,
    path: `#${nodeId}`,
    transactionId: transaction.id,
    rowCount: facts.dynamic ? null : facts.rowCount,
  });
  return {
    nodeId,
    transaction,
    ...facts,
    rows: (options, rowsSignal) => readRows(calls, source(options), bothSignals(transaction, rowsSignal)),
    batches: (options, rowsSignal) => readBatches(calls, source(options), bothSignals(transaction, rowsSignal)),
    release: () => abandon(transaction),
  };
}

function tableFacts(value: unknown): Pick<TableSnapshot, 'rowCount' | 'contentRevision' | 'dynamic'> {
  const attributes = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
  const { type, row_count: rowCount, content_revision: revision, dynamic } = attributes;
  if (type !== 'table') throw new YtError('lock: the node is not a table', { class: 'fatal' });
  if (typeof rowCount !== 'number') throw new YtError('get: the attribute row_count is not a number', { class: 'fatal' });
  return { rowCount, contentRevision: String(revision), dynamic: dynamic === true };
}
