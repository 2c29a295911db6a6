// Writing static tables: rows checked against the schema and its order on their way into chunks.
import { readChunks, writeChunks } from './chunks.ts';
import type { Cluster } from './cluster.ts';
import type { Transaction } from './cypress.ts';
import { commandError } from './errors.ts';
import { parseExact } from './exact.ts';
import { compareKeys, type Key } from './keys.ts';
import { acquireLock } from './locks.ts';
import { appendChunks, replaceChunks, rowCount, setSchema, type Node } from './node.ts';
import type { Path } from './paths.ts';
import { checkRow, keyColumns, keyOf, type Row, type Schema } from './schema.ts';

export interface Writing {
  readonly path: Path;
  readonly transaction: Transaction | null;
  readonly append: boolean;
  readonly rows: AsyncIterable<unknown> | Iterable<unknown>;
  readonly integralToDouble: boolean;
  /** In place of the table's own schema: what sorting gives it. */
  readonly schema?: Schema;
}

/** Under a transaction of its own: the rows appear together, or not at all. */
export async function writeTable(cluster: Cluster, writing: Writing): Promise<void> {
  const { cypress, transactions } = cluster;
  const transaction = transactions.start({ parent: writing.transaction, timeoutMs: null, title: null });
  try {
    await writeInside(cluster, writing, transaction);
    transactions.commit(transaction);
  } catch (error) {
    if (cypress.transactions.has(transaction.id)) transactions.abort(transaction);
    throw error;
  }
}

async function writeInside(cluster: Cluster, writing: Writing, transaction: Transaction): Promise<void> {
  const { cypress } = cluster;
  const table = cypress.table(writing.path, transaction);
  if (table.dynamic) throw commandError(1, `Table ${writing.path.text} is dynamic: write_table cannot write it`);
  acquireLock(cypress, table, { mode: writing.append && keyColumns(table.schema).length === 0 ? 'shared' : 'exclusive' }, transaction);
  const lines = checkedLines(writing.schema ?? table.schema, writing, writing.append ? await lastKey(cluster, table) : null);
  const chunks = await writeChunks(cluster.chunks, lines, (id) => transaction.chunks.add(id));
  // The transaction above may have ended while the rows were coming.
  cypress.transaction(transaction.id);
  const stamp = cypress.stamp();
  if (writing.schema !== undefined) cypress.change(table.id, transaction, setSchema(writing.schema, stamp));
  cypress.change(table.id, transaction, writing.append ? appendChunks(chunks, stamp) : replaceChunks(chunks, stamp));
}

async function* checkedLines(schema: Schema, { rows, integralToDouble }: Writing, last: Key | null): AsyncGenerator<string, void> {
  let before = last;
  const sorted = keyColumns(schema).length > 0;
  for await (const given of rows) {
    const row = checkRow(schema, given, integralToDouble);
    if (sorted) before = checkedKey(schema, row, before);
    yield JSON.stringify(row);
  }
}

function checkedKey(schema: Schema, row: Row, before: Key | null): Key {
  const key = keyOf(schema, row);
  const order = before === null ? -1 : compareKeys(before, key);
  if (order > 0) throw commandError(301, 'Sort order violation: rows do not come in the order of the schema');
  if (order === 0 && schema.uniqueKeys) throw commandError(306, 'Duplicate key: the keys of the schema are unique');
  return key;
}

async function lastKey(cluster: Cluster, table: Node): Promise<Key | null> {
  const count = rowCount(table);
  if (keyColumns(table.schema).length === 0 || count === 0) return null;
  for await (const line of readChunks(cluster.chunks, table.chunks, { start: count - 1, end: count })) {
    return keyOf(table.schema, parseExact(line.toString('utf8')) as Row);
  }
  return null;
}
