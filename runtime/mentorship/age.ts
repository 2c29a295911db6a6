// How long answers of upstreams are remembered.

/** What came at one moment leaves at many: else all of it would be asked for again at once, and whoever asks then would wait for that. */
export type Age = () => number;

/** Milliseconds, more than half of `longestMs` and no more than all of it. `random` is uniform in [0, 1). */
export function ageUpTo(longestMs: number, random: () => number): Age {
  return () => Math.ceil(longestMs * (1 - random() / 2));
}

export interface MemoryOptions {
  /** Milliseconds of elapsed time, from any positive start. */
  readonly clock?: { now(): number };
  readonly random?: () => number;
  /** Room for so many is taken at once. */
  readonly maxPeople?: number | undefined;
}
