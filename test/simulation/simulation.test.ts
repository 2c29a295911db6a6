// The simulation itself: seeds run clean and the same every time, go through everything, and find what is planted.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { huntBugs } from './bug-hunt.ts';
import { bugs } from './bugs.ts';
import { edited } from './mutate.ts';
import { runCampaign, Threads } from './pool.ts';
import { runSeed } from './seed-run.ts';

let threads: Threads;
beforeAll(() => {
  threads = new Threads(2);
});
afterAll(() => threads.close());

const seeds = 100;

test('seeds break no promise, and between them nothing is left out', async () => {
  const { violations, coverage } = await runCampaign(threads, seeds);
  expect(violations).toEqual([]);
  const seen = [...coverage.keys()];
  const moves = [
    'none ENROLLED created', 'created APPLICATION_WRITTEN requested', 'created MATCHED matched', 'requested MATCHED matched',
    'initialized MATCHED matched', 'in_progress MATCHED matched', 'matched MATCH_ANNOUNCED initialized',
    'initialized PROGRESS_ANNOUNCED in_progress', 'in_progress RESULT_ANNOUNCED finished', 'finished PROMOCODE_ANNOUNCED succeed',
    'finished DEADLINE_PASSED failed', 'failed PROMOCODE_ANNOUNCED succeed', 'archived',
  ];
  const faults = [
    'kill', 'pause', 'stop in order', 'conflict', 'undetermined commit', 'broken stream', 'short read', 'refused event', 'lost reply of yt',
    'lost request to client-events', 'outage of store',
  ];
  const crm = ['rematch', 'same mentor again', 'garbage in distribution', 'garbage in results', 'garbage in promocodes'];
  const wanted = [...moves.map((move) => `move: ${move}`), ...faults.map((fault) => `fault: ${fault}`), ...crm.map((what) => `crm: ${what}`), 'seed: replays'];
  expect(wanted.filter((what) => !seen.includes(what))).toEqual([]);
  for (const status of ['created', 'requested', 'matched', 'initialized', 'in_progress', 'finished', 'succeed']) {
    expect(coverage.get(`seeds that reached: ${status}`), status).toBeGreaterThan(seeds * 0.9);
  }
}, 120_000);

test('the same seed goes the same way twice, step by step, and another seed another way', async () => {
  const [first, again, other] = [await runSeed(7, { traceLines: 50 }), await runSeed(7, { traceLines: 50 }), await runSeed(8)];
  expect(again).toEqual(first);
  expect(first.steps).toBeGreaterThan(300);
  expect(other.hash).not.toBe(first.hash);
});

test('a thread of its own comes to the same trace', async () => {
  const elsewhere = await runCampaign(threads, 1);
  expect(elsewhere.seeds).toBe(1);
  const { steps } = await runSeed(1);
  expect(elsewhere.coverage.get('seed: steps')).toBe(steps);
});

test('the clocks and timers of the process are given back', async () => {
  const present = () => [globalThis.setTimeout, globalThis.clearTimeout, globalThis.setInterval, globalThis.clearInterval];
  const before = present();
  await runSeed(3);
  expect(present()).toEqual(before);
  expect(Math.abs(Date.now() - Date.parse('2026-01-01'))).toBeGreaterThan(Math.abs(performance.timeOrigin + performance.now() - Date.now()));
});

test('what many seeds find is found at once, breaking what it must, and its seed is clean without it', async () => {
  const often = bugs.filter(({ isRare }) => !isRare);
  expect(often.length).toBeGreaterThanOrEqual(12);
  const hunted = await huntBugs(threads, often, 60);
  expect(hunted).toHaveLength(often.length);
  for (const { bug, found, clean } of hunted) {
    expect(found, bug.name).not.toBeNull();
    expect(bug.breaks, bug.name).toContain(found?.promise);
    expect(clean, bug.name).toBeNull();
  }
}, 120_000);

test('each bug of the list can still be planted', () => {
  for (const bug of bugs) {
    const source = readFileSync(join(import.meta.dirname, '..', '..', bug.file), 'utf8');
    expect(edited(bug, source), bug.name).not.toBe(source);
  }
});
