// Looks for each planted bug, seed by seed.
import type { Bug } from './bugs.ts';
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

/** `limit`: seeds to try for each. */
export async function huntBugs(threads: Threads, bugs: readonly Bug[], limit: number, tell: (hunted: Hunted) => void = () => {}): Promise<Hunted[]> {
  const all: Hunted[] = [];
  await threads.share(bugs, async (worker, bug) => {
    const look = (from: number, to: number, name: string | null): Promise<Answer> =>
      threads.ask(worker, { from, to, bug: name, untilFound: true });
    const { seeds, violations: [found = null] } = await look(1, limit, bug.name);
    const clean = found === null ? null : ((await look(found.seed, found.seed, null)).violations[0] ?? null);
    const hunted = { bug, seeds, found, clean };
    all.push(hunted);
    tell(hunted);
  });
  return all.sort((a, b) => bugs.indexOf(a.bug) - bugs.indexOf(b.bug));
}
