// Copies of our rows: upserts into sorted dynamic tables, and batches appended to static ones exactly once.
import type { Transaction, YtClient } from 'ytsaurus-client';
import { z } from 'zod';
import { ServiceError } from '../errors.ts';
import type { Batch, BatchPlace, Copies, OwnTable, YtRow } from '../yt.ts';
import { isAbsent } from './failure.ts';
import { ensureDocument, ensureTable } from './own-nodes.ts';
import { patiently, type Patience } from './patience.ts';

/** A tenth of what one tablet transaction may hold. */
const rowsPerCall = 10_000;

export interface CopiesDeps {
  readonly client: YtClient;
  readonly patience: Patience;
}

export function createCopies({ client, patience }: CopiesDeps): Copies {
  const made = new Set<string>();
  const writing = async <Result>(tables: readonly OwnTable[], work: () => Promise<Result>, signal?: AbortSignal): Promise<Result> => {
    try {
      for (const table of tables.filter(({ path }) => !made.has(path))) {
        await ensureTable(client, table, signal);
        made.add(table.path);
      }
      return await work();
    } catch (error) {
      // Somebody may have removed the tables: the next write looks again.
      made.clear();
      throw error;
    }
  };
  return {
    upsert: (table, rows, { update }, signal) => writing([table], async () => {
      for (const piece of piecesOf(rows)) await client.insertRows(table.path, piece, { update }, signal);
    }, signal),
    lookup: (table, keys, signal) => lookup(client, table, keys, signal),
    append: (ledger, batch, signal) => writing(batch.parts.map(({ table }) => table), async () => {
      await ensureDocument(client, ledger, signal);
      const once = (transaction: Transaction): Promise<BatchPlace[]> => appendOnce(client, { ledger, batch, transaction }, signal);
      const append = (): Promise<BatchPlace[]> => client.inTransaction({ title: `append ${batch.id}` }, once, signal);
      return patiently(patience, append, signal);
    }, signal),
    lastBatch: async (ledger, signal) => (await readLedger(client, ledger, {}, signal))?.batch ?? null,
    rowsAt: (place, signal) => rowsAt(client, place, signal),
  };
}

function* piecesOf<Item>(items: readonly Item[]): Generator<readonly Item[]> {
  for (let from = 0; from < items.length; from += rowsPerCall) yield items.slice(from, from + rowsPerCall);
}

async function lookup(client: YtClient, table: OwnTable, keys: readonly YtRow[], signal?: AbortSignal): Promise<unknown[]> {
  const found: unknown[] = [];
  try {
    for (const piece of piecesOf(keys)) found.push(...(await client.lookupRows(table.path, piece, {}, signal)));
  } catch (error) {
    if (!isAbsent(error)) throw error;
    return [];
  }
  return found;
}

const ledgerSchema = z.object({
  batch: z.string(),
  places: z.array(z.object({ path: z.string(), startRow: z.int(), rowCount: z.int() })),
});
type Ledger = z.output<typeof ledgerSchema>;

/** Null for a ledger that is absent or was never written. */
async function readLedger(
  client: YtClient,
  path: string,
  options: { readonly transactionId?: string },
  signal?: AbortSignal,
): Promise<Ledger | null> {
  try {
    const value = await client.get(path, options, signal);
    if (value === null) return null;
    const decoded = ledgerSchema.safeParse(value);
    if (!decoded.success) throw new ServiceError('record_corrupt', `${path}: the ledger is malformed`);
    return decoded.data;
  } catch (error) {
    if (isAbsent(error)) return null;
    throw error;
  }
}

interface Appending {
  readonly ledger: string;
  readonly batch: Batch;
  readonly transaction: Transaction;
}

/**
 * The ledger says what was committed: it changes in the same transaction as the tables, under its lock. A writer that slept while
 * others went on finds a batch there that is neither its own nor the one before its own.
 */
async function appendOnce(client: YtClient, { ledger, batch, transaction }: Appending, outer?: AbortSignal): Promise<BatchPlace[]> {
  const signal = outer === undefined ? transaction.signal : AbortSignal.any([transaction.signal, outer]);
  const inside = { transactionId: transaction.id };
  await client.lock(ledger, { mode: 'exclusive', ...inside }, signal);
  const last = await readLedger(client, ledger, inside, signal);
  if (last?.batch === batch.id) return last.places;
  if (last !== null && last.batch !== batch.after) throw new ServiceError('lock_lost', `${ledger}: another writer has gone on`);
  const places: BatchPlace[] = [];
  for (const { table: { path }, rows } of batch.parts) {
    // Nobody else may append meanwhile, or the rows would stand elsewhere.
    await client.lock(path, { mode: 'exclusive', ...inside }, signal);
    const startRow = z.int().parse(await client.get(`${path}/@row_count`, inside, signal));
    await client.writeTable(path, rows, { append: true, ...inside }, signal);
    places.push({ path, startRow, rowCount: rows.length });
  }
  await client.set(ledger, { batch: batch.id, places }, inside, signal);
  return places;
}

async function rowsAt(client: YtClient, { path, startRow, rowCount }: BatchPlace, signal?: AbortSignal): Promise<unknown[]> {
  const rows: unknown[] = [];
  if (rowCount === 0) return rows;
  const snapshot = await client.snapshot(path, {}, signal);
  try {
    if (snapshot.rowCount <= startRow) return rows;
    for await (const row of snapshot.rows({ startRow }, signal)) {
      rows.push(row);
      if (rows.length === rowCount) break;
    }
    return rows;
  } finally {
    await snapshot.release();
  }
}
