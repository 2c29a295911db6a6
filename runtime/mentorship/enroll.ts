// Taking part: one live matching per person, however many phones and fleets ask at once.
import { createHash } from 'node:crypto';
import { parseMatchingId, personKey, profileKey, type MatchingId, type Profile } from '../../machines/ids.ts';
import type { MatchingRecord } from '../../machines/matching-record.ts';
import type { Context } from '../context.ts';
import { ServiceError } from '../errors.ts';
import type { StoreTx } from '../store.ts';
import { recordedTrace } from '../trace.ts';
import type { Person } from '../upstream.ts';
import { countOutcomes, dispatchIn, type Cause, type DispatchPorts, type Outcome } from './dispatch.ts';
import type { EnrolResult } from './participant.ts';

export interface EnrolRequest {
  readonly caller: Profile;
  /** A key that the client repeats with its retries, or null. */
  readonly idempotencyKey: string | null;
}

export interface Enrolment {
  readonly outcome: EnrolResult['outcome'];
  readonly record: MatchingRecord;
  readonly outcomes: readonly Outcome[];
}

/** `person` is fresh from driver-profiles. Throws `store_unavailable` when the enrolment could not be made durable. */
export async function enrol(ctx: Context, person: Person, request: EnrolRequest, signal?: AbortSignal): Promise<EnrolResult> {
  const matchingId = newMatchingId(ctx.newId);
  const key = request.idempotencyKey === null ? null : idempotencyKey(request.caller, request.idempotencyKey);
  const cause: Cause = { actor: 'driver', ...recordedTrace() };
  const made = await ctx.store.transact(async (tx) => {
    const [repeated, enrolment] = await Promise.all([
      key === null ? null : tx.matchingOfIdempotencyKey(key),
      enrolIn(tx, ctx, { matchingId, newbie: request.caller, person, cause }),
    ]);
    // The same key answers as it did the first time, whatever became of the matching since.
    if (repeated === enrolment.record.id) return { ...enrolment, outcome: 'created' as const };
    if (key !== null && enrolment.outcome === 'created') await tx.rememberIdempotencyKey(key, enrolment.record.id);
    return enrolment;
  }, signal);
  countOutcomes(ctx, made.outcomes);
  ctx.metrics.enrolments.inc({ outcome: made.outcome });
  const { id, status, statusSince } = made.record;
  return { outcome: made.outcome, participation: { matchingId: id, status, since: statusSince } };
}

export interface EnrolCommand {
  readonly matchingId: MatchingId;
  readonly newbie: Profile;
  readonly person: Person;
  readonly cause: Cause;
}

/** The guard and the creation inside the caller's transaction. */
export async function enrolIn(tx: StoreTx, ports: DispatchPorts, command: EnrolCommand): Promise<Enrolment> {
  const { person, newbie, matchingId, cause } = command;
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
  const event = { type: 'ENROLLED', matchingId, newbie, newbieUdid: person.udid } as const;
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
function idempotencyKey(caller: Profile, key: string): string {
  return createHash('sha256').update(`${profileKey(caller)}:${key}`).digest('base64url');
}
