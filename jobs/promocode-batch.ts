// One batch of promocodes in one transaction: codes are stored with the tasks that announce them, early ones are kept, others rejected.
import { EventType } from '../machines/events.ts';
import { profileKey, type MatchingId, type Profile } from '../machines/ids.ts';
import type { EpochMs, MatchingRecord } from '../machines/matching-record.ts';
import { announcedStatus } from '../machines/step.ts';
import type { Context } from '../runtime/context.ts';
import { announceTask } from '../runtime/mentorship/effects.ts';
import type { StoreTx } from '../runtime/store.ts';
import type { JobRun } from './job.ts';
import type { JobChange } from './report.ts';
import { expandPeople, uniqueProfiles, type People } from './people.ts';
import { ruleOn, type OwnMatchings, type Ruling } from './promocode-owner.ts';
import { rejectRecord, RejectSource } from './rejects.ts';
import type { PromocodeRow } from './rows.ts';

export async function applyPromocodes(run: JobRun, rows: readonly PromocodeRow[], signal: AbortSignal): Promise<void> {
  const { ctx, unit, tally } = run;
  const people = await expandPeople(ctx.upstreams.driverProfiles, rows.map((row) => row.profile), signal);
  const settled = await unit.commit((tx) => settleRows(tx, ctx, rows, people), signal);
  tally.addEach(settled.rulings.map((ruling) => countNames[ruling]));
  unit.foresee(settled.granted);
}

const countNames = {
  known: 'unchanged',
  grant: 'promocodes',
  wait: 'pending',
  reject: 'rejected',
} satisfies Record<Ruling['ruling'], string>;

interface Settled {
  readonly rulings: readonly Ruling['ruling'][];
  readonly granted: readonly JobChange[];
}

/** The person's matchings as they are after the rows taken so far. */
interface Scene {
  readonly now: EpochMs;
  readonly records: Map<MatchingId, MatchingRecord>;
  readonly granted: JobChange[];
}

async function settleRows(tx: StoreTx, ctx: Context, rows: readonly PromocodeRow[], people: People): Promise<Settled> {
  const { personOf, isUnreadable } = people;
  const profiles = uniqueProfiles(rows.flatMap((row) => [row.profile, ...personOf(row.profile).profiles]));
  const [now, asNewbies, asMentors] = await Promise.all([tx.now(), tx.matchingsOfNewbies(profiles), tx.matchingsOfMentors(profiles)]);
  const scene: Scene = { now, records: new Map([...asNewbies, ...asMentors].map((record) => [record.id, record])), granted: [] };
  const ownOf = ownership([...scene.records.values()]);
  const rulings: Ruling['ruling'][] = [];
  for (const row of rows) {
    const own = ownOf(uniqueProfiles([row.profile, ...personOf(row.profile).profiles]), scene);
    // The code is not lost with a reply that may be mended.
    const ruling = isUnreadable(row.profile) ? ({ ruling: 'wait' } as const) : ruleOn(row.promocode, own, ctx.config.programme);
    await enact(tx, scene, row, ruling);
    rulings.push(ruling.ruling);
  }
  return { rulings, granted: scene.granted };
}

type OwnOf = (profiles: readonly Profile[], scene: Scene) => OwnMatchings;

/** Who is on which side never changes within the batch; what the rows hold does. */
function ownership(records: readonly MatchingRecord[]): OwnOf {
  const newbies = Map.groupBy(records, (record) => profileKey(record.newbie));
  const mentors = Map.groupBy(records, (record) => (record.mentor === null ? null : profileKey(record.mentor)));
  return (profiles, scene) => {
    const present = (record: MatchingRecord): MatchingRecord => scene.records.get(record.id) ?? record;
    const keys = profiles.map(profileKey);
    return {
      asNewbie: keys.flatMap((key) => newbies.get(key) ?? []).map(present),
      asMentor: keys.flatMap((key) => mentors.get(key) ?? []).map(present),
    };
  };
}

async function enact(tx: StoreTx, scene: Scene, row: PromocodeRow, ruling: Ruling): Promise<void> {
  const { entity, promocode } = row;
  if (ruling.ruling === 'wait') {
    await tx.putPendingPromocode({ entity, promocode, firstSeenAt: scene.now });
    return;
  }
  await tx.deletePendingPromocode(entity, promocode);
  if (ruling.ruling === 'reject') await tx.insertRejects([rejectOf(row, ruling.reason, scene.now)]);
  if (ruling.ruling === 'grant') for (const record of ruling.matchings) await grant(tx, scene, record, promocode);
}

/** The status stays: it moves when the mentor was told (A23). */
async function grant(tx: StoreTx, scene: Scene, record: MatchingRecord, promocode: string): Promise<void> {
  const next = { ...record, mentorPromocode: promocode, version: record.version + 1, updatedAt: scene.now };
  await tx.updateMatching(next, record);
  await tx.enqueue(announceTask(record.id, EventType.PROMOCODE_ANNOUNCED, record.epoch));
  scene.records.set(record.id, next);
  const to = announcedStatus[EventType.PROMOCODE_ANNOUNCED];
  scene.granted.push({ matchingId: record.id, event: EventType.PROMOCODE_ANNOUNCED, from: record.status, to });
}

function rejectOf({ entity, promocode }: PromocodeRow, reason: string, seenAt: EpochMs) {
  const row = { entity_id: entity, promocode };
  return rejectRecord({ source: RejectSource.promocodes, row, reason, detail: `entity ${entity}` }, seenAt);
}
