// What the CRM will do with one newbie, drawn before the world begins.
import type { Random } from './random.ts';
import type { Settings } from './settings.ts';

export interface CrmPlan {
  /** Ages of a match at which the next mentor is given. */
  readonly rematchAfterMs: readonly number[];
  /** How many codes are given; only the first is good. */
  readonly codes: number;
  /** Age of the match at which the code is given: before the end, around it, or long after. */
  readonly codeAfterMs: number;
  /** The code names the mentor instead of the newbie. */
  readonly codeOfMentor: boolean;
}

const hour = 3_600_000;

export function writePlan(random: Random, { config: { programme: { policy } } }: Settings): CrmPlan {
  const { resultAgeMs, failGraceMs } = policy;
  const rematches = random.pick([0, 0, 0, 1, 1, 2]);
  const times = [
    () => random.between(0, resultAgeMs),
    () => resultAgeMs + random.between(0, failGraceMs),
    () => resultAgeMs + failGraceMs + random.between(3, 12) * 0.1 * hour,
  ];
  return {
    // At once: while the match before is still being told of.
    rematchAfterMs: Array.from({ length: rematches }, () => (random.chance(0.4) ? 0 : random.between(0, resultAgeMs))),
    codes: random.pick([0, 1, 1, 1, 2]),
    codeAfterMs: random.pick(times)(),
    codeOfMentor: random.chance(0.15),
  };
}
