// One newbie's whole way through the programme, from the offer to the archive, as a list of steps that the outside world takes. A step in
// which the process dies is taken again by the next life, as a scheduler's tick, a waiting task or a driver's impatience would.
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { profileKey, type MatchingId } from '../../machines/ids.ts';
import { realTime, rfc3339 } from '../../runtime/clock.ts';
import { readConfig } from '../../runtime/config/config.ts';
import { enrol } from '../../runtime/mentorship/enroll.ts';
import { noSpool } from '../../runtime/spool/no-spool.ts';
import { openSqliteStore, type SqliteStore } from '../../runtime/store/sqlite/store.ts';
import { TaskWorker } from '../../runtime/tasks/worker.ts';
import type { Context } from '../../runtime/context.ts';
import { runJob } from '../../jobs/run-job.ts';
import { jobNamed } from '../../jobs/schedule.ts';
import { App } from '../simulation/app.ts';
import { Cluster } from '../simulation/cluster.ts';
import { createRandom } from '../simulation/random.ts';
import { aProfile, aUdid } from '../suites/records.ts';
import { dayMs } from '../suites/scene.ts';
import { contextOf, Dead, Pulse, type Death, type Outside } from './life.ts';
import { steadyUpstreams, steadyYt } from './steady-ports.ts';

const startMs = Date.UTC(2026, 0, 1);
export const newbie = { udid: aUdid('udid-newbie'), profiles: [aProfile('newbie-1', 'park-1'), aProfile('newbie-2', 'park-2')] };
export const mentor = { udid: aUdid('udid-mentor'), profiles: [aProfile('mentor-1', 'park-1')] };

const anyUrl = 'http://127.0.0.1:1';
const config = readConfig({
  YT_PROXY: anyUrl, DRIVER_PROFILES_URL: anyUrl, PERSONAL_URL: anyUrl, TRACKSTORY_URL: anyUrl, FLEET_RENT_URL: anyUrl, CLIENT_EVENTS_URL: anyUrl,
  AUTH_JWKS: 'jwks.json', AUTH_ISSUER: 'test',
});

export interface Ended {
  /** Port calls of the first life, in order. */
  readonly calls: readonly string[];
  /** The call at which it died; empty when it came to the end of the way first. */
  readonly lastWords: string;
  readonly acknowledged: MatchingId | null;
  readonly cluster: Cluster;
  readonly app: App;
  readonly store: SqliteStore;
}

interface Stage extends Outside {
  readonly cluster: Cluster;
  readonly app: App;
  readonly clock: { ms: number };
  acknowledged: MatchingId | null;
}

type Step = (ctx: Context, stage: Stage, pulse: Pulse) => Promise<void>;

const connected = { newbie_park_id: 'park-2', newbie_driver_id: 'newbie-2', mentor_park_id: 'park-1', mentor_driver_id: 'mentor-1' };
const figures = { udid: 'udid-newbie', rate_avg_7d: '4.9', sh_7d: '40', avg_dp_7d: null, correct_answers: null, passed_test_flg: null };

const steps: readonly Step[] = [
  async (ctx, stage) => {
    const person = { udid: newbie.udid, profiles: newbie.profiles };
    const { participation } = await enrol(ctx, person, { caller: newbie.profiles[0] as never, idempotencyKey: 'key' });
    stage.acknowledged ??= participation.matchingId;
    if (participation.matchingId !== stage.acknowledged) throw new Error('the driver was told of two matchings');
  },
  tasks,
  later(dayMs, ({ cluster, clock }) => cluster.write(config.yt.distribution, [{ ...connected, connected_dttm: rfc3339(clock.ms) }])),
  job('import-matchings'),
  tasks,
  later(7 * dayMs, ({ cluster }) => cluster.write(config.yt.results, [figures])),
  job('import-results'),
  tasks,
  later(7 * dayMs, ({ cluster }) => cluster.write(config.yt.results, [{ ...figures, rate_avg_14d: '4.8', sh_14d: '80', avg_dp_14d: null }])),
  job('import-results'),
  tasks,
  job('replicate'),
  later(dayMs, ({ cluster, clock }) => {
    const path = `${config.yt.promocodesDir}/finished_promocodes_to_add_X_${rfc3339(clock.ms).slice(0, 10)}`;
    cluster.write(path, [{ entity_id: profileKey(newbie.profiles[0] as never), promocode: 'CODE' }]);
  }),
  job('finish-programme'),
  tasks,
  later(91 * dayMs, () => {}),
  job('archive'),
  job('replicate'),
];

