// From CRM connections to what shall be done about each: whose matching it is, whether it says anything new, and the writing of it.
import { profileKey, type Profile, type ProfileKey } from '../machines/ids.ts';
import type { EpochMs, MatchingRecord } from '../machines/matching-record.ts';
import type { Context } from '../runtime/context.ts';
import { dispatchIn, type Command, type Outcome } from '../runtime/mentorship/dispatch.ts';
import { enrolIn, newMatchingId } from '../runtime/mentorship/enroll.ts';
import type { StoreTx } from '../runtime/store.ts';
import type { Person } from '../runtime/upstream.ts';
import { readBatch } from './archive-batch.ts';
import type { JobRun } from './job.ts';
import { expandPeople, type People } from './people.ts';
import { rejectRecord, RejectSource } from './rejects.ts';
import type { ConnectionRow } from './rows.ts';

type RejectReason = 'unknown_newbie' | 'self_match' | 'unreadable_person';

export type Plan =
  | { readonly kind: 'match'; readonly row: ConnectionRow; readonly mentor: Person; readonly record: MatchingRecord }
  /** The newbie never enrolled here, and CREATE_MISSING_FROM_CRM is on. */
  | { readonly kind: 'enrol'; readonly row: ConnectionRow; readonly mentor: Person; readonly newbie: Person }
  | { readonly kind: 'reject'; readonly row: ConnectionRow; readonly newbie: Person; readonly reason: RejectReason };

export interface PlannedRows {
  readonly rows: readonly ConnectionRow[];
  /** Whether the table holds a newer row for the same person. */
  readonly isSuperseded: (row: ConnectionRow, newbie: Person) => boolean;
}

/** Plans in the order of the rows; rows that say nothing new have none. */
export async function planBatch(ctx: Context, { rows, isSuperseded }: PlannedRows, signal: AbortSignal): Promise<Plan[]> {
  // Most rows of an overlap were applied before: seen by the newbie's own profile, they cost no call of driver-profiles.
  const own = await matchingsByNewbie(ctx, rows.map((row) => row.newbie));
  const fresh = rows.filter((row) => !isApplied(row, own.get(profileKey(row.newbie)) ?? []));
  const people = await expandPeople(ctx.upstreams.driverProfiles, fresh.flatMap((row) => [row.newbie, row.mentor]), signal);
  const newest = fresh.filter((row) => !isSuperseded(row, people.personOf(row.newbie)));
  const asked = new Set(rows.map((row) => profileKey(row.newbie)));
  const further = newest.flatMap((row) => people.personOf(row.newbie).profiles).filter((profile) => !asked.has(profileKey(profile)));
  const matchings = new Map([...own, ...(await matchingsByNewbie(ctx, further))]);
  const createsFrom = await firstCreatable(ctx);
  return newest.flatMap((row) => {
    const records = profilesOf(row.newbie, people).flatMap((profile) => matchings.get(profileKey(profile)) ?? []);
    return isApplied(row, records) ? [] : [planRow(row, people, records, createsFrom)];
  });
}

/**
 * Newbies of rows from this moment on are enrolled when they are missing. Once anything was archived, one of an older row may be missing
 * because his matching was: he must not begin anew because the CRM wrote its table again.
 */
async function firstCreatable(ctx: Context): Promise<EpochMs> {
  const { store, config: { programme } } = ctx;
  if (!programme.createMissingFromCrm) return Infinity;
  return (await readBatch({ ctx })) === null ? -Infinity : (await store.now()) - programme.archiveAfterMs;
}

/** Rows that are news to the newbie's own matchings. */
export async function unappliedRows(ctx: Context, rows: readonly ConnectionRow[]): Promise<ConnectionRow[]> {
  const own = await matchingsByNewbie(ctx, rows.map((row) => row.newbie));
  return rows.filter((row) => !isApplied(row, own.get(profileKey(row.newbie)) ?? []));
}

