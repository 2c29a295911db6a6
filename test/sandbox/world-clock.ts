// The clock of the sandbox: programme time that runs faster than the world's. Its position outlives the process, so that a world
// started again goes on where it was instead of jumping ahead by the time it was off.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import type { EpochMs } from '../../machines/matching-record.ts';
import { programmeTime, type Timescale } from '../../runtime/clock.ts';

export interface WorldClock {
  /** Plain data for `config.timescale`: the store counts by it too. */
  readonly timescale: Timescale;
  /** Programme time. */
  now(): EpochMs;
  /** Saves the position for the last time. */
  stop(): void;
}

export interface WorldClockOptions {
  readonly file: string;
  /** Programme days per real second. */
  readonly daysPerSecond: number;
  /** The real time; the machine's unless a test gives its own. */
  readonly realNow?: () => EpochMs;
}

export const dayMs = 86_400_000;

const saveEveryMs = 1_000;
const position = z.object({ programmeMs: z.int().positive() });

/** A new world begins at the real now. */
export function startWorldClock({ file, daysPerSecond, realNow = Date.now }: WorldClockOptions): WorldClock {
  const anchorMs = realNow();
  const timescale: Timescale = { anchorMs, programmeMs: savedPosition(file) ?? anchorMs, rate: (daysPerSecond * dayMs) / 1_000 };
  const now = (): EpochMs => programmeTime(timescale, realNow());
  // Until the next save two periods may pass on a busy machine; a process killed in between must not see its past come again.
  const furthest = (): EpochMs => programmeTime(timescale, realNow() + 2 * saveEveryMs);
  save(file, furthest());
  const timer = setInterval(() => save(file, furthest()), saveEveryMs);
  timer.unref();
  const stop = (): void => {
    clearInterval(timer);
    save(file, now());
  };
  return { timescale, now, stop };
}

function savedPosition(file: string): EpochMs | null {
  const text = readIfPresent(file);
  if (text === null) return null;
  const saved = position.safeParse(JSON.parse(text));
  if (!saved.success) throw new TypeError(`${file}: programmeMs is missing or is not a moment`);
  return saved.data.programmeMs;
}

function readIfPresent(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** By renaming, so that a crash leaves either the old position or the new one. */
function save(file: string, programmeMs: EpochMs): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, `${JSON.stringify({ programmeMs })}\n`);
  renameSync(`${file}.new`, file);
}
