// S8: what leaves the database stands in the archive, every row of it, as it was.
import { profileKey } from '../../../machines/ids.ts';
import type { MatchingRecord } from '../../../machines/matching-record.ts';
import type { YtRow } from '../../../runtime/yt.ts';
import type { Change } from '../memory-store/tables.ts';
import type { World } from '../world.ts';

export function checkArchived(world: World, changes: readonly Change[], id: string): void {
  const { archiveDir } = world.config.yt;
  const rows = (table: string): readonly YtRow[] => world.cluster.staticRows(`${archiveDir}/${table}`);
  const lacks = (what: string): void => world.violate('S8', `${id} was deleted, and the archive lacks ${what}`);
  for (const change of changes) {
    if (change.after !== null || change.before === null) continue;
    if (change.table === 'matchings' && change.key === id) {
      const { before } = change;
      if (!rows('matchings').some((row) => isCopy(row, before))) lacks('the row as it was');
      if (before.status !== 'succeed' && before.status !== 'failed') world.violate('S8', `${id} was deleted in ${before.status}`);
      world.count('move: archived');
    }
    if (change.table === 'transitions' && change.key === id) {
      const archived = new Set(rows('status_transitions').map((row) => `${row['id']} ${row['to']} ${row['version']}`));
      for (const { id: transition, to, version } of change.before) {
        if (!archived.has(`${transition} ${to} ${version}`)) lacks(`transition ${version}`);
      }
    }
    if (change.table === 'results' && change.key === id) {
      const { figures } = change.before;
      if (!rows('results').some((row) => row['matching_id'] === id && Object.entries(figures).every(([name, value]) => row[name] === value))) lacks('the figures');
    }
    if (change.table === 'history' && change.before.matchingId === id) {
      const { epoch } = change.before;
      if (!rows('results_history').some((row) => row['matching_id'] === id && row['epoch'] === epoch)) lacks(`the figures of match ${epoch}`);
    }
  }
}

function isCopy(row: YtRow, record: MatchingRecord): boolean {
  const mentor = record.mentor === null ? null : profileKey(record.mentor);
  return row['id'] === record.id && row['version'] === record.version && row['status'] === record.status && row['epoch'] === record.epoch
    && `${row['mentor_park_id']}_${row['mentor_driver_id']}` === mentor && row['mentor_promocode'] === record.mentorPromocode;
}
