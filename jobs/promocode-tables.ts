// Where promocodes come from: the directory's tables not read at their present revision (A16), and the codes that came too early.
import { z } from 'zod';
import { parseProfileKey } from '../machines/ids.ts';
import type { Context } from '../runtime/context.ts';
import { ServiceError } from '../runtime/errors.ts';
import type { JobRun } from './job.ts';
import { countMissing } from './missing-table.ts';
import { JobName } from './report.ts';
import { readJobState, writeJobState } from './job-state.ts';
import { pagesOf } from './pages.ts';
import { createRejectLog, RejectSource } from './rejects.ts';
import { decodePromocode, promocodeColumns, type PromocodeRow } from './rows.ts';

const stateName = `${JobName['finish-programme']}:tables`;
const tablesSchema = z.record(z.string(), z.string());

/** Revision by table name. */
type Tables = z.output<typeof tablesSchema>;

export interface PromocodeSource {
  readonly rows: readonly PromocodeRow[];
  /** What to remember once the rows are applied. */
  readonly tables: Tables;
}

export async function readNewTables(run: JobRun, signal: AbortSignal): Promise<PromocodeSource> {
  const { store, yt, config } = run.ctx;
  const known = (await readJobState(store, stateName, tablesSchema)) ?? {};
  const earliest = (await store.now()) - config.programme.promocodeLookbackMs;
  const present = await yt.listTables(config.yt.promocodesDir, signal);
  // The CRM makes the directory with its first codes.
  if (present === null) countMissing(run, { source: RejectSource.promocodes, path: config.yt.promocodesDir });
  const listed = recentTables(present ?? [], earliest);
  const rows: PromocodeRow[] = [];
  const gone = new Set<string>();
  for (const { name } of listed.filter((table) => known[table.name] !== table.revision)) {
    const found = await readTable(run, name, signal);
    if (found === null) gone.add(name);
    else rows.push(...found);
    run.tally.add('tables', 1);
  }
  return { rows, tables: Object.fromEntries(listed.filter(({ name }) => !gone.has(name)).map(({ name, revision }) => [name, revision])) };
}

export async function rememberTables({ unit }: JobRun, tables: Tables, signal: AbortSignal): Promise<void> {
  await unit.commit((tx) => writeJobState<typeof tablesSchema>(tx, stateName, tables), signal);
}

interface ListedTable {
  readonly name: string;
  readonly revision: string;
}

const dayMs = 86_400_000;
const nameForm = /^finished_promocodes_to_add_.*_(\d{4}-\d{2}-\d{2})$/;

/** By the date in the name, oldest first: it is the CRM's date of the codes, while a revision only tells of the last write. */
function recentTables(listed: readonly ListedTable[], earliest: number): ListedTable[] {
  const dated = listed.flatMap((table) => {
    const day = Date.parse(nameForm.exec(table.name)?.[1] ?? '');
    return Number.isNaN(day) || day + dayMs <= earliest ? [] : [{ table, day }];
  });
  return dated.sort((a, b) => a.day - b.day || compare(a.table.name, b.table.name)).map(({ table }) => table);
}

/** What means something in a YPath stands for itself: the names are the CRM's. https://ytsaurus.tech/docs/en/user-guide/storage/ypath */
function literally(name: string): string {
  return name.replaceAll(/[\\/@&*[{]/g, String.raw`\$&`);
}

/** Null for a table that the CRM removed after it was listed: the other tables and the deadlines do not wait for it. */
async function readTable(run: JobRun, name: string, signal: AbortSignal): Promise<PromocodeRow[] | null> {
  const { store, yt, config } = run.ctx;
  const rejects = createRejectLog(run, RejectSource.promocodes, await store.now());
  const rows: PromocodeRow[] = [];
  const path = `${config.yt.promocodesDir}/${literally(name)}`;
  try {
    await yt.readTable(path, promocodeColumns, async (table) => {
      rows.length = 0;
      for await (const raw of table.rows()) {
        run.tally.row();
        const decoded = decodePromocode(raw);
        if ('row' in decoded) rows.push(decoded.row);
        else await rejects.add(raw, decoded, signal);
      }
    }, signal);
  } catch (error) {
    if (!(error instanceof ServiceError) || error.code !== 'yt_table_missing') throw error;
    run.tally.add('tables_gone', 1);
    return null;
  }
  await rejects.flush(signal);
  return inFixedOrder(rows);
}

/** A mentor's codes go to his matchings one by one, so the outcome must not depend on the order of the table's rows (S6). */
function inFixedOrder(rows: readonly PromocodeRow[]): PromocodeRow[] {
  return [...rows].sort((a, b) => compare(a.entity, b.entity) || compare(a.promocode, b.promocode));
}

/** The codes kept for matchings that were not finished yet, the oldest first. */
export async function pendingPromocodes(ctx: Context, signal: AbortSignal): Promise<PromocodeRow[]> {
  const rows: (PromocodeRow & { readonly firstSeenAt: number })[] = [];
  for await (const page of pagesOf((request) => ctx.store.pendingPromocodes(request), signal)) {
    for (const { entity, promocode, firstSeenAt } of page) {
      const profile = parseProfileKey(entity);
      if (profile === null) throw new ServiceError('record_corrupt', 'pending promocode: entity is not a profile');
      rows.push({ entity, profile, promocode, firstSeenAt });
    }
  }
  return rows.sort((a, b) => a.firstSeenAt - b.firstSeenAt || compare(a.entity, b.entity) || compare(a.promocode, b.promocode));
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
