// Taking part: one live matching per person, however many phones and fleets ask at once. While the store is away the wish is kept in
// the spool of this process (resolution A1) and brought to the store later, by the same transaction.
import { createHash } from 'node:crypto';
import { parseMatchingId, personKey, profileKey, type MatchingId, type Profile } from '../../machines/ids.ts';
import type { EpochMs, MatchingRecord } from '../../machines/matching-record.ts';
import { Status } from '../../machines/status.ts';
import type { Context } from '../context.ts';
import { asServiceError, ServiceError } from '../errors.ts';
import type { SpoolEntry } from '../spool.ts';
import type { StoreTx } from '../store.ts';
import { recordedTrace } from '../trace.ts';
import type { Person } from '../upstream.ts';
import { withinTime } from './deadline.ts';
import { countOutcomes, dispatchIn, type Cause, type DispatchPorts, type Outcome } from './dispatch.ts';
import type { EnrolResult } from './participant.ts';

export interface EnrolRequest {
  readonly caller: Profile;
  /** A key that the client repeats with its retries, or null. */
  readonly idempotencyKey: string | null;
}

export interface Enrolment {
  readonly outcome: 'created' | 'existing';
  readonly record: MatchingRecord;
  readonly outcomes: readonly Outcome[];
}

/**
 * `person` is fresh from driver-profiles. Throws `spool_full` or `spool_unavailable` when the enrolment could be made durable neither
 * in the store nor in the spool.
 */
export async function enrol(ctx: Context, person: Person, request: EnrolRequest, signal?: AbortSignal): Promise<EnrolResult> {
  const wish = wishOf(ctx, person, request);
  const waiting = ctx.spool.find({ ...person, profiles: withProfile(person.profiles, request.caller) });
  try {
    const made = await withinTime(ctx.config.spool.afterMs, (limit) => fulfil(ctx, waiting === null ? wish : wishOfEntry(waiting, wish), limit), signal);
    ctx.metrics.enrolments.inc({ outcome: made.outcome });
    const { id, status, statusSince } = made.record;
    return { outcome: made.outcome, participation: { matchingId: id, status, since: statusSince } };
  } catch (error) {
    if (asServiceError(error).code !== 'store_unavailable') throw error;
    const kept = await keepInSpool(ctx, wish);
    ctx.metrics.enrolments.inc({ outcome: 'spooled' });
    return { outcome: 'spooled', participation: { matchingId: kept.matchingId, status: Status.created, since: kept.askedAt } };
  }
}

/** The commit may have happened unknown to us: the same matching id says so when the spool is emptied. */
function keepInSpool({ spool }: Context, { matchingId, newbie, person, idempotencyKeys }: Wish): Promise<SpoolEntry> {
  return spool.keep({ matchingId, newbie, udid: person.udid, profiles: withProfile(person.profiles, newbie), idempotencyKey: idempotencyKeys[0] ?? null });
}

/** What somebody asked for, ready to be done in one transaction, any number of times. */
interface Wish {
  readonly matchingId: MatchingId;
  readonly newbie: Profile;
  readonly person: Person;
  readonly idempotencyKeys: readonly string[];
  /** Of a spooled wish. */
  readonly askedAt?: EpochMs;
  /** Whether YT has the application already. */
  readonly isFormed: boolean;
}

function wishOf(ctx: Context, person: Person, { caller, idempotencyKey }: EnrolRequest): Wish {
  return {
    matchingId: newMatchingId(ctx.newId),
    newbie: caller,
    person,
    idempotencyKeys: idempotencyKey === null ? [] : [digestOf(caller, idempotencyKey)],
    isFormed: false,
  };
}

/** The matching that was promised and perhaps applied for, under the keys of both requests. */
function wishOfEntry(entry: SpoolEntry, again: Wish): Wish {
  return { ...wishOfSpooled(entry), person: again.person, idempotencyKeys: [...again.idempotencyKeys, ...keysOf(entry)] };
}

function wishOfSpooled(entry: SpoolEntry): Wish {
  const { matchingId, newbie, udid, profiles, askedAt, isFormed } = entry;
  return { matchingId, newbie, person: { udid, profiles }, idempotencyKeys: keysOf(entry), askedAt, isFormed };
}

function keysOf({ idempotencyKey }: SpoolEntry): string[] {
  return idempotencyKey === null ? [] : [idempotencyKey];
}