function later(ms: number, write: (stage: Stage) => void): Step {
  return async (_ctx, stage) => {
    stage.clock.ms += ms;
    write(stage);
  };
}

function job(name: string): Step {
  return async (ctx, _stage, pulse) => {
    const report = await runJob(ctx, jobNamed(name), { dryRun: false }, new AbortController().signal);
    if (report.outcome !== 'succeeded' && !pulse.dead) throw new Error(`${name} ${report.outcome}: ${report.error}`);
  };
}

/** The real worker, until nothing is due; with room for one task an empty claim means just that. */
async function tasks(ctx: Context, _stage: Stage, pulse: Pulse): Promise<void> {
  const idle = Promise.withResolvers<void>();
  const claim: typeof ctx.tasks.claim = async (request) => {
    try {
      const claimed = await ctx.tasks.claim(request);
      if (claimed.length === 0) idle.resolve();
      return claimed;
    } catch (error) {
      if (pulse.dead) idle.resolve();
      throw error;
    }
  };
  const worker = new TaskWorker({ ...ctx, tasks: { ...ctx.tasks, claim } }, { concurrency: 1, owner: ctx.newId(), leaseMs: 30_000, pollMs: 1 });
  worker.start();
  await idle.promise;
  await worker.stop(1_000);
}

/** A migrated database, to be copied for each run. */
export async function makeTemplate(): Promise<{ readonly file: string; remove(): void }> {
  const directory = mkdtempSync(join(tmpdir(), 'mentorship-crash-'));
  const file = join(directory, 'template.sqlite');
  const { store } = openSqliteStore({ file, timescale: realTime });
  await store.migrate();
  await store.close();
  return { file, remove: () => rmSync(directory, { recursive: true }) };
}

export interface Watch {
  /** Right after the death, and at the end. */
  readonly always: (seen: Ended) => Promise<void>;
  readonly end: (seen: Ended) => Promise<void>;
}

/** The whole way with one death in it. The database is open while the watch looks. */
export async function runWith(death: Death | null, template: string, watch: Watch): Promise<Ended> {
  const directory = mkdtempSync(join(tmpdir(), 'mentorship-crash-'));
  const file = join(directory, 'mentorship.sqlite');
  copyFileSync(template, file);
  const stage = newStage();
  const opened: SqliteStore[] = [];
  const open = (): SqliteStore => {
    const one = openSqliteStore({ file, timescale: realTime, databaseNowMs: () => stage.clock.ms });
    opened.push(one);
    return one;
  };
  try {
    const first = new Pulse(death);
    let [store, pulse] = [open(), first];
    let ctx = contextOf(store, stage, pulse);
    const seen = (): Ended => ({ calls: first.calls, lastWords: first.lastWords, store, acknowledged: stage.acknowledged, cluster: stage.cluster, app: stage.app });
    for (let index = 0; index < steps.length; index += 1) {
      await unlessDead(pulse, () => (steps[index] as Step)(ctx, stage, pulse));
      if (!pulse.dead) continue;
      // The dead process closes nothing: its connections stay as they were. Its leases run out.
      stage.clock.ms += 60_000;
      [store, pulse] = [open(), new Pulse(null)];
      ctx = contextOf(store, stage, pulse);
      await watch.always(seen());
      index -= 1;
    }
    await watch.always(seen());
    await watch.end(seen());
    return seen();
  } finally {
    for (const { store } of opened) await store.close();
    rmSync(directory, { recursive: true });
  }
}

async function unlessDead(pulse: Pulse, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!pulse.dead || !(error instanceof Dead)) throw error;
  }
}

function newStage(): Stage {
  const [cluster, app, random] = [new Cluster(), new App(), createRandom(1)];
  const clock = { ms: startMs };
  cluster.write(config.yt.distribution, []);
  cluster.write(config.yt.results, []);
  return {
    config, cluster, app, clock, spool: noSpool(() => clock.ms), acknowledged: null, newId: () => random.uuid(),
    yt: steadyYt(cluster), upstreams: steadyUpstreams([newbie, mentor], app, () => clock.ms),
  };
}
