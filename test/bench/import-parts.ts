// The parts of the import bench, each in a process of its own: what one of them needs must not be counted for another.
import { copyFileSync, mkdirSync, rmSync } from 'node:fs';
import { request, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import type { Readable } from 'node:stream';
import { isDeepStrictEqual } from 'node:util';
import { createGunzip } from 'node:zlib';
import { YtClient } from 'ytsaurus-client';
import { runJob } from '../../jobs/run-job.ts';
import { connectionColumns } from '../../jobs/rows.ts';
import { jobNamed } from '../../jobs/schedule.ts';
import { compose } from '../../runtime/compose.ts';
import { readConfig, type Config } from '../../runtime/config/config.ts';
import type { Context } from '../../runtime/context.ts';
import { createLog } from '../../runtime/log.ts';
import { matchingColumns, valuesOfMatching } from '../../runtime/store/sqlite/columns.ts';
import { matchingSql } from '../../runtime/store/sqlite/matchings.ts';
import { connections, connectionsWithFaults, enrolled, faultEvery, matched, type Population } from './import-rows.ts';

export interface Place extends Population {
  readonly directory: string;
  readonly proxy: string;
}

/** What one part answers; the time is that of its work alone, without the start of the process, or what the part itself calls its work. */
export interface Measured {
  readonly ms: number;
  /** Of all threads of the process, meanwhile: what the waiting for the proxy hides. */
  readonly cpuMs: number;
  readonly startRssMb: number;
  readonly peakRssMb: number;
}

const perImportTransaction = 500;
const sqliteFile = 'mentorship.sqlite';
const job = 'import-matchings';

function configOf({ directory, proxy }: Place): Config {
  const away = 'http://127.0.0.1:1';
  return readConfig({
    DATA_DIR: directory, YT_PROXY: proxy, AUTH_JWKS: './jwks.json', AUTH_ISSUER: 'bench', DRIVER_PROFILES_URL: away, PERSONAL_URL: away,
    TRACKSTORY_URL: away, FLEET_RENT_URL: away, CLIENT_EVENTS_URL: away,
  });
}

async function withContext(place: Place, work: (ctx: Context) => Promise<void>): Promise<void> {
  const composed = await compose(configOf(place), { log: createLog('silent', { write: () => {} }) });
  try {
    await work(composed.ctx);
  } finally {
    await composed.close();
  }
}

async function seedTable(place: Place, rows: Iterable<Record<string, string>>): Promise<void> {
  const yt = new YtClient({ proxy: place.proxy });
  const { distribution } = configOf(place).yt;
  await yt.create('table', distribution, { recursive: true, ignoreExisting: true });
  await yt.writeTable(distribution, rows);
  await yt.close();
}

/** Straight into the file of the store's own making, in one transaction without waiting for the disk: nobody measures this. */
async function seedStore(place: Place, recordOf: typeof matched): Promise<void> {
  await withContext(place, async () => {});
  const database = new DatabaseSync(join(place.directory, sqliteFile));
  database.exec('PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -1000000; BEGIN');
  const insert = database.prepare(matchingSql.insert);
  for (let index = 0; index < place.rows; index += 1) insert.run(...valuesOfMatching(recordOf(place, index)));
  database.exec('COMMIT');
  database.close();
}

/** The stand-in of driver-profiles is not what is measured: everybody is a person of one profile. */
function alone(ctx: Context): Context {
  const linked = (): Promise<Map<never, never>> => Promise.resolve(new Map<never, never>());
  return { ...ctx, upstreams: { ...ctx.upstreams, driverProfiles: { ...ctx.upstreams.driverProfiles, linked } } };
}

/** As if the last success had been on another revision of the table, whose newest date was `highWaterMark`. */
async function importAfter(place: Place, highWaterMark: number | null, expected: Record<string, number>): Promise<void> {
  await withContext(place, async (ctx) => {
    const mark = JSON.stringify({ revision: 'another', highWaterMark, newestUnknownAt: null });
    await ctx.store.transact((tx) => tx.putJobState(job, mark));
    const { error, counts } = await runJob(alone(ctx), jobNamed(job), { dryRun: false }, new AbortController().signal);
    const wrong = Object.entries({ rejected: 0, ...expected }).some(([name, count]) => (counts[name] ?? 0) !== count);
    if (error !== null || wrong) throw new Error(`the import went wrong: ${JSON.stringify({ error, counts })}`);
  });
}

/** The stream as the client asks for it, cut into lines, each parsed: nothing else. */
async function readAndParsed(place: Place): Promise<void> {
  let rows = 0;
  let rest: Buffer = Buffer.alloc(0);
  for await (const piece of unpacked(await tableReply(place))) {
    const bytes = rest.length === 0 ? (piece as Buffer) : Buffer.concat([rest, piece as Buffer]);
    const end = bytes.lastIndexOf(10);
    rest = bytes.subarray(end + 1);
    if (end === -1) continue;
    for (const line of bytes.toString('utf8', 0, end).split('\n')) {
      JSON.parse(line);
      rows += 1;
    }
  }
  if (rows !== place.rows) throw new Error(`the stream has ${rows} rows of ${place.rows}`);
}

/** The same by the client that the import reads with. */
async function readByClient(place: Place): Promise<void> {
  const yt = new YtClient({ proxy: place.proxy });
  const table = await yt.snapshot(configOf(place).yt.distribution);
  let rows = 0;
  for await (const batch of table.batches({ columns: connectionColumns })) rows += batch.length;
  await table.release();
  await yt.close();
  if (rows !== place.rows) throw new Error(`the stream has ${rows} rows of ${place.rows}`);
}

function unpacked(reply: IncomingMessage): Readable {
  return reply.headers['content-encoding'] === undefined || reply.headers['content-encoding'] === 'identity' ? reply : reply.pipe(createGunzip());
}

function tableReply(place: Place): Promise<IncomingMessage> {
  const format = { $value: 'json', $attributes: { encode_utf8: false } };
  const path = { $value: configOf(place).yt.distribution, $attributes: { columns: connectionColumns } };
  const parameters = JSON.stringify({ path, output_format: format });
  const headers = { 'X-YT-Header-Format': '<encode_utf8=%false>json', 'X-YT-Parameters': parameters, 'Accept-Encoding': 'gzip, identity' };
  return new Promise((resolve, reject) => {
    const call = request(`${place.proxy}/api/v4/read_table`, { headers }, (reply) => {
      if (reply.statusCode === 200) resolve(reply);
      else reject(new Error(`read_table: HTTP status ${reply.statusCode}`));
    });
    call.on('error', reject).end();
  });
}

const written = ['matchings', 'status_transitions', 'tasks'] as const;

/** The rows that the import left, into the same tables with the same indexes, in transactions of the import's size: what SQLite does at best. */
async function bulkInserted(place: Place): Promise<number> {
  const file = join(place.directory, 'bulk', sqliteFile);
  rmSync(join(place.directory, 'bulk'), { recursive: true, force: true });
  mkdirSync(join(place.directory, 'bulk'));
  const kept = keptRows(place);
  await withContext({ ...place, directory: join(place.directory, 'bulk') }, async () => {});
  const database = new DatabaseSync(file);
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
  const startedMs = performance.now();
  const inserts = kept.map(({ table, rows }) => {
    const names = Object.keys(rows[0] ?? {}).map((name) => `"${name}"`);
    return { rows, insert: database.prepare(`INSERT INTO ${table} (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`) };
  });
  for (let from = 0; from < place.rows; from += perImportTransaction) {
    database.exec('BEGIN IMMEDIATE');
    for (const { rows, insert } of inserts) for (const row of rows.slice(from, from + perImportTransaction)) insert.run(...Object.values(row));
    database.exec('COMMIT');
  }
  const ms = performance.now() - startedMs;
  database.close();
  return ms;
}

/** Of the import before this: each matching once, with the transition and the task that the match caused. */
function keptRows(place: Place): { readonly table: string; readonly rows: Record<string, SQLInputValue>[] }[] {
  const database = new DatabaseSync(join(place.directory, sqliteFile), { readOnly: true });
  const kept = written.map((table) => {
    // Without the columns that SQLite computes: `table_info` leaves them out.
    const columns = (database.prepare(`PRAGMA table_info(${table})`).all() as { name: string }[]).map(({ name }) => `"${name}"`);
    return { table, rows: database.prepare(`SELECT ${columns.join(', ')} FROM ${table}`).all() };
  });
  database.close();
  const short = kept.find(({ rows }) => rows.length !== place.rows);
  if (short !== undefined) throw new Error(`the import left ${short.rows.length} rows in ${short.table}`);
  return kept;
}

/** Every other row is known, and some of the new ones are no rows at all. */
async function mixed(place: Place): Promise<void> {
  const [half, rejected] = [place.rows / 2, place.rows / faultEvery];
  await importAfter(place, null, { rows: place.rows, unchanged: half, matched: half - rejected, rejected });
  const database = new DatabaseSync(join(place.directory, sqliteFile), { readOnly: true });
  const kept = database.prepare('SELECT count(*) AS rejects FROM import_rejects').get()?.['rejects'];
  database.close();
  if (kept !== rejected) throw new Error(`the store keeps ${String(kept)} rejects of ${rejected}`);
}

/** What the import made of enrolled newbies is what `seedMatched` makes at once, save for the moments of the import itself. */
async function seedProven(place: Place): Promise<void> {
  const database = new DatabaseSync(join(place.directory, sqliteFile), { readOnly: true });
  const columns = matchingColumns.filter((column) => !momentsOfImport.includes(column));
  const rows = database.prepare(`SELECT ${columns.join(', ')} FROM matchings ORDER BY seq`).all();
  database.close();
  const other = columns.filter((column) => rows.some((row, index) => !isDeepStrictEqual(plain(row[column]), plain(valuesOfMatching(matched(place, index), [column])[0]))));
  if (rows.length !== place.rows || other.length > 0) throw new Error(`the import leaves other rows than the bench seeds: ${other.join(', ')}`);
}

const momentsOfImport: readonly string[] = ['matched_at', 'updated_at', 'status_since'];

/** SQLite answers bytes as another kind of array than it takes. */
function plain(value: unknown): unknown {
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value;
}

const snapshot = 'snapshot';

/** The store as it is now, to begin from again: new rows are new only once. */
async function keep({ directory }: Place): Promise<void> {
  mkdirSync(join(directory, snapshot), { recursive: true });
  copyFileSync(join(directory, sqliteFile), join(directory, snapshot, sqliteFile));
}

async function restore({ directory }: Place): Promise<void> {
  for (const suffix of ['-wal', '-shm']) rmSync(join(directory, `${sqliteFile}${suffix}`), { force: true });
  copyFileSync(join(directory, snapshot, sqliteFile), join(directory, sqliteFile));
}

export const parts = {
  seedTable: (place: Place) => seedTable(place, connections(place)),
  seedFaultyTable: (place: Place) => seedTable(place, connectionsWithFaults(place)),
  seedMatched: (place: Place) => seedStore(place, matched),
  seedEnrolled: (place: Place) => seedStore(place, enrolled),
  seedMixed: (place: Place) => seedStore(place, (population, index) => (index % 2 === 0 ? matched : enrolled)(population, index)),
  seedProven,
  keep,
  restore,
  /** The very stream that the import asks for. */
  readAndParsed,
  readByClient,
  /** The run after a success: what is older than the overlap is not looked up. */
  unchanged: (place: Place) => importAfter(place, place.newestAt, { rows: place.rows }),
  /** The run of a service that lost its mark: every row is looked up. */
  unchangedWithoutMark: (place: Place) => importAfter(place, null, { rows: place.rows, unchanged: place.rows }),
  imported: (place: Place) => importAfter(place, null, { matched: place.rows }),
  mixed,
  bulkInserted,
} as const satisfies Readonly<Record<string, (place: Place) => Promise<number | void>>>;
export type Part = keyof typeof parts;

async function runPart(part: Part, place: Place): Promise<void> {
  const startRssMb = process.resourceUsage().maxRSS / 1_024;
  const [startedMs, startCpu] = [performance.now(), process.cpuUsage()];
  const ownMs = await parts[part](place);
  const [ms, { user, system }] = [ownMs ?? performance.now() - startedMs, process.cpuUsage(startCpu)];
  const measured: Measured = { ms, cpuMs: (user + system) / 1_000, startRssMb, peakRssMb: process.resourceUsage().maxRSS / 1_024 };
  process.send?.(measured, () => process.exit(0));
}

const [part, place] = process.argv.slice(2);
if (import.meta.main && part !== undefined && place !== undefined) await runPart(part as Part, JSON.parse(place) as Place);
