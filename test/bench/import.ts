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

const [small = 100_000, large = 1_000_000] = (process.env['BENCH_IMPORT'] ?? '100000,1000000').split(',').map(Number);
/** Of a table whose import is compared, row by row, with what the bench seeds. */
const provenRows = 1_000;
/** Of the proxy and of the file system: every part is a new process. */
const warmUps = 1;
const repetitions = Number(process.env['BENCH_REPETITIONS'] ?? 5);
const measuredSchema = z.object({ ms: z.number(), cpuMs: z.number(), startRssMb: z.number(), peakRssMb: z.number() }) satisfies z.ZodType<Measured>;

export async function benchImport(): Promise<unknown> {
  const directory = mkdtempSync(join(tmpdir(), 'mentorship-bench-'));
  try {
    const known: readonly Part[] = ['readAndParsed', 'readByClient', 'unchanged'];
    await measure(join(directory, 'proven'), provenRows, { seed: ['seedTable', 'seedEnrolled', 'imported', 'seedProven'] });
    const few = await measure(join(directory, 'few'), small, { seed: ['seedTable', 'seedMatched'], turn: known, once: ['unchangedWithoutMark'] });
    const many = await measure(join(directory, 'many'), large, { seed: ['seedTable', 'seedMatched'], turn: known, once: ['unchangedWithoutMark'] });
    const fresh = await measure(join(directory, 'fresh'), small, { seed: ['seedTable', 'seedEnrolled', 'keep'], turn: ['imported', 'bulkInserted', 'restore'] });
    const mixed = await measure(join(directory, 'mixed'), large, { seed: ['seedFaultyTable', 'seedMixed'], once: ['mixed'] });
    return resultOf({ few, many, fresh, mixed });
  } finally {
    rmSync(directory, { recursive: true });
  }
}

type Runs = Partial<Record<Part, Measured[]>>;

interface Seen {
  readonly few: Runs;
  readonly many: Runs;
  readonly fresh: Runs;
  readonly mixed: Runs;
}

function resultOf({ few, many, fresh, mixed }: Seen): unknown {
  const ours = msOf(many, 'unchanged');
  const unchanged = many.unchanged ?? [];
  return {
    bench: 'import', unit: 'rows/s', ours: perSecond(large, ours),
    // Of one run over the large table.
    p50_ms: Math.round(ours), p99_ms: Math.round(Math.max(...unchanged.map(({ ms }) => ms))),
    ratios: {
      read_parse: ratio(msOf(many, 'readAndParsed'), ours),
      read_parse_cpu: ratio(cpuMsOf(many, 'readAndParsed'), cpuMsOf(many, 'unchanged')),
      read_parse_by_client: ratio(msOf(many, 'readByClient'), ours),
      read_parse_by_client_cpu: ratio(cpuMsOf(many, 'readByClient'), cpuMsOf(many, 'unchanged')),
      bulk_insert: ratio(msOf(fresh, 'bulkInserted'), msOf(fresh, 'imported')),
    },
    spread_ms: { unchanged: spreadOf(many, 'unchanged'), read_and_parsed: spreadOf(many, 'readAndParsed'), imported: spreadOf(fresh, 'imported'), bulk_inserted: spreadOf(fresh, 'bulkInserted') },
    mixed_rows_s: perSecond(large, msOf(mixed, 'mixed')),
    read_parse_rows_s: perSecond(large, msOf(many, 'readAndParsed')),
    without_mark_rows_s: perSecond(large, msOf(many, 'unchangedWithoutMark')),
    new_rows_s: perSecond(small, msOf(fresh, 'imported')),
    rss_small_mb: peakOf(few, 'unchanged'), rss_large_mb: peakOf(many, 'unchanged'),
    rss_small_without_mark_mb: peakOf(few, 'unchangedWithoutMark'), rss_large_without_mark_mb: peakOf(many, 'unchangedWithoutMark'),
    rss_new_mb: peakOf(fresh, 'imported'), rss_mixed_mb: peakOf(mixed, 'mixed'),
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
  readonly turn?: readonly Part[];
  /** Parts too long to be repeated, after the others. */
  readonly once?: readonly Part[];
}

async function measure(directory: string, rows: number, { seed, turn = [], once: last = [] }: Plan): Promise<Runs> {
  mkdirSync(directory);
  const proxy = await startProxy(directory);
  const place: Place = { directory, proxy: proxy.url, rows, newestAt: Date.now() };
  const runs: Runs = {};
  const run = async (part: Part, counts: boolean): Promise<void> => {
    const measured = await inChild(part, place);
    if (counts) (runs[part] ??= []).push(measured);
  };
  try {
    for (const part of seed) await run(part, false);
    for (let time = -warmUps; time < repetitions; time += 1) for (const part of turn) await run(part, time >= 0);
    for (const part of last) await run(part, true);
    return runs;
  } finally {
    proxy.process.kill();
    rmSync(directory, { recursive: true });
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
