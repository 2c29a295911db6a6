// The public API of the package: a client of one cluster through the HTTP API v4 of its proxy.
import { randomBytes } from 'node:crypto';
import { callForField, callLight, type Calls } from './calls.ts';
import { YtError } from './errors.ts';
import type { ReadOptions } from './read-table.ts';
import type { RetryPolicy } from './retry.ts';
import { takeSnapshot, type SnapshotOptions, type TableSnapshot } from './snapshot.ts';
import { inTransaction, startTransaction, type Transaction, type TransactionOptions } from './transaction.ts';
import { Transport } from './transport.ts';
import { insertRows, lookupRows, writeTable, type InsertOptions, type LookupOptions, type Row, type WriteOptions } from './write-table.ts';

export { ErrorCode, isRetriable, isTransactionLost, YtError, type ErrorClass, type ServerError } from './errors.ts';
export type { InsertOptions, LookupOptions, ReadOptions, RetryPolicy, Row, SnapshotOptions, TableSnapshot, Transaction, TransactionOptions };
export type { WriteOptions };

export interface YtClientOptions {
  /** `http://host:port` of a proxy. */
  readonly proxy: string;
  /** OAuth token. */
  readonly token?: string | null;
  readonly retry?: Partial<RetryPolicy>;
  readonly connectTimeoutMs?: number;
  readonly lightTimeoutMs?: number;
  readonly heavyTimeoutMs?: number;
  /** Uniform in [0, 1): jitter of the pauses between attempts. */
  readonly random?: () => number;
  /** Must be unpredictable: equal ids make the server take two changes for one. */
  readonly newGuid?: () => string;
}

export interface NodeOptions {
  readonly transactionId?: string;
}

export interface GetOptions extends NodeOptions {
  readonly attributes?: readonly string[];
}

export interface CreateOptions extends NodeOptions {
  readonly attributes?: Readonly<Record<string, unknown>>;
  /** Makes the missing map nodes above it. */
  readonly recursive?: boolean;
  /** Leaves a node of the same type as it is, instead of failing. */
  readonly ignoreExisting?: boolean;
}

export interface RemoveOptions extends NodeOptions {
  readonly recursive?: boolean;
  /** An absent node is no error. */
  readonly force?: boolean;
}

export interface LockOptions {
  readonly mode: 'snapshot' | 'shared' | 'exclusive';
  readonly transactionId: string;
}

export interface ListedNode {
  readonly name: string;
  readonly attributes: Readonly<Record<string, unknown>>;
}

const listLimit = 100_000;
const defaultRetry: RetryPolicy = { budgetMs: 30_000, baseMs: 200, capMs: 5_000 };

/** Every method throws {@link YtError}, or the reason of its signal. `close()` ends the connections. */
export class YtClient {
  readonly #calls: Calls;

