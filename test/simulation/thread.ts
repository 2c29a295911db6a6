// A thread of the simulation: runs the seeds it is given, of the product as it is or with a planted bug.
import { parentPort } from 'node:worker_threads';
import { setImmediate as turn } from 'node:timers/promises';
import { bugs } from './bugs.ts';
import { addAll, type Coverage } from './coverage.ts';
import { simulationWith } from './mutate.ts';
import type { Violation } from './world.ts';

export interface Asked {
  readonly id: number;
  readonly from: number;
  readonly to: number;
  /** Name of a planted bug. */
  readonly bug: string | null;
  /** Stop at the first violation. */
  readonly untilFound: boolean;
}

export interface FoundViolation extends Violation {
  readonly seed: number;
  readonly hash: string;
}

export interface Answer {
  /** Of what was asked. */
  readonly id: number;
  readonly seeds: number;
  readonly violations: readonly FoundViolation[];
  readonly coverage: readonly (readonly [string, number])[];
  /** Of the last seed. */
  readonly hash: string;
}

// A stack for each of the thousands of errors that belong to the run costs more than all the rest.
Error.stackTraceLimit = 0;

parentPort?.on('message', (asked: Asked) => void answer(asked));

async function answer(asked: Asked): Promise<void> {
  const found = await run(asked);
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a MessagePort of node:worker_threads knows no origins
  parentPort?.postMessage(found);
}

async function run({ id, from, to, bug, untilFound }: Asked): Promise<Answer> {
  const runSeed = await simulationWith(bugs.find(({ name }) => name === bug) ?? null);
  const coverage: Coverage = new Map();
  const violations: FoundViolation[] = [];
  let seeds = 0;
  let hash = '';
  for (let seed = from; seed <= to; seed += 1) {
    const result = await runSeed(seed);
    seeds += 1;
    hash = result.hash;
    addAll(coverage, result.coverage);
    if (result.violation !== null) violations.push({ seed, hash: result.hash, ...result.violation });
    if (untilFound && violations.length > 0) break;
    // Whoever stops the thread is heard between two seeds.
    await turn();
  }
  return { id, seeds, violations, coverage: [...coverage], hash };
}
