// How far one run has come: rows read and named counts, told to whoever watches.
import type { Counts } from '../machines/import.ts';
import type { JobProgress } from './report.ts';

export interface Tally {
  /** One more row came from YT. */
  row(): void;
  /** Adding zero makes the count appear in the report. */
  add(name: string, count: number): void;
  /** One for each name. */
  addEach(names: Iterable<string>): void;
  counts(): Counts;
}

const rowsPerNotice = 1_000;

export function createTally(onProgress: (progress: JobProgress) => void = () => {}): Tally {
  const counts: Record<string, number> = {};
  let rows = 0;
  const count = (name: string, more: number): void => {
    counts[name] = (counts[name] ?? 0) + more;
  };
  const tell = (): void => onProgress({ rows, counts: { ...counts } });
  return {
    row: () => {
      rows += 1;
      if (rows % rowsPerNotice === 0) tell();
    },
    add: (name, more) => {
      count(name, more);
      tell();
    },
    addEach: (names) => {
      for (const name of names) count(name, 1);
      tell();
    },
    counts: () => ({ ...(rows === 0 ? {} : { rows }), ...counts }),
  };
}
