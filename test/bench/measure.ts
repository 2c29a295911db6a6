// What every bench does with its clock: turns of several contenders, so that a busy moment of the machine meets them all, and the middle
// and the spread of what was seen.
import { availableParallelism, cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

/** One turn of one contender. */
export interface Turn {
  /** How many things of the bench's unit were done. */
  readonly count: number;
  readonly ms: number;
  readonly latenciesMs: readonly number[];
  /** Processor time of all that served: other work on the machine does not change it. */
  readonly cpuMs: number;
}

export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** Null where a contender cannot run here. */
export type Contenders<Name extends string> = Readonly<Record<Name, (() => Promise<Turn>) | null>>;

export interface TurnsOptions {
  /** Turns of each contender before those that count. */
  readonly warmUps: number;
  readonly repetitions: number;
}

/** The counted turns of each contender that can run, taken alternately. `BENCH_REPETITIONS` makes it a quick look. */
export async function takeTurns<Name extends string>(contenders: Contenders<Name>, options: TurnsOptions): Promise<Record<Name, Turn[]>> {
  const able = Object.entries<(() => Promise<Turn>) | null>(contenders).flatMap(([name, turn]) => (turn === null ? [] : [{ name, turn }]));
  const taken = Object.fromEntries(Object.keys(contenders).map((name) => [name, [] as Turn[]])) as Record<Name, Turn[]>;
  const repetitions = Number(process.env['BENCH_REPETITIONS'] ?? options.repetitions);
  for (let turnNumber = -options.warmUps; turnNumber < repetitions; turnNumber += 1) {
    for (const { name, turn } of able) {
      await untilQuiet();
      const done = await turn();
      process.stderr.write(`${turnNumber < 0 ? 'warm-up ' : ''}${name}: ${describe(done)}\n`);
      if (turnNumber >= 0) taken[name as Name].push(done);
    }
  }
  return taken;
}

const lookMs = 200;
const quietLooks = 2;
const mostLooks = 50;
/** Of one core; what a machine with idle servers does by itself is less. */
const idleShare = 0.85;

/** Servers that go on working after their turn would be in the way of the next one: it waits for them, but not for ever. */
async function untilQuiet(): Promise<void> {
  let quiet = 0;
  for (let look = 0; look < mostLooks && quiet < quietLooks; look += 1) {
    const before = idleMs();
    await sleep(lookMs);
    quiet = idleMs() - before >= lookMs * (availableParallelism() - 1 + idleShare) ? quiet + 1 : 0;
  }
}

/** Of all cores together, since the machine started. */
function idleMs(): number {
  return cpus().reduce((sum, { times }) => sum + times.idle, 0);
}

function describe(turn: Turn): string {
  return `${round(perSecond(turn), 0)}/s, p50 ${round(percentile(turn.latenciesMs, 0.5), 2)} ms, p99 ${round(percentile(turn.latenciesMs, 0.99), 2)} ms, cpu ${round(cpuUsEach(turn), 1)} us`;
}

export function perSecond({ count, ms }: Turn): number {
  return count / (ms / 1_000);
}

export function cpuUsEach({ count, cpuMs }: Turn): number {
  return (cpuMs * 1_000) / count;
}

/** The median of the turns' own percentiles: one bad turn does not stand for all. */
export function percentileOf(turns: readonly Turn[], share: number): number {
  return median(turns.map(({ latenciesMs }) => percentile(latenciesMs, share)));
}

/** Ours over theirs of each round, and the median of that: what slowed one round slowed both. Null when either did not run. */
export function ratioOfRates(ours: readonly Turn[], theirs: readonly Turn[]): number | null {
  const ratios = ours.flatMap((turn, index) => {
    const other = theirs[index];
    return other === undefined ? [] : [perSecond(turn) / perSecond(other)];
  });
  return ratios.length === 0 ? null : round(median(ratios), 2);
}

export function spread(values: readonly number[]): Spread {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

/** Nearest rank; NaN of nothing. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

export function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

/** The entries that are there: a contract's `ratios` names no peer that could not run. */
export function present(ratios: Readonly<Record<string, number | null>>): Record<string, number> {
  return Object.fromEntries(Object.entries(ratios).flatMap(([name, value]) => (value === null ? [] : [[name, value]])));
}