  constructor(options: YtClientOptions) {
    this.#calls = {
      transport: new Transport({
        proxy: options.proxy,
        token: options.token ?? null,
        connectTimeoutMs: options.connectTimeoutMs ?? 5_000,
        lightTimeoutMs: options.lightTimeoutMs ?? 20_000,
        heavyTimeoutMs: options.heavyTimeoutMs ?? 60_000,
      }),
      retry: { policy: { ...defaultRetry, ...options.retry }, random: options.random ?? Math.random },
      newGuid: options.newGuid ?? randomGuid,
    };
  }

  /** The value of a node or an attribute (`//t/@row_count`); attributes asked for come as `{"$value", "$attributes"}`. */
  async get(path: string, options: GetOptions = {}, signal?: AbortSignal): Promise<unknown> {
    const attributes = options.attributes === undefined ? {} : { attributes: options.attributes };
    const parameters = { path, ...attributes, ...transactionOf(options) };
    return callForField(this.#calls, { command: 'get', parameters, field: 'value' }, signal);
  }

  async exists(path: string, options: NodeOptions = {}, signal?: AbortSignal): Promise<boolean> {
    const parameters = { path, ...transactionOf(options) };
    return (await callForField(this.#calls, { command: 'exists', parameters, field: 'value' }, signal)) === true;
  }

  /** The children of a map node, in no particular order. */
  async list(path: string, options: GetOptions = {}, signal?: AbortSignal): Promise<ListedNode[]> {
    const parameters = { path, attributes: options.attributes ?? [], max_size: listLimit, ...transactionOf(options) };
    return listedNodes(await callForField(this.#calls, { command: 'list', parameters, field: 'value' }, signal));
  }

  /** Returns the id of the node. */
  async create(type: string, path: string, options: CreateOptions = {}, signal?: AbortSignal): Promise<string> {
    const parameters = {
      type,
      path,
      attributes: options.attributes ?? {},
      recursive: options.recursive === true,
      ignore_existing: options.ignoreExisting === true,
      ...transactionOf(options),
    };
    return String(await callForField(this.#calls, { command: 'create', parameters, field: 'node_id' }, signal));
  }

  /** Sets a document, a scalar or an attribute. */
  async set(path: string, value: unknown, options: NodeOptions = {}, signal?: AbortSignal): Promise<void> {
    const parameters = { path, ...transactionOf(options) };
    await callLight(this.#calls, { command: 'set', parameters, body: JSON.stringify(value) }, signal);
  }

  async remove(path: string, options: RemoveOptions = {}, signal?: AbortSignal): Promise<void> {
    const parameters = { path, recursive: options.recursive === true, force: options.force === true, ...transactionOf(options) };
    await callLight(this.#calls, { command: 'remove', parameters }, signal);
  }

  /** Returns the id of the locked node: unlike the path, it keeps meaning the same version. */
  async lock(path: string, options: LockOptions, signal?: AbortSignal): Promise<string> {
    const parameters = { path, mode: options.mode, transaction_id: options.transactionId };
    return String(await callForField(this.#calls, { command: 'lock', parameters, field: 'node_id' }, signal));
  }

  async startTransaction(options: TransactionOptions = {}, signal?: AbortSignal): Promise<Transaction> {
    return startTransaction(this.#calls, options, signal);
  }

  /** Commits when `work` succeeds, aborts when it throws. */
  async inTransaction<Result>(
    options: TransactionOptions,
    work: (transaction: Transaction) => Promise<Result>,
    signal?: AbortSignal,
  ): Promise<Result> {
    return inTransaction(this.#calls, options, work, signal);
  }

  /** One version of a table, held until it is released. */
  async snapshot(path: string, options: SnapshotOptions = {}, signal?: AbortSignal): Promise<TableSnapshot> {
    return takeSnapshot(this.#calls, path, options, signal);
  }

  /** The rows of one version of a table, in table order; memory does not grow with the table. */
  async *readTable(path: string, options: ReadOptions & SnapshotOptions = {}, signal?: AbortSignal): AsyncGenerator<unknown, void> {
    const snapshot = await this.snapshot(path, options, signal);
    try {
      yield* snapshot.rows(options, signal);
    } finally {
      await snapshot.release();
    }
  }

  /** Writes a static table that exists; all rows become visible at once. */
  async writeTable(path: string, rows: Iterable<Row> | AsyncIterable<Row>, options: WriteOptions = {}, signal?: AbortSignal): Promise<void> {
    await writeTable(this.#calls, { ...options, path }, rows, signal);
  }

  /** Upserts rows of a sorted dynamic table by key, all or none. */
  async insertRows(path: string, rows: readonly Row[], options: InsertOptions = {}, signal?: AbortSignal): Promise<void> {
    await insertRows(this.#calls, { ...options, path }, rows, signal);
  }

  /** The rows that exist among `keys`. */
  async lookupRows(path: string, keys: readonly Row[], options: LookupOptions = {}, signal?: AbortSignal): Promise<unknown[]> {
    return lookupRows(this.#calls, { ...options, path }, keys, signal);
  }

  async close(): Promise<void> {
    await this.#calls.transport.close();
  }
}

function transactionOf(options: NodeOptions): { transaction_id?: string } {
  return options.transactionId === undefined ? {} : { transaction_id: options.transactionId };
}

/** Four 32-bit numbers in hexadecimal without leading zeros, as the cluster writes ids. */
function randomGuid(): string {
  const bytes = randomBytes(16);
  return [0, 4, 8, 12].map((offset) => bytes.readUInt32BE(offset).toString(16)).join('-');
}

function listedNodes(value: unknown): ListedNode[] {
  const { plain, attributes } = unwrap(value);
  if (!Array.isArray(plain)) throw new YtError('list: the reply is not a list', { class: 'fatal' });
  if (attributes['incomplete'] === true) throw new YtError(`list: more than ${listLimit} children`, { class: 'fatal' });
  return plain.map((child) => {
    const node = unwrap(child);
    return { name: String(node.plain), attributes: node.attributes };
  });
}

/** A value and its attributes; a value without any stands bare. */
function unwrap(value: unknown): { plain: unknown; attributes: Readonly<Record<string, unknown>> } {
  if (typeof value !== 'object' || value === null || !('$attributes' in value)) return { plain: value, attributes: {} };
  const wrapped = value as { $value?: unknown; $attributes: Record<string, unknown> };
  return { plain: wrapped.$value, attributes: wrapped.$attributes };
}
