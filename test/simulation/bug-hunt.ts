// Looks for each planted bug: first where it was found before, then seed by seed.
import { bugs, type Bug } from './bugs.ts';
import type { Threads } from './pool.ts';
import type { Answer, FoundViolation } from './thread.ts';

export interface Hunted {
  readonly bug: Bug;
  /** How many seeds it took. */
  readonly seeds: number;
  readonly found: FoundViolation | null;
  /** What the same seed says without the bug; null when nothing is wrong with it. */
  readonly clean: FoundViolation | null;
}

export interface HuntOptions {
  readonly limit: number;
  readonly useHints: boolean;
}

export async function huntBugs(threads: Threads, { limit, useHints }: HuntOptions, tell: (hunted: Hunted) => void = () => {}): Promise<Hunted[]> {
  const all: Hunted[] = [];
  await threads.share(bugs, async (worker, bug) => {
    const look = (from: number, to: number, name: string | null): Promise<Answer> =>
      threads.ask(worker, { from, to, bug: name, untilFound: true });
    let seeds = 0;
    let found: FoundViolation | null = null;
    for (const [from, to] of useHints ? [[bug.hint, bug.hint], [1, limit]] as const : [[1, limit]] as const) {
      if (found !== null) break;
      const answer = await look(from, to, bug.name);
      seeds += answer.seeds;
      found = answer.violations[0] ?? null;
    }
    const clean = found === null ? null : ((await look(found.seed, found.seed, null)).violations[0] ?? null);
    const hunted = { bug, seeds, found, clean };
    all.push(hunted);
    tell(hunted);
  });
  return all.sort((a, b) => bugs.indexOf(a.bug) - bugs.indexOf(b.bug));
}
