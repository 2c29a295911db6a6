// Completed matchings in a scene's database, as they are months later, and the tables that they are copied to.
import type { MatchingId } from '../../machines/ids.ts';
import type { MatchingRecord } from '../../machines/matching-record.ts';
import { Status } from '../../machines/status.ts';
import { figures, matchedRecord, transitionRecord } from '../suites/records.ts';
import { dayMs, type Scene } from '../suites/scene.ts';

/** With two transitions, figures and the figures of an earlier match; completed so many days ago. */
export async function insertCompleted(scene: Scene, count: number, overrides: Partial<MatchingRecord> = {}): Promise<MatchingId[]> {
  const now = await scene.ctx.store.now();
  const records = Array.from({ length: count }, (_, index) => {
    const at = now - 91 * dayMs + index;
    return matchedRecord({ status: Status.succeed, version: 7, epoch: 2, completedAt: at, statusSince: at, updatedAt: at, ...overrides });
  });
  for (let from = 0; from < records.length; from += 500) {
    await scene.ctx.store.transact(async (tx) => {
      for (const record of records.slice(from, from + 500)) {
        const moved = { createdAt: record.updatedAt, to: record.status, version: 7 } as const;
        await tx.insertMatching(record);
        await tx.insertTransition(transitionRecord(record.id, { createdAt: record.createdAt }));
        await tx.insertTransition(transitionRecord(record.id, { ...moved, from: Status.finished, event: 'PROMOCODE_ANNOUNCED' }));
        await tx.mergeResults(record.id, record.newbie, figures({ sh_7d: 'first match' }));
        await tx.retireResults(record.id, 1);
        await tx.mergeResults(record.id, record.newbie, figures({ sh_7d: '40', rate_avg_14d: '4.90' }));
      }
    });
  }
  return records.map(({ id }) => id);
}

export type CopiedRow = Readonly<Record<string, string | number | boolean | null>>;

/** All rows of a table; none when it was not made. */
export async function rowsIn(scene: Scene, directory: 'replicaDir' | 'archiveDir', table: string): Promise<CopiedRow[]> {
  const path = `${scene.config.yt[directory]}/${table}`;
  return scene.yt.tree.exists(path) ? ((await scene.yt.tree.readRows(path)) as CopiedRow[]) : [];
}

export async function archivedIds(scene: Scene): Promise<string[]> {
  return (await rowsIn(scene, 'archiveDir', 'matchings')).map((row) => String(row['id'])).sort();
}

export async function storedIds(scene: Scene): Promise<MatchingId[]> {
  return (await scene.ctx.store.listMatchings({}, { limit: 10_000, cursor: null })).items.map(({ id }) => id).sort();
}
