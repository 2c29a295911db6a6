// The funnel without counting: each transaction that moves matchings adds a row of differences under its own key, so that no two
// transactions meet; the rows are folded into one total per status now and then.
import type { MatchingId } from '../../../machines/ids.ts';
import { isStatus, type Status, statuses } from '../../../machines/status.ts';
import type { Store } from '../../store.ts';
import { perBucket } from './buckets.ts';
import type { YdbClient } from './client.ts';
import { reachedBit, readAs, readInteger, type StoredMatching } from './columns.ts';
import { bind, type Part } from './query.ts';
import type { Row } from './values.ts';
import type { MatchingWrite, StatusDelta, StatusDeltas, Writes } from './writes.ts';

/** No transaction has this for its id. */
const total = 'total';
const foldLimit = 1_000;
const countShape = { id: 'Utf8', status: 'Utf8' } as const;

export const countParts = {
  sums: {
    name: 'status_sums',
    parameters: {},
    body: 'SELECT status, SUM(reached) AS reached, SUM(present) AS present FROM status_counts GROUP BY status;',
    sets: 1,
  },
  oldest: {
    name: 'oldest_in_status',
    parameters: { status: 'Utf8' },
    body: perBucket((bucket) => `SELECT status_since FROM matchings VIEW by_status WHERE bucket = ${bucket} AND status = $status
ORDER BY bucket, status, status_since LIMIT 1;`),
    sets: 8,
  },
  peek: {
    name: 'peek_counts',
    parameters: { page_limit: 'Uint64' },
    body: `SELECT id, status FROM status_counts WHERE id != '${total}'u LIMIT $page_limit;`,
    sets: 1,
  },
  load: {
    name: 'load_counts',
    parameters: { folded: countShape },
    body: `SELECT t.id AS id, t.status AS status, t.reached AS reached, t.present AS present
FROM AS_TABLE($folded) AS k INNER JOIN status_counts AS t ON t.id = k.id AND t.status = k.status;`,
    sets: 1,
  },
  store: {
    name: 'store_counts',
    parameters: { gone: countShape, totals: { ...countShape, reached: 'Int64', present: 'Int64' } },
    body: `DELETE FROM status_counts ON SELECT id, status FROM AS_TABLE($gone);
UPSERT INTO status_counts (id, status, reached, present) SELECT id, status, reached, present FROM AS_TABLE($totals);`,
    sets: 0,
  },
} as const satisfies Record<string, Part>;

/** What the writes change, and the writes with the statuses that each matching has reached by then. */
export function countMoves(writes: Writes, before: ReadonlyMap<MatchingId, StoredMatching>): StatusDeltas {
  const deltas: StatusDeltas = new Map();
  for (const [id, write] of writes.matchings) {
    const was = before.get(id);
    if (was !== undefined) {
      writes.matchings.set(id, { ...write, seq: was.seq, reached: was.reached });
      deltaOf(deltas, was.record.status).present -= 1;
    }
    deltaOf(deltas, write.record.status).present += 1;
  }
  for (const { status } of writes.forgotten.values()) deltaOf(deltas, status).present -= 1;
  for (const { matchingId, to } of writes.transitions) countReached(writes, before.get(matchingId), { id: matchingId, to, deltas });
  return deltas;
}

interface Move {
  readonly id: MatchingId;
  readonly to: Status;
  readonly deltas: StatusDeltas;
}

function countReached(writes: Writes, stored: StoredMatching | undefined, { id, to, deltas }: Move): void {
  const unchanged: MatchingWrite | undefined = stored && { ...stored, expectedVersion: stored.record.version };
  const write = writes.matchings.get(id) ?? unchanged;
  if (write === undefined || (write.reached & reachedBit(to)) !== 0) return;
  writes.matchings.set(id, { ...write, reached: write.reached | reachedBit(to) });
  deltaOf(deltas, to).reached += 1;
}

function deltaOf(deltas: StatusDeltas, status: Status): StatusDelta {
  const delta = deltas.get(status) ?? { reached: 0, present: 0 };
  deltas.set(status, delta);
  return delta;
}

type Funnel = Awaited<ReturnType<Store['funnel']>>;

export async function readFunnel(client: Pick<YdbClient, 'read'>): Promise<Funnel> {
  const [sums, ...oldest] = await Promise.all([client.read([bind(countParts.sums, {})]), ...statuses.map((status) => oldestIn(client, status))]);
  const byStatus = new Map((sums.parts[0]?.[0] ?? []).map((row) => [readAs(row, 'status', isStatus), row]));
  return Object.fromEntries(statuses.map((status, index) => {
    const row = byStatus.get(status) ?? { reached: 0, present: 0 };
    return [status, { reached: readInteger(row, 'reached'), present: readInteger(row, 'present'), oldestSince: oldest[index] ?? null }];
  })) as Funnel;
}

async function oldestIn(client: Pick<YdbClient, 'read'>, status: Status): Promise<number | null> {
  const { parts } = await client.read([bind(countParts.oldest, { status })]);
  const moments = (parts[0] ?? []).flat().map((row) => readInteger(row, 'status_since'));
  return moments.length === 0 ? null : Math.min(...moments);
}

/** Answers how many rows of differences were folded. The keys are peeked first, because reading a range would meet every writer. */
export async function foldCounts(client: YdbClient): Promise<number> {
  const peeked = await client.read([bind(countParts.peek, { page_limit: foldLimit })]);
  const keys = (peeked.parts[0]?.[0] ?? []).map((row) => ({ id: String(row['id']), status: String(row['status']) }));
  if (keys.length === 0) return 0;
  return client.transaction(async ({ run }) => {
    const wanted = [...keys, ...statuses.map((status) => ({ id: total, status }))];
    const { parts } = await run([bind(countParts.load, { folded: wanted })]);
    const present = parts[0]?.[0] ?? [];
    // Rows that another process has folded meanwhile are in its total.
    const gone = present.filter((row) => row['id'] !== total).map((row) => ({ id: String(row['id']), status: String(row['status']) }));
    await run([bind(countParts.store, { gone, totals: statuses.map((status) => totalOf(status, present)) })]);
    return { commit: true, result: gone.length };
  });
}

function totalOf(status: Status, rows: readonly Row[]): { id: string; status: Status; reached: number; present: number } {
  const own = rows.filter((row) => row['status'] === status);
  const sum = (column: string): number => own.reduce((added, row) => added + readInteger(row, column), 0);
  return { id: total, status, reached: sum('reached'), present: sum('present') };
}
