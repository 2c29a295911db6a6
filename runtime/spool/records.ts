// What a record of the spool says, and its JSON. Ids only: a spool is a file on a disk, where no personal data may lie.
import { z } from 'zod';
import { parseMatchingId, parseProfileKey, parseUdid, profileKey, type MatchingId, type Profile, type Udid } from '../../machines/ids.ts';
import type { SpooledEnrolment } from '../spool.ts';

export type SpoolRecord =
  | { readonly type: 'enrolled'; readonly enrolment: SpooledEnrolment }
  /** YT has the application. */
  | { readonly type: 'formed'; readonly matchingId: MatchingId }
  /** The store has the matching. */
  | { readonly type: 'settled'; readonly matchingId: MatchingId }
  /** Written to see whether writing works. */
  | { readonly type: 'checked' };

const matchingId = z.string().transform((text, check) => checked(parseMatchingId(text), check));
const profile = z.string().transform((text, check) => checked(parseProfileKey(text), check));
const udid = z.string().transform((text, check) => checked(parseUdid(text), check)).nullable();

function checked<Value>(value: Value | null, check: z.RefinementCtx): Value {
  if (value === null) check.addIssue('malformed');
  return value ?? z.NEVER;
}

const wire = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('enrolled'),
    matching_id: matchingId,
    newbie: profile,
    udid,
    profiles: z.array(profile),
    key: z.string().nullable(),
    asked_at: z.int(),
  }),
  z.object({ type: z.literal('formed'), matching_id: matchingId }),
  z.object({ type: z.literal('settled'), matching_id: matchingId }),
  z.object({ type: z.literal('checked') }),
]);

export function encode(record: SpoolRecord): Buffer {
  return Buffer.from(JSON.stringify(toWire(record)));
}

function toWire(record: SpoolRecord): z.input<typeof wire> {
  if (record.type === 'checked') return record;
  if (record.type !== 'enrolled') return { type: record.type, matching_id: record.matchingId };
  const { matchingId: id, newbie, profiles, idempotencyKey, askedAt, udid: known } = record.enrolment;
  return {
    type: 'enrolled', matching_id: id, newbie: profileKey(newbie), udid: known, profiles: profiles.map(profileKey), key: idempotencyKey, asked_at: askedAt,
  };
}

/** Null for what no version of this service wrote. */
export function decode(payload: Uint8Array): SpoolRecord | null {
  const decoded = wire.safeParse(parsed(payload));
  if (!decoded.success) return null;
  const { data } = decoded;
  if (data.type === 'checked') return { type: data.type };
  if (data.type !== 'enrolled') return { type: data.type, matchingId: data.matching_id };
  const { matching_id: id, newbie, udid: known, profiles, key: idempotencyKey, asked_at: askedAt } = data;
  return { type: 'enrolled', enrolment: { matchingId: id, newbie, udid: known, profiles, idempotencyKey, askedAt } };
}

function parsed(payload: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(payload).toString('utf8'));
  } catch {
    return null;
  }
}

/** By these a person is known again. */
export function keysOf(person: { readonly udid: Udid | null; readonly profiles: readonly Profile[] }): string[] {
  const profiles = person.profiles.map((one) => `profile:${profileKey(one)}`);
  return person.udid === null ? profiles : [`udid:${person.udid}`, ...profiles];
}
