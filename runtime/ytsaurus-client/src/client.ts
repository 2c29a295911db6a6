// The public API of the package: a client of one cluster through the HTTP API v4 of its proxies.
import { randomBytes } from 'node:crypto';
import { executeBatch, type BatchPart, type BatchResult } from './batch.ts';
import type { Calls } from './calls.ts';
import { copyNode, createNode, getNode, listNodes, lockNode, nodeExists, removeNode, setNode, unlockNode } from './nodes.ts';
import type { CopyOptions, CreateOptions, GetOptions, ListedNode, LockOptions, NodeOptions, RemoveOptions, SetOptions } from './nodes.ts';
import type { Key, ReadOptions } from './read-table.ts';
import type { RetryPolicy } from './retry.ts';
import type { Row } from './rows.ts';
import { takeSnapshot, type SnapshotOptions, type TableSnapshot } from './snapshot.ts';
import { deleteRows, insertRows, lookupRows, mount, selectRows, type InsertOptions, type LookupOptions, type MountOptions } from './tablets.ts';
import { inTransaction, startTransaction, type Transaction, type TransactionOptions } from './transaction.ts';
import { Transport } from './transport.ts';
import { writeTable, type WriteOptions } from './write-table.ts';

export { ErrorCode, isRetriable, isTransactionLost, YtError, type ErrorClass, type ServerError } from './errors.ts';
export type { BatchPart, BatchResult, CopyOptions, CreateOptions, GetOptions, ListedNode, LockOptions, NodeOptions, RemoveOptions, SetOptions };
export type { InsertOptions, Key, LookupOptions, MountOptions, ReadOptions, RetryPolicy, Row, SnapshotOptions, TableSnapshot };
export type { Transaction, TransactionOptions, WriteOptions };

export interface YtClientOptions {
  /** `http://host:port` of a proxy. */
  readonly proxy: string;
  /** OAuth token. It goes to the proxy, to hosts below its domain, and nowhere else. */
  readonly token?: string | null;
  readonly retry?: Partial<RetryPolicy>;
  readonly connectTimeoutMs?: number;
  readonly lightTimeoutMs?: number;
  /** How long a call that moves rows may stay silent. */
  readonly heavyTimeoutMs?: number;
  /** gzip for rows, in both directions; on unless told otherwise. */
  readonly compress?: boolean;
  /** Moves rows through the hosts that the cluster names in `/hosts`; on unless told otherwise. */
  readonly heavyProxies?: boolean;
  /** Uniform in [0, 1): jitter of the pauses between attempts, choice among hosts. */
  readonly random?: () => number;
  /** Must be unpredictable: equal ids make the server take two changes for one. */
  readonly newGuid?: () => string;
}

const defaultRetry: RetryPolicy = { budgetMs: 30_000, baseMs: 200, capMs: 5_000 };

/** Every method throws {@link YtError}, or the reason of its signal. `close()` ends the connections. */
export class YtClient {
  readonly #calls: Calls;

  constructor(options: YtClientOptions) {
    const random = options.random ?? Math.random;
    this.#calls = {
      transport: new Transport({
        proxy: options.proxy,
        token: options.token ?? null,
        connectTimeoutMs: options.connectTimeoutMs ?? 5_000,
        lightTimeoutMs: options.lightTimeoutMs ?? 20_000,
        heavyTimeoutMs: options.heavyTimeoutMs ?? 60_000,
        compress: options.compress ?? true,
        heavyProxies: options.heavyProxies ?? true,
        random,
      }),
      retry: { policy: { ...defaultRetry, ...options.retry }, random },
      newGuid: options.newGuid ?? randomGuid,
    };
  }

  /** The value of a node or an attribute (`//t/@row_count`); attributes asked for come as `{"$value", "$attributes"}`. */
  async get(path: string, options: GetOptions = {}, signal?: AbortSignal): Promise<unknown> {
    return getNode(this.#calls, path, options, signal);
  }

  async exists(path: string, options: NodeOptions = {}, signal?: AbortSignal): Promise<boolean> {
    return nodeExists(this.#calls, path, options, signal);
  }

  /** The children of a map node, in no particular order. */
  async list(path: string, options: GetOptions = {}, signal?: AbortSignal): Promise<ListedNode[]> {
    return listNodes(this.#calls, path, options, signal);
  }

  /** Returns the id of the node. */
  async create(type: string, path: string, options: CreateOptions = {}, signal?: AbortSignal): Promise<string> {
    return createNode(this.#calls, { ...options, type, path }, signal);
  }

  /** Sets a node or an attribute. */
  async set(path: string, value: unknown, options: SetOptions = {}, signal?: AbortSignal): Promise<void> {
    await setNode(this.#calls, { ...options, path, value }, signal);
  }

  async remove(path: string, options: RemoveOptions = {}, signal?: AbortSignal): Promise<void> {
    await removeNode(this.#calls, path, options, signal);
  }

  /** Returns the id of the new node. */
  async copy(from: string, to: string, options: CopyOptions = {}, signal?: AbortSignal): Promise<string> {
    return copyNode(this.#calls, { ...options, command: 'copy', from, to }, signal);
  }

  /** The node gets a new id; the attributes are those of the source, whatever the place held before. */
  async move(from: string, to: string, options: CopyOptions = {}, signal?: AbortSignal): Promise<string> {
    return copyNode(this.#calls, { ...options, command: 'move', from, to }, signal);
  }

  /** Returns the id of the locked node: unlike the path, it keeps meaning the same version. */
  async lock(path: string, options: LockOptions, signal?: AbortSignal): Promise<string> {
    return lockNode(this.#calls, path, options, signal);
  }

  /** Lets all locks on the node go that the transaction asked for. */
  async unlock(path: string, options: NodeOptions, signal?: AbortSignal): Promise<void> {
    await unlockNode(this.#calls, path, options, signal);
  }

  /** Each part has its own outcome: one that fails does not fail the others, and nothing is undone. */
  async batch(parts: readonly BatchPart[], signal?: AbortSignal): Promise<BatchResult[]> {
    return executeBatch(this.#calls, parts, signal);
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

  /** Deletes rows of a sorted dynamic table by key, all or none. */
  async deleteRows(path: string, keys: readonly Row[], signal?: AbortSignal): Promise<void> {
    await deleteRows(this.#calls, path, keys, signal);
  }

  /** The rows that exist among `keys`. */
  async lookupRows(path: string, keys: readonly Row[], options: LookupOptions = {}, signal?: AbortSignal): Promise<unknown[]> {
    return lookupRows(this.#calls, { ...options, path }, keys, signal);
  }

  /** `name, age from [//home/t] where age > 18`, over sorted dynamic tables. */
  async selectRows(query: string, signal?: AbortSignal): Promise<unknown[]> {
    return selectRows(this.#calls, query, signal);
  }

  /** Returns once the table can be written by key. */
  async mountTable(path: string, options: MountOptions = {}, signal?: AbortSignal): Promise<void> {
    await mount(this.#calls, { ...options, path }, 'mounted', signal);
  }

  async unmountTable(path: string, options: MountOptions = {}, signal?: AbortSignal): Promise<void> {
    await mount(this.#calls, { ...options, path }, 'unmounted', signal);
  }

  async close(): Promise<void> {
    await this.#calls.transport.close();
  }
}

/** Four 32-bit numbers in hexadecimal without leading zeros, as the cluster writes ids. */
function randomGuid(): string {
  const bytes = randomBytes(16);
  return [0, 4, 8, 12].map((offset) => bytes.readUInt32BE(offset).toString(16)).join('-');
}
