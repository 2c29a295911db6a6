// `npm run simulate -- --seeds N [--seed S] [--bugs] [--threads T]`: the whole service under faults, the same for the same seed.
import { availableParallelism } from 'node:os';
import { Command } from 'commander';
import { huntBugs } from './bug-hunt.ts';
import { bugs } from './bugs.ts';
import { coverageLines } from './coverage.ts';
import { runCampaign, Threads } from './pool.ts';
import { runSeed } from './seed-run.ts';

const traceLines = 400;
const bugLimit = 2_000;

interface Options {
  readonly seeds: number;
  readonly seed?: number;
  readonly bugs?: true;
  readonly threads: number;
}

function whole(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new TypeError(`${text} is not a whole number above zero`);
  return value;
}

const command = new Command('simulate')
  .option('--seeds <n>', 'how many seeds to run, from 1 or from `--seed` on', whole, 1_000)
  .option('--seed <s>', 'without `--seeds`: run this seed alone and print what happened', whole)
  .option('--bugs', 'plant each bug of the list and look for it')
  .option('--threads <n>', 'threads', whole, availableParallelism())
  .parse();
const { seeds, seed, bugs: huntsBugs, threads: count } = command.opts<Options>();

if (seed !== undefined && command.getOptionValueSource('seeds') === 'default') await replay(seed);
else if (huntsBugs === true) await hunt();
else await campaign();

async function replay(one: number): Promise<void> {
  const { violation, lines, hash, steps } = await runSeed(one, { traceLines });
  for (const line of lines) console.log(line);
  console.log(`seed ${one}: ${steps} steps, trace ${hash}, ${violation === null ? 'no violation' : `${violation.promise}: ${violation.detail}`}`);
  end(1, violation === null ? 0 : 1);
}

async function campaign(): Promise<void> {
  const threads = new Threads(Math.min(count, seeds));
  const startedMs = performance.now();
  const onProgress = (done: number): void => {
    if (done % 1_000 === 0) console.error(`${done} seeds`);
  };
  const result = await runCampaign(threads, seeds, { from: seed ?? 1, onProgress });
  await threads.close();
  const seconds = (performance.now() - startedMs) / 1_000;
  const { user, system } = process.cpuUsage();
  for (const line of coverageLines(result.coverage)) console.log(line);
  for (const { seed: one, hash, promise, detail } of result.violations) console.log(`VIOLATION seed ${one} (trace ${hash}) ${promise}: ${detail}`);
  console.log(`${seeds} seeds in ${seconds.toFixed(1)} s on ${count} threads: ${(seeds / seconds).toFixed(1)} a second, ${(seeds / ((user + system) / 1e6)).toFixed(1)} for a second of one core`);
  end(result.seeds, result.violations.length);
}

async function hunt(): Promise<void> {
  const threads = new Threads(count);
  const hunted = await huntBugs(threads, bugs, bugLimit, ({ bug, seeds: tried, found, clean }) => {
    const where = found === null ? `NOT FOUND in ${tried} seeds` : `seed ${found.seed} breaks ${found.promise}: ${found.detail}`;
    console.log(`${bug.name}\n  ${where}${clean === null ? '' : `\n  AND WITHOUT THE BUG ${clean.promise}: ${clean.detail}`}`);
  });
  await threads.close();
  const missed = hunted.filter(({ found, clean }) => found === null || clean !== null).length;
  console.log(JSON.stringify({ bugs: hunted.length, found: hunted.length - missed, mostSeeds: Math.max(...hunted.map(({ seeds: tried }) => tried)) }));
  process.exitCode = missed === 0 ? 0 : 1;
}

function end(ran: number, violations: number): void {
  console.log(JSON.stringify({ seeds: ran, violations }));
  process.exitCode = violations === 0 ? 0 : 1;
}
