// How long answers of upstreams are remembered.

/** What came at one moment leaves at many: else all of it would be asked for again at once, and whoever asks then would wait for that. */
export type Age = () => number;

/** So many different ages: Node keeps a list of timers for each. */
const ages = 60;

/** Milliseconds, more than half of `longestMs` and no more than all of it. `random` is uniform in [0, 1). */
export function ageUpTo(longestMs: number, random: () => number): Age {
  return () => Math.round(longestMs * (1 - Math.floor(random() * ages) / (2 * ages)));
}

export interface MemoryOptions {
  /** Milliseconds of elapsed time, from any positive start. */
  readonly clock?: { now(): number };
  readonly random?: () => number;
  /** Room for so many is taken at once. */
  readonly maxPeople?: number | undefined;
}