/** Brings one spooled enrolment to the store. Again after a crash it changes nothing. */
export function fulfilSpooled(ctx: Context, entry: SpoolEntry, signal: AbortSignal): Promise<Enrolment> {
  return fulfil(ctx, wishOfSpooled(entry), signal);
}

async function fulfil(ctx: Context, wish: Wish, signal: AbortSignal): Promise<Enrolment> {
  const { matchingId, newbie, person, askedAt, idempotencyKeys, isFormed } = wish;
  const cause: Cause = { actor: 'driver', ...recordedTrace() };
  const made = await ctx.store.transact(async (tx) => {
    const [repeated, enrolment] = await Promise.all([
      Promise.all(idempotencyKeys.map((key) => tx.matchingOfIdempotencyKey(key))),
      enrolIn(tx, ctx, { matchingId, newbie, person, askedAt, cause }),
    ]);
    const { id, status } = enrolment.record;
    const outcomes = [...enrolment.outcomes];
    if (isFormed && id === matchingId && status === Status.created) {
      outcomes.push(...(await dispatchIn(tx, ctx, [{ matchingId, event: { type: 'APPLICATION_WRITTEN' } }], { actor: 'spool' })));
    }
    // The same key answers as it did the first time, whatever became of the matching since.
    if (repeated.includes(id)) return { ...enrolment, outcomes, outcome: 'created' as const };
    const unknown = enrolment.outcome === 'created' ? idempotencyKeys.filter((_, index) => repeated[index] === null) : [];
    for (const key of unknown) await tx.rememberIdempotencyKey(key, id);
    return { ...enrolment, outcomes };
  }, signal);
  countOutcomes(ctx, made.outcomes);
  return made;
}

export interface EnrolCommand {
  readonly matchingId: MatchingId;
  readonly newbie: Profile;
  readonly person: Person;
  readonly cause: Cause;
  /** When the newbie asked, if that was before now. */
  readonly askedAt?: EpochMs | undefined;
}

/** The guard and the creation inside the caller's transaction. */
export async function enrolIn(tx: StoreTx, ports: DispatchPorts, command: EnrolCommand): Promise<Enrolment> {
  const { person, newbie, matchingId, askedAt, cause } = command;
  const key = personKey(person.udid, person.profiles);
  // Asked for together with the row that dispatching will look for: one round trip where the store is across the network.
  const [claimed, ofProfiles] = await Promise.all([
    tx.matchingOfPerson(key), tx.matchingsOfNewbies([...person.profiles, newbie]), tx.matchings([matchingId]),
  ]);
  const found = claimed === null ? ofProfiles : await tx.matchings([claimed]);
  const existing = newest(found);
  if (existing !== null) {
    // The person was known under another key when the matching was made: from now on this key guards it too.
    if (claimed === null) await tx.claimPerson(key, existing.id);
    return { outcome: 'existing', record: existing, outcomes: [] };
  }
  const event = { type: 'ENROLLED', matchingId, newbie, newbieUdid: person.udid, ...(askedAt === undefined ? {} : { askedAt }) } as const;
  const outcomes = await dispatchIn(tx, ports, [{ matchingId, event }], cause);
  await tx.claimPerson(key, matchingId);
  const [record] = await tx.matchings([matchingId]);
  if (record === undefined) throw new ServiceError('record_corrupt', 'the matching just created cannot be read');
  return { outcome: 'created', record, outcomes };
}

function newest(records: readonly MatchingRecord[]): MatchingRecord | null {
  return records.reduce<MatchingRecord | null>((latest, one) => (latest === null || one.createdAt > latest.createdAt ? one : latest), null);
}

export function newMatchingId(newId: () => string): MatchingId {
  const id = parseMatchingId(newId());
  if (id === null) throw new TypeError('newId gave something other than a UUID');
  return id;
}

/** A digest, because what a client puts into its key is its own affair and ours to keep out of the database. */
function digestOf(caller: Profile, key: string): string {
  return createHash('sha256').update(`${profileKey(caller)}:${key}`).digest('base64url');
}

function withProfile(profiles: readonly Profile[], one: Profile): Profile[] {
  const key = profileKey(one);
  return profiles.some((other) => profileKey(other) === key) ? [...profiles] : [...profiles, one];
}
