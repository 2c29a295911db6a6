// The reading of the distribution table: which rows are fresh, which of them the store does not know yet. Where these are few they are kept,
// and the table need not be read again to apply them; where they are many they are not, because memory must not grow with the table.
import { profileKey } from '../machines/ids.ts';
import type { EpochMs } from '../machines/matching-record.ts';
import type { TableSnapshot } from '../runtime/yt.ts';
import { batchSize } from './batches.ts';
import { unappliedRows } from './connection-plans.ts';
import type { JobRun } from './job.ts';
import { createNewestRows, type NewestRows } from './newest-rows.ts';
import type { ConnectionRow, Decoded } from './rows.ts';

export interface ConnectionTable {
  readonly table: TableSnapshot;
  readonly decode: (raw: unknown) => Decoded<ConnectionRow>;
  /** Rows at or before this moment were applied by earlier runs. */
  readonly from: EpochMs;
}

export interface NumberedRow {
  readonly row: ConnectionRow;
  readonly index: number;
}

/** What a scan has found. */
export interface FreshRows {
  readonly newest: NewestRows;
  /** How many fresh rows are not among `rows()`, because the store has applied them. */
  readonly left: number;
  readonly size: number;
  /** In the table's order; may be walked again. */
  rows(): AsyncIterable<NumberedRow> | Iterable<NumberedRow>;
}

export interface FreshRowScan {
  /** Takes the next fresh row. Waits for the store only when a batch is full. */
  add(row: ConnectionRow, index: number): Promise<void> | null;
  end(): Promise<FreshRows>;
}

/** A few megabytes of rows. */
const mostKept = 8_192;

export function scanFreshRows({ ctx }: JobRun, source: ConnectionTable): FreshRowScan {
  const newest = createNewestRows();
  let kept: NumberedRow[] | null = [];
  let waiting: NumberedRow[] = [];
  let size = 0;
  const sift = async (): Promise<void> => {
    const batch = waiting;
    waiting = [];
    if (kept === null || batch.length === 0) return;
    const unapplied = new Set(await unappliedRows(ctx, batch.map(({ row }) => row)));
    kept.push(...batch.filter(({ row }) => unapplied.has(row)));
    if (kept.length > mostKept) kept = null;
  };
  return {
    add: (row, index) => {
      newest.note(profileKey(row.newbie), row.connectedAt, index);
      size += 1;
      if (kept === null) return null;
      waiting.push({ row, index });
      return waiting.length >= batchSize ? sift() : null;
    },
    end: async () => {
      await sift();
      const few = kept;
      return few === null
        ? { newest, size, left: 0, rows: () => freshRows(source) }
        : { newest, size, left: size - few.length, rows: () => few };
    },
  };
}

async function* freshRows({ table, decode, from }: ConnectionTable): AsyncGenerator<NumberedRow, void> {
  let index = 0;
  for await (const raw of table.rows()) {
    const decoded = decode(raw);
    if ('row' in decoded && decoded.row.connectedAt > from) yield { row: decoded.row, index };
    index += 1;
  }
}
