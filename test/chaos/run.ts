// One run: the outside world, two instances under kills, people who hold the service to its word, then calm and the verdict.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { openStore } from '../../runtime/compose.ts';
import { readConfig } from '../../runtime/config/config.ts';
import { createLog } from '../../runtime/log.ts';
import type { Store } from '../../runtime/store.ts';
import { people } from '../sandbox/seed.ts';
import { createTokenIssuer } from '../sandbox/tokens.ts';
import { createRandom, type Random } from '../simulation/random.ts';
import { Crew } from './crew.ts';
import { Fleet } from './fleet.ts';
import { Outside } from './outside-link.ts';
import { countAcknowledged } from './promises.ts';
import { isOver, judge } from './verdict.ts';

export interface ChaosOptions {
  readonly kills: number;
  readonly store: 'sqlite' | 'ydb';
  readonly seed: number;
  /** Progress and complaints, for people. */
  readonly say: (line: string) => void;
}

export interface ChaosReport {
  readonly kills: number;
  readonly acknowledged: number;
  readonly lost: readonly string[];
  readonly duplicates: readonly string[];
  readonly violations: readonly string[];
}

interface Patience {
  readonly environment: Readonly<Record<string, string>>;
  /** Past the lease of a task and that of a job. */
  readonly pauseMs: number;
}

/** As by default. */
const usual: Patience = { environment: {}, pauseMs: 33_000 };
/** A short run must not spend its time with waiting for the leases of the dead. */
const hasty: Patience = { environment: { TASK_LEASE: '3s', JOB_LEASE: '3s' }, pauseMs: 4_000 };
const hastyBelowKills = 50;
const killsPerPause = 100;
/** A task that died with its worker several times waits for half a minute and more. */
const settleWithinMs = 300_000;
const lookEveryMs = 500;
const mostNewbies = 150;

export async function runChaos({ kills, store, seed, say }: ChaosOptions): Promise<ChaosReport> {
  const directory = mkdtempSync(join(tmpdir(), 'chaos-'));
  const random = createRandom(seed);
  const newbies = Math.min(mostNewbies, 4 + kills);
  const outside = await Outside.start({ store, drivers: newbies, seed });
  const issuer = await createTokenIssuer(join(directory, 'auth'));
  const patience = kills < hastyBelowKills ? hasty : usual;
  const environment = { ...(await outside.ask<Record<string, string>>('environment')), ...environmentOf(directory), ...patience.environment, AUTH_JWKS: issuer.jwksFile, AUTH_ISSUER: issuer.issuer };
  const pauses = Math.max(1, Math.floor(kills / killsPerPause));
  const onKill = (done: number): void => (done % 10 === 0 ? say(`${done} kills`) : undefined);
  const fleet = new Fleet({ environment, random, kills, pauses, pauseMs: patience.pauseMs, onKill });
  const crew = new Crew({ fleet, cast: people(newbies), issuer, random, arriveWithinMs: kills * 1_000 });
  const over = new AbortController();
  Object.assign(process.env, { YDB_ANONYMOUS_CREDENTIALS: '1' });
  const database = openStore(readConfig(environment).store, { log: createLog('silent') });
  try {
    await database.store.migrate();
    crew.start();
    const weather = badWeather({ outside, directory, store, random }, over.signal);
    await fleet.storm();
    over.abort();
    await weather;
    await fleet.calm();
    say('calm');
    await settled({ store: database.store, fleet, crew, say });
    await crew.leave();
    const verdict = await judge(crew, { store: database.store, applications: await outside.ask('applications'), events: await outside.ask('events') });
    await fleet.stop();
    say(`refused meanwhile: ${JSON.stringify(Object.fromEntries(crew.unexpected))}`);
    say(`spooled: ${crew.testimonies.flatMap(({ enrolments }) => enrolments).filter(({ degraded }) => degraded).length}`);
    return { ...verdict, kills: fleet.kills, acknowledged: countAcknowledged(crew), violations: [...verdict.violations, ...fleet.crashes] };
  } finally {
    over.abort();
    await crew.leave();
    await fleet.stop();
    await database.store.close();
    await outside.close();
    rmSync(directory, { recursive: true });
  }
}

function environmentOf(directory: string): Record<string, string> {
  return {
    DATA_DIR: directory, HTTP_HOST: '127.0.0.1', HTTP_PORT: '0', ADMIN_PORT: '0', LOG_LEVEL: 'info',
    RATE_LIMIT_PER_DRIVER: '0', RATE_LIMIT_PER_ADDRESS: '0', SPOOL_AFTER: '300ms',
    PROGRESS_AGE: '1s', RESULT_AGE: '2s', FAIL_AGE: '2s', FAIL_GRACE: '2s',
    // Each run is a thread that loads the whole service: more of them would be a test of the machine.
    IMPORT_MATCHINGS_EVERY: '3s', IMPORT_RESULTS_EVERY: '4s',
  };
}

interface Sky {
  readonly outside: Outside;
  readonly directory: string;
  readonly store: ChaosOptions['store'];
  readonly random: Random;
}

/** Now and then the store is away for a while, or upstreams and YT misbehave. */
async function badWeather(sky: Sky, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await rest(sky.random.between(1_000, 4_000), signal);
    if (signal.aborted) return;
    if (sky.random.chance(0.5)) await sky.outside.ask('upstream_fault');
    else await storeOutage(sky, signal);
  }
}

/** YDB stops listening; SQLite's file is locked by somebody else. */
async function storeOutage({ outside, directory, store, random }: Sky, signal: AbortSignal): Promise<void> {
  const lastsMs = random.between(500, 4_000);
  if (store === 'ydb') {
    await outside.ask('store_away');
    await rest(lastsMs, signal);
    await outside.ask('store_back');
    return;
  }
  const rival = new DatabaseSync(join(directory, 'mentorship.sqlite'), { timeout: 2_000 });
  try {
    rival.exec('BEGIN IMMEDIATE');
    await rest(lastsMs, signal);
  } catch {
    // An instance that was stopped in the middle of a transaction holds the lock: that is an outage too.
  } finally {
    rival.close();
  }
}

async function rest(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => {});
}

interface Calm {
  readonly store: Store;
  readonly fleet: Fleet;
  readonly crew: Crew;
  readonly say: ChaosOptions['say'];
}

/** Waits until everybody is in and has come to his end; what is not there by then is for the verdict to say. */
async function settled({ store, fleet, crew, say }: Calm): Promise<void> {
  const deadline = performance.now() + settleWithinMs;
  for (let said = ''; performance.now() < deadline; await sleep(lookEveryMs)) {
    const rows = await Promise.all(crew.testimonies.map(({ person }) => store.matchingsOfNewbies(person.profiles)));
    const present = Object.entries(Object.groupBy(rows.flat(), ({ status }) => status)).map(([status, found]) => `${status} ${found.length}`);
    const spooled = await fleet.spooled();
    const line = `spooled ${spooled}, in ${crew.testimonies.filter(({ enrolments }) => enrolments.length > 0).length} of ${rows.length}: ${present.join(', ')}`;
    if (line !== said) say(line);
    said = line;
    if (spooled === 0 && crew.everybodyIsIn && rows.every((found) => found.length > 0 && found.every(isOver))) return;
  }
}