function planRow(row: ConnectionRow, { personOf, isUnreadable }: People, records: readonly MatchingRecord[], createsFrom: EpochMs): Plan {
  const [newbie, mentor] = [personOf(row.newbie), personOf(row.mentor)];
  const record = newestOf(records);
  if (isUnreadable(row.newbie) || isUnreadable(row.mentor)) return { kind: 'reject', row, newbie, reason: 'unreadable_person' };
  if (isSamePerson(newbie, mentor, row.mentor)) return { kind: 'reject', row, newbie, reason: 'self_match' };
  if (record !== null) return { kind: 'match', row, mentor, record };
  if (row.connectedAt >= createsFrom) return { kind: 'enrol', row, mentor, newbie };
  return { kind: 'reject', row, newbie, reason: 'unknown_newbie' };
}

/** Runs inside the caller's transaction. Outcomes of enrolments stand before those of matches. */
export async function carryOut(tx: StoreTx, run: JobRun, plans: readonly Plan[]): Promise<Outcome[]> {
  const { ctx, unit } = run;
  const seenAt = await tx.now();
  await tx.insertRejects(plans.flatMap((plan) => (plan.kind === 'reject' ? [rejectOf(plan, seenAt)] : [])));
  const outcomes: Outcome[] = [];
  const commands: Command[] = [];
  for (const plan of plans) {
    if (plan.kind === 'reject') continue;
    const event = { type: 'MATCHED', mentor: plan.row.mentor, mentorUdid: plan.mentor.udid, connectedAt: plan.row.connectedAt } as const;
    if (plan.kind === 'match') {
      commands.push({ matchingId: plan.record.id, event });
      continue;
    }
    const command = { matchingId: newMatchingId(ctx.newId), newbie: plan.row.newbie, person: plan.newbie, cause: unit.cause };
    const enrolment = await enrolIn(tx, ctx, command);
    outcomes.push(...enrolment.outcomes);
    commands.push({ matchingId: enrolment.record.id, event });
  }
  return [...outcomes, ...(await dispatchIn(tx, ctx, commands, unit.cause))];
}

function rejectOf({ row, reason }: Extract<Plan, { kind: 'reject' }>, seenAt: number) {
  const [newbie, mentor] = [profileKey(row.newbie), profileKey(row.mentor)];
  const detail = reason === 'unknown_newbie' ? `newbie ${newbie}` : `newbie ${newbie}, mentor ${mentor}`;
  return rejectRecord({ source: RejectSource.distribution, row: { newbie, mentor, connectedAt: row.connectedAt }, reason, detail }, seenAt);
}

async function matchingsByNewbie({ store }: Context, newbies: readonly Profile[]): Promise<Map<ProfileKey, MatchingRecord[]>> {
  const byNewbie = new Map<ProfileKey, MatchingRecord[]>();
  if (newbies.length === 0) return byNewbie;
  for (const record of await store.matchingsOfNewbies(newbies)) {
    const key = profileKey(record.newbie);
    byNewbie.set(key, [...(byNewbie.get(key) ?? []), record]);
  }
  return byNewbie;
}

/** An equal date is the same row read again (A6). */
function isApplied(row: ConnectionRow, records: readonly MatchingRecord[]): boolean {
  return records.some(({ originalConnectedAt }) => originalConnectedAt !== null && originalConnectedAt >= row.connectedAt);
}

function profilesOf(profile: Profile, { personOf }: People): Profile[] {
  const key = profileKey(profile);
  return [profile, ...personOf(profile).profiles.filter((other) => profileKey(other) !== key)];
}

function isSamePerson(newbie: Person, mentor: Person, mentorProfile: Profile): boolean {
  if (newbie.udid !== null && newbie.udid === mentor.udid) return true;
  const key = profileKey(mentorProfile);
  return newbie.profiles.some((profile) => profileKey(profile) === key);
}

function newestOf(records: readonly MatchingRecord[]): MatchingRecord | null {
  return records.reduce<MatchingRecord | null>((newest, one) => (newest === null || one.createdAt > newest.createdAt ? one : newest), null);
}
