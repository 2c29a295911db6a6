// The demo's people at their phones: they enrol one after another, then look at their contacts now and then.
import { setTimeout as sleep } from 'node:timers/promises';
import { driverApp, type Platform, type WireParticipation } from './driver-app.ts';
import type { Cast, SeededPerson } from './seed.ts';

/** How long it takes until everybody has enrolled. */
const enrolWithinMs = 4_000;
const lookEveryMs = 700;
const maxAttempts = 20;

/** A person with several profiles enrols from two of them, and has one matching all the same. Throws when the service keeps refusing. */
export async function enrol(platform: Platform, person: SeededPerson, signal: AbortSignal): Promise<WireParticipation> {
  const [first, second] = person.profiles;
  const participation = await enrolFrom(platform, first, signal);
  if (second !== undefined) await enrolFrom(platform, second, signal);
  return participation;
}

export async function enrolAll(platform: Platform, newbies: readonly SeededPerson[], signal: AbortSignal): Promise<void> {
  for (const person of newbies) {
    await enrol(platform, person, signal);
    await sleep(enrolWithinMs / newbies.length, undefined, { signal });
  }
}

/** Until `signal`, whose reason it throws. `report` hears of a look that failed; the next person looks all the same. */
export async function useApp(
  platform: Platform,
  { newbies, mentors }: Cast,
  report: (error: unknown) => void,
  signal: AbortSignal,
): Promise<never> {
  const everyone = [...newbies, ...mentors];
  for (let turn = 0; ; turn += 1) {
    await sleep(lookEveryMs, undefined, { signal });
    const person = everyone[turn % everyone.length];
    // The samples of the guide keep their unread messages for whoever reads the guide.
    const isReader = turn % 3 === 2 && person?.ordinal !== 0;
    if (person !== undefined) await look(platform, person, isReader).catch(report);
  }
}

async function look(platform: Platform, person: SeededPerson, isReader: boolean): Promise<void> {
  const app = driverApp(platform, person.profiles[0]);
  const { status, body } = await app.contacts();
  if (status !== 200) throw new Error(`contacts: status ${status}`);
  const unread = body.contacts.find((contact) => contact.unread > 0);
  if (isReader && unread !== undefined) await app.markRead(unread.matching_id);
}

export async function enrolFrom(platform: Platform, profile: SeededPerson['profiles'][0], signal: AbortSignal): Promise<WireParticipation> {
  const app = driverApp(platform, profile);
  for (let attempt = 1; ; attempt += 1) {
    const { status, body } = await app.enrol();
    if (status < 300) return body.participation;
    if (attempt === maxAttempts || (status !== 429 && status !== 503)) throw new Error(`an enrolment was answered with status ${status}`);
    await sleep(500, undefined, { signal });
  }
}
