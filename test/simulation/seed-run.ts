// One seed from its first event to its verdict.
import type { JobName } from '../../jobs/report.ts';
import { tickMs } from '../../jobs/schedule.ts';
import type { Coverage } from './coverage.ts';
import { Crm } from './crm.ts';
import { Drivers } from './drivers.ts';
import { Instance } from './instance.ts';
import { checkEnd } from './oracle/end.ts';
import { checkProgress } from './oracle/liveness.ts';
import { Oracle } from './oracle/oracle.ts';
import { startMs, takeOverTime } from './timeline.ts';
import { World, type Violation } from './world.ts';

export interface SeedResult {
  readonly seed: number;
  readonly violation: Violation | null;
  readonly hash: string;
  readonly steps: number;
  readonly coverage: Coverage;
  /** The last happenings, when they were asked for. */
  readonly lines: readonly string[];
}

const hour = 3_600_000;
const imports: readonly JobName[] = ['import-matchings', 'import-results', 'finish-programme'];
const lookEveryMs = 20 * 60_000;
const jobLimitMs = 20 * 60_000;
/** Nothing takes longer than this after the faults have healed. */
const patienceMs = 120 * hour;

export async function runSeed(seed: number, options: { readonly traceLines?: number } = {}): Promise<SeedResult> {
  const world = new World(seed, options.traceLines ?? 0);
  const giveBack = takeOverTime(world.timeline);
  try {
    await live(world);
  } catch (error) {
    world.violate('simulation', error instanceof Error ? (error.stack ?? error.message) : String(error));
  } finally {
    giveBack();
  }
  world.coverage.set('seed: steps', world.timeline.steps);
  for (const status of world.reached) world.count(`seeds that reached: ${status}`);
  return { seed, violation: world.violation, hash: world.trace.hash, steps: world.timeline.steps, coverage: world.coverage, lines: world.trace.lines };
}

async function live(world: World): Promise<void> {
  const { random, timeline, settings } = world;
  const crm = new Crm(world);
  const instances = Array.from({ length: settings.instances }, (_, index) => new Instance(world, `host${index}`));
  const oracle = new Oracle(world, crm, () => instances.map(({ disk }) => disk));
  const drivers = new Drivers(world, instances, oracle);
  for (const instance of instances) instance.start();
  crm.start();
  drivers.start();
  spread(world, instances);
  for (const one of world.people.all) {
    if (one.udid === null) timeline.schedule(random.between(0, settings.healAtMs), () => void (one.udid = one.laterUdid));
  }
  await runUntil(world, startMs + settings.healAtMs);
  heal(world, instances);
  // What the CRM wrote last, garbage among it, has to be read once without faults.
  const readByMs = timeline.nowMs + tickMs(world.config.jobs, 'import-matchings') + lookEveryMs;
  const settled = await runWhile(world, patienceMs, () => timeline.nowMs < readByMs || !checkProgress(world, crm) || drivers.enrolled.size < new Set(world.people.newbies).size || instances.some(({ spool }) => spool !== null && spool.waiting().length > 0));
  if (!settled) world.violate('L1', 'the world does not come to rest');
  drivers.stop();
  crm.stop();
  for (const instance of instances) instance.retire();
  const last = new Instance(world, 'last');
  last.start({ jobs: false });
  await runUntil(world, timeline.nowMs + lookEveryMs);
  if (world.config.programme.archiveAfterMs > 24 * hour) await replay(world, crm, last);
  await tasksDone(world);
  await runJobs(world, last, ['replicate', 'archive', 'replicate']);
  if (world.violation === null) checkEnd(world, crm, oracle);
}

/** Troubles that come by the clock. */
function spread(world: World, instances: readonly Instance[]): void {
  const { random, timeline } = world;
  timeline.schedule(random.between(10, 40) * 60_000, () => {
    if (world.isHealed) return;
    world.turnWeather();
    for (const instance of instances) {
      if (!random.chance(world.weather.stop)) continue;
      world.count('fault: stop in order');
      instance.stop();
    }
    spread(world, instances);
  });
}

