// What the simulated CRM will decide about whom: fixed by the person's number, so that the tables alone tell a restarted CRM where
// it stands, and a test knows the end of each story beforehand.
import { createHash } from 'node:crypto';
import { newbiesPerMentor } from './seed.ts';
import { dayMs } from './world-clock.ts';

/** The newbie whose first mentor is replaced. */
export const rematchedOrdinal = 1;

/** Each sixth newbie does not pass. */
export function passes(ordinal: number): boolean {
  return ordinal % 6 !== 5;
}

/** Number of the mentor, before the rematch or after it. */
export function mentorOrdinal(ordinal: number, isRematched: boolean): number {
  return Math.floor(ordinal / newbiesPerMentor) + (isRematched ? 1 : 0);
}

/** Whose profile a promocode names. Only where all newbies of the mentor pass does it not matter which of them gets which code. */
export function promocodeHolder(ordinal: number): 'newbie' | 'mentor' {
  const group = Math.floor(ordinal / newbiesPerMentor);
  const members = Array.from({ length: newbiesPerMentor }, (_, index) => group * newbiesPerMentor + index);
  const isUnmixed = group > mentorOrdinal(rematchedOrdinal, true) && members.every(passes);
  return isUnmixed ? 'mentor' : 'newbie';
}

/** From the application to the first mentor: one to two days. */
export function matchDelayMs(key: string): number {
  return Math.round((1 + fraction(`match:${key}`)) * dayMs);
}

/** From the match to the promocode: fifteen to sixteen days. */
export function promocodeDelayMs(key: string): number {
  return Math.round((15 + fraction(`promocode:${key}`)) * dayMs);
}

/** A stand-in for whatever the CRM knows and we do not: uniform in [0, 1), always the same for one text. */
export function fraction(of: string): number {
  return createHash('sha256').update(of).digest().readUInt32BE(0) / 2 ** 32;
}
