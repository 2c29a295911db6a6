// The movable clock: how fast it runs, and that it neither jumps ahead while it is off nor ever goes back.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { programmeTime } from '../../../runtime/clock.ts';
import { dayMs, startWorldClock } from '../../sandbox/world-clock.ts';

let directory: string;
let file: string;
let real: number;
const realNow = (): number => real;

beforeEach(() => {
  vi.useFakeTimers();
  directory = mkdtempSync(join(tmpdir(), 'world-clock-'));
  file = join(directory, 'inner', 'world-clock.json');
  real = Date.UTC(2026, 0, 1);
});
afterEach(() => {
  vi.useRealTimers();
  rmSync(directory, { recursive: true });
});

test('starts at the real now and runs the given number of days a second', () => {
  const clock = startWorldClock({ file, daysPerSecond: 0.5, realNow });
  expect(clock.now()).toBe(real);
  real += 4_000;
  expect(clock.now()).toBe(Date.UTC(2026, 0, 3));
  clock.stop();
});

test('reads the same moment through its timescale as by itself', () => {
  const clock = startWorldClock({ file, daysPerSecond: 3, realNow });
  real += 12_345;
  expect(programmeTime(clock.timescale, real)).toBe(clock.now());
  clock.stop();
});

test('goes on where it was stopped, however long it was off and whatever its new speed', () => {
  const before = startWorldClock({ file, daysPerSecond: 0.5, realNow });
  real += 10_000;
  const stoppedAt = before.now();
  before.stop();
  real += 1_000_000_000;
  const after = startWorldClock({ file, daysPerSecond: 2, realNow });
  expect(after.now()).toBe(stoppedAt);
  real += 1_000;
  expect(after.now()).toBe(stoppedAt + 2 * dayMs);
  after.stop();
});

test('never shows a moment again after a kill between two saves', () => {
  const killed = startWorldClock({ file, daysPerSecond: 0.5, realNow });
  real += 1_000;
  vi.advanceTimersByTime(1_000);
  real += 1_900;
  const lastSeen = killed.now();
  const saved = readFileSync(file, 'utf8');
  const after = startWorldClock({ file, daysPerSecond: 0.5, realNow });
  expect(after.now()).toBeGreaterThanOrEqual(lastSeen);
  expect(after.now() - lastSeen).toBeLessThan(dayMs);
  expect(JSON.parse(saved)).toEqual({ programmeMs: after.timescale.programmeMs });
  after.stop();
  killed.stop();
});

test('names the file whose position is not one', () => {
  startWorldClock({ file, daysPerSecond: 1, realNow }).stop();
  writeFileSync(file, '{"programmeMs":"soon"}');
  expect(() => startWorldClock({ file, daysPerSecond: 1, realNow })).toThrow(/world-clock\.json: programmeMs/);
});
