// How fast and in how much memory the distribution import takes a hundred thousand and a million new rows. Each part runs in a process
// of its own: what one of them needs must not be counted for another.
import { fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { YtClient } from 'ytsaurus-client';
import { z } from 'zod';
import { runJob } from '../../jobs/run-job.ts';
import { jobNamed } from '../../jobs/schedule.ts';
import { parseMatchingId, parseProfile, type Profile } from '../../machines/ids.ts';
import { rfc3339 } from '../../runtime/clock.ts';
import { compose } from '../../runtime/compose.ts';
import { readConfig, type Config } from '../../runtime/config/config.ts';
import type { Context } from '../../runtime/context.ts';
import { createLog } from '../../runtime/log.ts';

const sizes = [100_000, 1_000_000];
const perTransaction = 1_000;

interface Place {
  readonly directory: string;
  readonly proxy: string;
  readonly rows: number;
}

function configOf({ directory, proxy }: Place): Config {
  const away = 'http://127.0.0.1:1';
  return readConfig({
    DATA_DIR: directory, YT_PROXY: proxy, AUTH_JWKS: './jwks.json', AUTH_ISSUER: 'bench', DRIVER_PROFILES_URL: away, PERSONAL_URL: away,
    TRACKSTORY_URL: away, FLEET_RENT_URL: away, CLIENT_EVENTS_URL: away,
  });
}

async function withContext<Result>(place: Place, work: (ctx: Context) => Promise<Result>): Promise<Result> {
  const composed = await compose(configOf(place), { log: createLog('silent', { write: () => {} }) });
  try {
    return await work(composed.ctx);
  } finally {
    await composed.close();
  }
}

function newbie(index: number): Profile {
  const digits = index.toString(16);
  const profile = parseProfile(digits.padStart(32, 'a'), digits.padStart(32, 'b'));
  if (profile === null) throw new TypeError('the bench names a profile that is none');
  return profile;
}

/** Everybody has enrolled, and the CRM has matched each of them. */
async function seed(place: Place): Promise<null> {
  const now = Date.now();
  await withContext(place, async ({ store }) => {
    for (let from = 0; from < place.rows; from += perTransaction) {
      await store.transact(async (tx) => {
        for (let index = from; index < from + perTransaction; index += 1) await tx.insertMatching(enrolled(index, now - 86_400_000));
      });
    }
  });
  const yt = new YtClient({ proxy: place.proxy });
  const { distribution } = configOf(place).yt;
  await yt.create('table', distribution, { recursive: true, ignoreExisting: true });
  await yt.writeTable(distribution, connections(place.rows, now));
  await yt.close();
  return null;
}

function enrolled(index: number, at: number) {
  const id = parseMatchingId(`00000000-0000-4000-8000-${index.toString(16).padStart(12, '0')}`);
  if (id === null) throw new TypeError('the bench names a matching that is none');
  return {
    id, createdAt: at, updatedAt: at, version: 1, status: 'requested', statusSince: at, epoch: 0, newbie: newbie(index), newbieUdid: null,
    mentor: null, mentorUdid: null, matchedAt: null, originalConnectedAt: null, mentorPromocode: null, completedAt: null,
    newbieLastReadAt: null, mentorLastReadAt: null,
  } as const;
}

function* connections(rows: number, now: number): Generator<Record<string, string>> {
  for (let index = 0; index < rows; index += 1) {
    const { parkId, driverId } = newbie(index);
    const mentor = newbie(rows + (index % 1_000));
    yield {
      newbie_park_id: parkId, newbie_driver_id: driverId, mentor_park_id: mentor.parkId, mentor_driver_id: mentor.driverId,
      connected_dttm: rfc3339(now - ((index * 7_919) % 3_600_000)),
    };
  }
}

async function imported(place: Place): Promise<number> {
  return withContext(place, async (ctx) => {
    // The store and the cluster are measured, not a stand-in of driver-profiles: everybody is a person of one profile.
    const linked = () => Promise.resolve(new Map<never, never>());
    const upstreams = { ...ctx.upstreams, driverProfiles: { ...ctx.upstreams.driverProfiles, linked } };
    const report = await runJob({ ...ctx, upstreams }, jobNamed('import-matchings'), { dryRun: false }, new AbortController().signal);
    if (report.counts['matched'] !== place.rows) throw new Error(`the import went wrong: ${JSON.stringify(report)}`);
    return place.rows;
  });
}

async function readAndParsed(place: Place): Promise<number> {
  const yt = new YtClient({ proxy: place.proxy });
  let rows = 0;
  for await (const _ of yt.readTable(configOf(place).yt.distribution)) rows += 1;
  await yt.close();
  return rows;
}

/** The rows themselves into one table, in transactions of the import's size: what a database can do at best. */
async function bulkInserted(place: Place): Promise<number> {
  const database = new DatabaseSync(join(place.directory, 'bulk.sqlite'));
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE t (a, b, c, d, e)');
  const insert = database.prepare('INSERT INTO t VALUES (?, ?, ?, ?, ?)');
  let rows = 0;
  for (const row of connections(place.rows, Date.now())) {
    if (rows % 500 === 0) database.exec(rows === 0 ? 'BEGIN' : 'COMMIT; BEGIN');
    insert.run(...Object.values(row));
    rows += 1;
  }
  database.exec('COMMIT');
  database.close();
  return rows;
}

const parts = { seed, imported, readAndParsed, bulkInserted } as const;
type Part = keyof typeof parts;
const measured = z.object({ perSecond: z.number(), rssMb: z.number() });

async function inChild(part: Part, place: Place): Promise<z.output<typeof measured>> {
  const child = fork(fileURLToPath(import.meta.url), [part, JSON.stringify(place)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const told = once(child, 'message');
  const ended = once(child, 'exit').then(([code]) => Promise.reject(new Error(`${part} ended with ${String(code)} and told nothing`)));
  const [message] = await Promise.race([told, ended]) as [unknown];
  return measured.parse(message);
}

async function runPart(part: Part, place: Place): Promise<void> {
  const startedMs = performance.now();
  await parts[part](place);
  const perSecond = Math.round(place.rows / ((performance.now() - startedMs) / 1_000));
  process.send?.({ perSecond, rssMb: Math.round(process.resourceUsage().maxRSS / 1_024) }, () => process.exit(0));
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

async function measure(rows: number): Promise<Record<Exclude<Part, 'seed'>, z.output<typeof measured>>> {
  const directory = mkdtempSync(join(tmpdir(), 'mentorship-bench-'));
  const proxy = await startProxy(directory);
  const place: Place = { directory, proxy: proxy.url, rows };
  try {
    await inChild('seed', place);
    const [read, ours, bulk] = [await inChild('readAndParsed', place), await inChild('imported', place), await inChild('bulkInserted', place)];
    return { readAndParsed: read, imported: ours, bulkInserted: bulk };
  } finally {
    proxy.process.kill();
    rmSync(directory, { recursive: true });
  }
}

async function bench(): Promise<void> {
  const [small, large] = [await measure(sizes[0] ?? 0), await measure(sizes[1] ?? 0)];
  const ours = large.imported.perSecond;
  const ratio = (theirs: number): number => Number((ours / theirs).toFixed(3));
  const ratios = { read_parse: ratio(large.readAndParsed.perSecond), bulk_insert: ratio(large.bulkInserted.perSecond) };
  process.stdout.write(`${JSON.stringify({
    bench: 'import', unit: 'rows/s', ours, ratios, rss_100k_mb: small.imported.rssMb, rss_1m_mb: large.imported.rssMb, missing: [],
  })}\n`);
}

const [part, place] = process.argv.slice(2);
if (part === undefined || place === undefined) await bench();
else await runPart(part as Part, JSON.parse(place) as Place);
