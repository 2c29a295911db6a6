// How fast the distribution import passes over what it knows, against reading and parsing the stream alone, and in how much memory; and how
// fast it takes new rows, against a bulk insert of them.
import { fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { Measured, Part, Place } from './import-parts.ts';
import { median, spread } from './measure.ts';

const sizes = { small: 100_000, large: 1_000_000 } as const;
/** Of the proxy and of the file system: every part is a new process. */
const warmUps = 1;
const repetitions = Number(process.env['BENCH_REPETITIONS'] ?? 5);
const measuredSchema = z.object({ ms: z.number(), cpuMs: z.number(), startRssMb: z.number(), peakRssMb: z.number() }) satisfies z.ZodType<Measured>;

export async function benchImport(): Promise<unknown> {
  const directory = mkdtempSync(join(tmpdir(), 'mentorship-bench-'));
  try {
    const known: readonly Part[] = ['readAndParsed', 'readWholeRows', 'unchanged', 'unchangedWithoutMark'];
    const small = await measure(join(directory, 'small'), sizes.small, { seed: ['seedMatched'], turn: known });
    const large = await measure(join(directory, 'large'), sizes.large, { seed: ['seedMatched'], turn: known });
    const fresh = await measure(join(directory, 'fresh'), sizes.small, { seed: ['seedEnrolled', 'keep'], turn: ['imported', 'bulkInserted', 'restore'] });
    const mixed = await measure(join(directory, 'mixed'), sizes.small, { seed: ['seedMixed', 'keep'], turn: ['mixed', 'restore'] });
    return resultOf({ small, large, fresh, mixed });
  } finally {
    rmSync(directory, { recursive: true });
  }
}

type Runs = Partial<Record<Part, Measured[]>>;

interface Seen {
  readonly small: Runs;
  readonly large: Runs;
  readonly fresh: Runs;
  readonly mixed: Runs;
}

function resultOf({ small, large, fresh, mixed }: Seen): unknown {
  const ours = msOf(large, 'unchanged');
  const unchanged = large.unchanged ?? [];
  return {
    bench: 'import', unit: 'rows/s', ours: perSecond(sizes.large, ours),
    // Of one run over the large table.
    p50_ms: Math.round(ours), p99_ms: Math.round(Math.max(...unchanged.map(({ ms }) => ms))),
    ratios: {
      read_parse: ratio(msOf(large, 'readAndParsed'), ours),
      read_parse_cpu: ratio(cpuMsOf(large, 'readAndParsed'), cpuMsOf(large, 'unchanged')),
      read_parse_whole_rows: ratio(msOf(large, 'readWholeRows'), ours),
      read_parse_without_mark: ratio(msOf(large, 'readAndParsed'), msOf(large, 'unchangedWithoutMark')),
      bulk_insert: ratio(msOf(fresh, 'bulkInserted'), msOf(fresh, 'imported')),
    },
    spread_ms: { unchanged: spreadOf(large, 'unchanged'), read_and_parsed: spreadOf(large, 'readAndParsed'), imported: spreadOf(fresh, 'imported'), bulk_inserted: spreadOf(fresh, 'bulkInserted') },
    mixed_rows_s: perSecond(sizes.small, msOf(mixed, 'mixed')),
    read_parse_rows_s: perSecond(sizes.large, msOf(large, 'readAndParsed')),
    without_mark_rows_s: perSecond(sizes.large, msOf(large, 'unchangedWithoutMark')),
    new_rows_s: perSecond(sizes.small, msOf(fresh, 'imported')),
    rss_100k_mb: peakOf(small, 'unchanged'), rss_1m_mb: peakOf(large, 'unchanged'),
    rss_100k_without_mark_mb: peakOf(small, 'unchangedWithoutMark'), rss_1m_without_mark_mb: peakOf(large, 'unchangedWithoutMark'),
    rss_start_mb: Math.round(median(unchanged.map(({ startRssMb }) => startRssMb))),
    missing: [],
  };
}

function msOf(runs: Runs, part: Part): number {
  return median((runs[part] ?? []).map(({ ms }) => ms));
}

function cpuMsOf(runs: Runs, part: Part): number {
  return median((runs[part] ?? []).map(({ cpuMs }) => cpuMs));
}

function peakOf(runs: Runs, part: Part): number {
  return Math.round(median((runs[part] ?? []).map(({ peakRssMb }) => peakRssMb)));
}

function perSecond(rows: number, ms: number): number {
  return Math.round(rows / (ms / 1_000));
}

function ratio(theirsMs: number, oursMs: number): number {
  return Number((theirsMs / oursMs).toFixed(3));
}

function spreadOf(runs: Runs, part: Part): readonly [min: number, max: number] {
  const { min, max } = spread((runs[part] ?? []).map(({ ms }) => ms));
  return [Math.round(min), Math.round(max)];
}

interface Plan {
  /** Makes what the others need. */
  readonly seed: readonly Part[];
  /** Parts that take turns, so that a busy moment of the machine meets them all. */
  readonly turn: readonly Part[];
}

async function measure(directory: string, rows: number, { seed, turn }: Plan): Promise<Runs> {
  mkdirSync(directory);
  const proxy = await startProxy(directory);
  const place: Place = { directory, proxy: proxy.url, rows, newestAt: Date.now() };
  const runs: Runs = {};
  try {
    for (const part of ['seedTable', ...seed] as const) await inChild(part, place);
    for (let time = -warmUps; time < repetitions; time += 1) {
      for (const part of turn) {
        const measured = await inChild(part, place);
        if (time >= 0) (runs[part] ??= []).push(measured);
      }
    }
    return runs;
  } finally {
    proxy.process.kill();
  }
}

async function inChild(part: Part, place: Place): Promise<Measured> {
  const main = fileURLToPath(new URL('import-parts.ts', import.meta.url));
  const child = fork(main, [part, JSON.stringify(place)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const told = once(child, 'message');
  const ended = once(child, 'exit').then(([code]) => Promise.reject(new Error(`${part} ended with ${String(code)} and told nothing`)));
  const [message] = await Promise.race([told, ended]) as [unknown];
  const measured = measuredSchema.parse(message);
  process.stderr.write(`${part} of ${place.rows}: ${Math.round(measured.ms)} ms, cpu ${Math.round(measured.cpuMs)} ms, ${Math.round(measured.peakRssMb)} MB\n`);
  return measured;
}

async function startProxy(directory: string): Promise<{ readonly process: ChildProcess; readonly url: string }> {
  const main = fileURLToPath(new URL('../sandbox/main.ts', import.meta.url));
  const child = spawn(process.execPath, [main, 'yt', '--port', '0', '--data', join(directory, 'yt')], { stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /^ready (\S+)/.exec(line)?.[1];
    if (url !== undefined) return { process: child, url };
  }
  throw new Error('the YT proxy did not start');
}