function heal(world: World, instances: readonly Instance[]): void {
  world.heal();
  world.note('healed');
  for (const instance of instances) instance.pausedUntilMs = Math.min(instance.pausedUntilMs, world.timeline.nowMs);
  // Hosts that meet at a lock have had their time among the faults. From here on one of them runs the imports, all of them the rest, and the
  // copies are made at the end: runs that find nothing to do were most of what comes after this moment.
  const alive = instances.filter((instance) => instance.alive);
  const keeper = world.random.pick(alive.length === 0 ? instances : alive);
  for (const instance of instances) instance.runs = instance === keeper ? imports : [];
}

async function runUntil(world: World, untilMs: number, isOver: () => boolean = () => false): Promise<void> {
  while (world.violation === null && !isOver()) {
    if (await world.timeline.step(untilMs)) {
      if (world.transactions.isOpen) world.violate('transactions', 'a callback waited for something other than its transaction');
      continue;
    }
    world.timeline.nowMs = Math.max(world.timeline.nowMs, untilMs);
    return;
  }
}

/** Looks every half an hour; false when it still goes on after the limit. */
async function runWhile(world: World, limitMs: number, goesOn: () => boolean): Promise<boolean> {
  const endMs = world.timeline.nowMs + limitMs;
  while (world.violation === null && world.timeline.nowMs < endMs) {
    if (!goesOn()) return true;
    await runUntil(world, world.timeline.nowMs + lookEveryMs);
  }
  return world.violation !== null;
}

async function tasksDone(world: World): Promise<void> {
  const isWaiting = (): boolean => world.tables.rows('tasks').some(({ state }) => state === 'pending' || state === 'running');
  if (!(await runWhile(world, patienceMs, isWaiting))) world.violate('L1', 'tasks do not come to an end');
}

/**
 * S6: everything that the CRM has ever written comes again in another order, and no row of the database differs. On one instance whose
 * jobs run when they are told to.
 */
async function replay(world: World, crm: Crm, instance: Instance): Promise<void> {
  await runJobs(world, instance, imports);
  // A code that found no matching to go to is rejected, and gets another chance when its table comes again. Only a mentor can have one
  // more matching by then.
  if (world.people.newbies.some((newbie) => crm.relations.get(newbie)?.plan.codeOfMentor === true || world.people.mentors.includes(newbie))) {
    crm.replay();
    await runJobs(world, instance, imports);
  }
  // What those runs have caused still moves matchings: that is no part of the replay.
  await tasksDone(world);
  const before = dataOf(world);
  crm.replay();
  await runJobs(world, instance, world.random.shuffled(imports));
  await tasksDone(world);
  const after = dataOf(world);
  if (world.violation === null && before !== after) world.violate('S6', `a replay changed the database: ${differences(before, after)}`);
  world.count('seed: replays');
}

function dataOf({ tables }: World): string {
  const rows = (['matchings', 'transitions', 'results', 'history', 'persons', 'announcements', 'pending', 'rejects'] as const).map((name) => tables.rows(name));
  return JSON.stringify(rows, null, 1);
}

function differences(before: string, after: string): string {
  const [a, b] = [before.split('\n'), after.split('\n')];
  return b.filter((line, index) => line !== a[index]).slice(0, 12).join('');
}

/** One after another, each to its success. */
async function runJobs(world: World, instance: Instance, names: readonly JobName[]): Promise<void> {
  for (const name of names) {
    let outcome: string | null = null;
    instance.runNow(name, (report) => void (outcome = report.outcome));
    await runUntil(world, world.timeline.nowMs + jobLimitMs, () => outcome !== null);
    if (outcome !== 'succeeded') world.violate('L1', `${name} ${outcome ?? 'does not end'} in a world without faults`);
  }
}
