// Decoding of upstream replies: ids become branded through their parsers, and a broken reply is an error that names the field.
import { z } from 'zod';
import { parseProfile, parseUdid, type Profile, type Udid } from '../../machines/ids.ts';
import { ServiceError } from '../errors.ts';

/** `{park_id, driver_id}` to a {@link Profile}. */
export const wireProfile: z.ZodType<Profile> = z.object({ park_id: z.string(), driver_id: z.string() }).transform((item, check) => {
  const profile = parseProfile(item.park_id, item.driver_id);
  if (profile !== null) return profile;
  // Both ids have one alphabet, so an id that is valid twice is not the broken one.
  const broken = parseProfile(item.park_id, item.park_id) === null ? 'park_id' : 'driver_id';
  check.addIssue({ code: 'custom', path: [broken] });
  return z.NEVER;
});

export const wireUdid: z.ZodType<Udid> = z.string().transform((text, check) => {
  const udid = parseUdid(text);
  if (udid === null) check.addIssue({ code: 'custom' });
  return udid ?? z.NEVER;
});

/** The wire form of {@link wireProfile}. */
export function toWire(profile: Profile): { park_id: string; driver_id: string } {
  return { park_id: profile.parkId, driver_id: profile.driverId };
}

/**
 * Throws `upstream_reply_malformed` with `place` and the field's path. The parsers' own errors are not kept as causes: they quote
 * the text they failed on, and replies hold personal data.
 */
export function decodeReply<Reply>(text: string, schema: z.ZodType<Reply>, place: string): Reply {
  const parsed = schema.safeParse(parseJson(text, place));
  if (parsed.success) return parsed.data;
  const field = fieldPath(parsed.error.issues[0]?.path ?? []);
  throw new ServiceError('upstream_reply_malformed', `${place}: ${field} in the reply is missing or malformed`);
}

function parseJson(text: string, place: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new ServiceError('upstream_reply_malformed', `${place}: the reply is not JSON`);
  }
}

function fieldPath(path: readonly PropertyKey[]): string {
  const dotted = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`)).join('');
  return dotted === '' ? 'the top level' : dotted.replace(/^\./, '');
}
