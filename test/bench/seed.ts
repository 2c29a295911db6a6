// Matchings as the benches find them: with their moves and figures, as many pairs of people as asked for, in the service's own file.
import { parseMatchingId, personKey, type MatchingId } from '../../machines/ids.ts';
import type { MatchingRecord } from '../../machines/matching-record.ts';
import { Status } from '../../machines/status.ts';
import { readConfig } from '../../runtime/config/config.ts';
import { openStore } from '../../runtime/compose.ts';
import type { ProgressFigures, StoreTx } from '../../runtime/store.ts';
import { driver, personOf } from './people.ts';

export const figures: ProgressFigures = {
  rate_avg_7d: '4.91', rate_avg_14d: '4.93', avg_dp_7d: '87.5', avg_dp_14d: '90.1', sh_7d: '41.2', sh_14d: '83.0',
  correct_answers: '9', passed_test_flg: '1',
};

const moves = [
  { event: 'ENROLLED', to: Status.created },
  { event: 'APPLICATION_WRITTEN', to: Status.requested },
  { event: 'MATCHED', to: Status.matched },
  { event: 'MATCH_ANNOUNCED', to: Status.initialized },
  { event: 'PROGRESS_ANNOUNCED', to: Status.in_progress },
] as const;
const batch = 500;
const dayMs = 86_400_000;

/** The newbie of pair `index` is driver `2 * index`, its mentor the next. */
export function pairOf(index: number): { readonly newbie: number; readonly mentor: number } {
  return { newbie: 2 * index, mentor: 2 * index + 1 };
}

export async function seedPairs(environment: Readonly<Record<string, string>>, from: number, to: number): Promise<void> {
  const { store } = openStore(readConfig(environment).store);
  try {
    await store.migrate();
    for (let start = from; start < to; start += batch) {
      await store.transact(async (tx) => {
        for (let index = start; index < Math.min(start + batch, to); index += 1) await insertPair(tx, index);
      });
    }
  } finally {
    await store.close();
  }
}

async function insertPair(tx: StoreTx, index: number): Promise<void> {
  const record = matchingOf(index, await tx.now());
  await tx.insertMatching(record);
  await tx.claimPerson(personKey(record.newbieUdid, [record.newbie]), record.id);
  await tx.mergeResults(record.id, record.newbie, figures);
  for (const [place, { event, to }] of moves.entries()) {
    await tx.insertTransition({
      id: idOf(index, place + 1), matchingId: record.id, createdAt: record.createdAt + place * 1_000, from: moves[place - 1]?.to ?? null, to, event,
      actor: 'bench', epoch: place > 1 ? 1 : 0, version: place + 1, reason: null,
    });
  }
}

export function matchingOf(index: number, now: number): MatchingRecord {
  const { newbie, mentor } = pairOf(index);
  const at = now - 10 * dayMs;
  return {
    id: idOf(index, 0), createdAt: at, updatedAt: at, version: moves.length, status: Status.in_progress, statusSince: at, epoch: 1,
    newbie: driver(newbie), newbieUdid: personOf(driver(newbie)).udid, mentor: driver(mentor), mentorUdid: personOf(driver(mentor)).udid,
    matchedAt: at, originalConnectedAt: at, mentorPromocode: null, completedAt: null, newbieLastReadAt: null, mentorLastReadAt: null,
  };
}

/** Scattered as random UUIDs are, and the same in every run. */
function idOf(index: number, place: number): MatchingId {
  const scattered = Math.imul(index + 1, 0x9e3779b1) >>> 0;
  const id = parseMatchingId(`${scattered.toString(16).padStart(8, '0')}-${place.toString(16).padStart(4, '0')}-4000-8000-${index.toString(16).padStart(12, '0')}`);
  if (id === null) throw new TypeError('the bench names a matching that is none');
  return id;
}
