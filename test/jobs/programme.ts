// Jobs on a scene: CRM rows in the local YT, runs of jobs, and what the database holds afterwards.
import { profileKey, type MatchingId, type Profile } from '../../machines/ids.ts';
import type { MatchingRecord } from '../../machines/matching-record.ts';
import { rfc3339 } from '../../runtime/clock.ts';
import type { Context } from '../../runtime/context.ts';
import { progressFields, type ProgressFigures, type RejectRecord } from '../../runtime/store.ts';
import type { JobReport } from '../../jobs/report.ts';
import { runJob, type RunOptions } from '../../jobs/run-job.ts';
import { jobNamed } from '../../jobs/schedule.ts';
import type { WorldPerson } from '../sandbox/upstreams/world.ts';
import { profileOf, type Scene } from '../suites/scene.ts';

export const everyPage = { limit: 1000, cursor: null };

type Asked = Partial<RunOptions> & { readonly ctx?: Context; readonly signal?: AbortSignal };

export async function run(scene: Scene, name: string, options: Asked = {}): Promise<JobReport> {
  const { ctx = scene.ctx, signal = new AbortController().signal, ...asked } = options;
  return runJob(ctx, jobNamed(name), { dryRun: false, ...asked }, signal);
}

export interface ConnectionText {
  readonly newbie_park_id: string;
  readonly newbie_driver_id: string;
  readonly mentor_park_id: string;
  readonly mentor_driver_id: string;
  readonly connected_dttm: string;
}

/** A row of the distribution table; a number is moments from now. */
export async function connection(scene: Scene, newbie: Profile, mentor: Profile, when: number | string): Promise<ConnectionText> {
  return {
    newbie_park_id: newbie.parkId,
    newbie_driver_id: newbie.driverId,
    mentor_park_id: mentor.parkId,
    mentor_driver_id: mentor.driverId,
    connected_dttm: typeof when === 'string' ? when : rfc3339((await scene.ctx.store.now()) + when),
  };
}

export function writeDistribution(scene: Scene, rows: readonly object[]): Promise<void> {
  return scene.yt.tree.writeRows(scene.config.yt.distribution, rows as Record<string, unknown>[]);
}

export function writeResults(scene: Scene, rows: readonly object[]): Promise<void> {
  return scene.yt.tree.writeRows(scene.config.yt.results, rows as Record<string, unknown>[]);
}

/** A table of codes dated `daysAgo` before the scene's now. */
export async function writePromocodes(scene: Scene, daysAgo: number, rows: readonly object[]): Promise<void> {
  const date = rfc3339((await scene.ctx.store.now()) - daysAgo * 86_400_000).slice(0, 10);
  const path = `${scene.config.yt.promocodesDir}/finished_promocodes_to_add_TAXICRM-6689_${date}`;
  await scene.yt.tree.writeRows(path, rows as Record<string, unknown>[]);
}

export function figuresRow(udid: string | null, figures: Partial<ProgressFigures>): Record<string, string | null> {
  return { udid, ...Object.fromEntries(progressFields.map((field) => [field, figures[field] ?? null])) };
}

export const week: Partial<ProgressFigures> = { rate_avg_7d: '4.9', avg_dp_7d: '12', sh_7d: '40' };
export const fortnight: Partial<ProgressFigures> = { ...week, rate_avg_14d: '4.8', avg_dp_14d: '11', sh_14d: '80', passed_test_flg: '1' };

export async function enrolAll(scene: Scene, people: readonly WorldPerson[]): Promise<MatchingId[]> {
  const ids: MatchingId[] = [];
  for (const one of people) ids.push((await scene.enrol(profileOf(one))).participation.matchingId);
  return ids;
}

/** Matched by the CRM and announced to both: `initialized`. */
export async function pairUp(scene: Scene, pairs: readonly (readonly [WorldPerson, WorldPerson])[]): Promise<MatchingId[]> {
  const ids = await enrolAll(scene, pairs.map(([newbie]) => newbie));
  const rows = await Promise.all(pairs.map(([newbie, mentor], index) =>
    connection(scene, profileOf(newbie), profileOf(mentor), index - pairs.length)));
  await writeDistribution(scene, rows);
  await run(scene, 'import-matchings');
  await scene.settleTasks();
  return ids;
}

/** Through the fortnight's announcements to `finished`. */
export async function finishAll(scene: Scene, pairs: readonly (readonly [WorldPerson, WorldPerson])[]): Promise<MatchingId[]> {
  const ids = await pairUp(scene, pairs);
  scene.advance(14 * 86_400_000);
  await writeResults(scene, pairs.map(([newbie]) => figuresRow(newbie.udid, fortnight)));
  await run(scene, 'import-results');
  await scene.settleTasks();
  return ids;
}

export async function allMatchings(ctx: Context): Promise<MatchingRecord[]> {
  const { items } = await ctx.store.listMatchings({}, everyPage);
  return [...items].sort((a, b) => (profileKey(a.newbie) < profileKey(b.newbie) ? -1 : 1));
}

/** What must not depend on when and in which order rows were read: all but ids, times and the number of writes. */
export async function outcomesOf(ctx: Context): Promise<unknown[]> {
  const records = await allMatchings(ctx);
  return records.map(({ newbie, mentor, status, epoch, originalConnectedAt, mentorPromocode }) =>
    ({ newbie, mentor, status, epoch, originalConnectedAt, mentorPromocode }));
}

/** Everything a job may write, as it is. */
export async function dump(ctx: Context): Promise<unknown> {
  const matchings = await allMatchings(ctx);
  const ids = matchings.map(({ id }) => id);
  return {
    matchings,
    transitions: await Promise.all(ids.map((id) => ctx.store.transitions(id))),
    results: await ctx.store.results(ids),
    tasks: (await Promise.all(ids.map((id) => ctx.store.tasksOfMatching(id)))).flat().map(({ id, state }) => `${id} ${state}`).sort(),
    rejects: await rejectsOf(ctx),
    pending: await ctx.store.pendingPromocodes(everyPage),
    runs: (await ctx.store.jobRuns({}, everyPage)).items.length,
    states: await Promise.all(stateNames.map((name) => ctx.store.jobState(name))),
  };
}

const stateNames = ['import-matchings', 'finish-programme:tables', 'finish-programme:succeeded_on'];

/** The dump without what every run leaves: its record and the day of its success. */
export async function dumpOfData(ctx: Context): Promise<unknown> {
  return { ...(await dump(ctx) as object), runs: null, states: null };
}

export async function rejectsOf(ctx: Context): Promise<readonly RejectRecord[]> {
  return (await ctx.store.rejects({}, everyPage)).items;
}

export async function reasonsOf(ctx: Context): Promise<string[]> {
  return (await rejectsOf(ctx)).map(({ reason }) => reason).sort();
}
