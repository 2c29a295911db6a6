// Writing to the replica and making sure of it: what was written is looked up by key and compared before anybody relies on it.
import type { MatchingRecord } from '../machines/matching-record.ts';
import type { Context } from '../runtime/context.ts';
import { ServiceError } from '../runtime/errors.ts';
import type { OwnTable, YtRow } from '../runtime/yt.ts';
import { replicaTable, resultsCopy, rowText } from './copy-tables.ts';
import type { JobRun } from './job.ts';

export interface ReplicaRows {
  readonly table: OwnTable;
  readonly rows: readonly YtRow[];
}

/** Writes nothing in a dry run. Throws `copy_unverified` when the cluster does not hold what was written. */
export async function writeVerified({ ctx, unit }: JobRun, { table, rows }: ReplicaRows, signal: AbortSignal): Promise<void> {
  if (unit.lease === null) return;
  signal.throwIfAborted();
  await ctx.yt.copies.upsert(table, rows, { update: false }, signal);
  const found = await ctx.yt.copies.lookup(table, rows.map((row) => keyOf(table, row)), signal);
  const held = new Set(found.map((row) => rowText(table, row)));
  const missing = rows.filter((row) => !held.has(rowText(table, row)));
  if (missing.length > 0 || found.length !== rows.length) throw unverified(table, missing.length);
}

/** Of the keys, those that the replica knows; the rest of their rows stays as it was. */
export async function markDeleted({ yt }: Pick<Context, 'yt'>, table: OwnTable, keys: readonly string[], signal: AbortSignal): Promise<void> {
  if (keys.length === 0) return;
  const [key = ''] = table.key;
  const lookUp = (): Promise<unknown[]> => yt.copies.lookup(table, keys.map((value) => ({ [key]: value })), signal);
  const live = (await lookUp()).filter((row) => !isDeleted(row));
  if (live.length === 0) return;
  signal.throwIfAborted();
  await yt.copies.upsert(table, live.map((row) => ({ [key]: String((row as YtRow)[key]), deleted: true })), { update: true }, signal);
  const still = (await lookUp()).filter((row) => !isDeleted(row)).length;
  if (still > 0) throw unverified(table, still);
}

/** A rematch takes the figures of the match before away: their replica says so too. */
export async function dropClearedResults({ ctx, unit }: JobRun, matchings: readonly MatchingRecord[], signal: AbortSignal): Promise<void> {
  const rematched = matchings.filter(({ epoch }) => epoch > 1).map(({ id }) => id);
  if (unit.lease === null || rematched.length === 0) return;
  const kept = new Set((await ctx.store.results(rematched)).map(({ matchingId }) => matchingId));
  const table = replicaTable(ctx.config.yt.replicaDir, resultsCopy);
  await markDeleted(ctx, table, rematched.filter((id) => !kept.has(id)), signal);
}

function keyOf({ key }: OwnTable, row: YtRow): YtRow {
  return Object.fromEntries(key.map((name) => [name, row[name] ?? null]));
}

function isDeleted(row: unknown): boolean {
  return typeof row === 'object' && row !== null && (row as YtRow)['deleted'] === true;
}

function unverified({ path }: OwnTable, rows: number): ServiceError {
  return new ServiceError('copy_unverified', `${path}: ${rows} rows are not there as they were written`);
}
