// A whole service without its doors: SQLite on disk or the local YDB server, the YT proxy and the upstreams on real sockets, and a
// programme clock that can be moved.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { vi } from 'vitest';
import { parseProfile, profileKey, type MatchingId, type Profile } from '../../machines/ids.ts';
import type { MatchingRecord } from '../../machines/matching-record.ts';
import type { Status } from '../../machines/status.ts';
import { compose } from '../../runtime/compose.ts';
import { readConfig, type Config } from '../../runtime/config/config.ts';
import type { Context } from '../../runtime/context.ts';
import { createLog } from '../../runtime/log.ts';
import { enrol } from '../../runtime/mentorship/enroll.ts';
import type { EnrolResult } from '../../runtime/mentorship/participant.ts';
import { TaskWorker } from '../../runtime/tasks/worker.ts';
import { startUpstreams, upstreamVariables, type SandboxUpstreams } from '../sandbox/upstreams/upstreams.ts';
import type { World, WorldPerson } from '../sandbox/upstreams/world.ts';
import { startYtProxy, type YtProxy } from '../sandbox/yt-proxy/proxy.ts';
import { startYdbServer } from '../ydb-server/server.ts';

export const dayMs = 86_400_000;

export interface Scene {
  readonly ctx: Context;
  readonly config: Config;
  readonly upstreams: SandboxUpstreams;
  readonly yt: YtProxy;
  /** All rows of a table, as the store keeps them. */
  rowsOf(table: string): readonly Readonly<Record<string, unknown>>[];
  /** Everything the store keeps, as text. */
  kept(): string;
  /** What a process of its own would be started with. */
  readonly environment: Readonly<Record<string, string>>;
  /** Everything the service logged. */
  readonly logged: () => string;
  /** Moves programme time ahead. */
  advance(ms: number): void;
  /** The store cannot be written to until the answer is called. */
  outage(): Promise<() => Promise<void>>;
  /** Another process over the same database: its own connections. */
  second(): Promise<Context>;
  enrol(profile: Profile): Promise<EnrolResult>;
  /** Runs a real worker until no task waits or runs. */
  settleTasks(): Promise<void>;
  matching(id: MatchingId): Promise<MatchingRecord>;
  close(): Promise<void>;
}

export const storeKinds = ['sqlite', 'ydb'] as const;
export type StoreKind = (typeof storeKinds)[number];

export interface SceneOptions {
  readonly store?: StoreKind;
  readonly people?: readonly WorldPerson[];
  readonly environment?: Readonly<Record<string, string>>;
}

export async function openScene(options: SceneOptions = {}): Promise<Scene> {
  const directory = mkdtempSync(join(tmpdir(), 'mentorship-'));
  const world: World = { people: [...(options.people ?? [])], cities: [moscow] };
  const upstreams = await startUpstreams(world);
  const yt = await startYtProxy({ directory: null });
  const timescale = { anchorMs: 0, programmeMs: 0, rate: 1 };
  const database = await openDatabase(options.store ?? 'sqlite', directory);
  const environment = { ...environmentOf(directory, upstreams, yt), ...database.environment, ...options.environment };
  const config: Config = { ...readConfig(environment), timescale };
  createTables(yt, config);
  let logged = '';
  const log = createLog('trace', { write: (text) => void (logged += text) });
  const opened: { close(): Promise<void> }[] = [];
  const open = async (): Promise<Context> => {
    const composed = await compose(config, { log, serves: true });
    opened.push(composed);
    await composed.ctx.store.migrate();
    // Without jitter a failed task is tried again at once.
    return { ...composed.ctx, random: () => 0 };
  };
  const ctx = await open();
  return {
    ctx,
    config,
    upstreams,
    yt,
    rowsOf: database.rowsOf,
    kept: () => `${database.kept()}\n${filesIn(join(directory, 'spool'))}`,
    outage: database.outage,
    environment,
    logged: () => logged,
    advance: (ms) => void (timescale.programmeMs += ms),
    second: open,
    enrol: (profile) => enrolAs(ctx, profile),
    settleTasks: () => settleTasks(ctx),
    matching: (id) => matchingOf(ctx, id),
    close: async () => {
      await Promise.all(opened.map((one) => one.close()));
      await Promise.all([upstreams.close(), yt.close(), database.close()]);
      rmSync(directory, { recursive: true });
    },
  };
}

interface Database extends Pick<Scene, 'rowsOf' | 'kept' | 'outage'> {
  readonly environment: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

async function openDatabase(kind: StoreKind, directory: string): Promise<Database> {
  return kind === 'sqlite' ? sqliteIn(directory) : localYdb();
}

function sqliteIn(directory: string): Database {
  return {
    environment: {},
    rowsOf: (table) => {
      const database = new DatabaseSync(join(directory, 'mentorship.sqlite'), { readOnly: true });
      const rows = database.prepare(`SELECT * FROM ${table}`).all();
      database.close();
      return rows;
    },
    kept: () => readdirSync(directory).filter((name) => name.startsWith('mentorship')).map((name) => readFileSync(join(directory, name), 'latin1')).join('\n'),
    outage: async () => {
      const other = new DatabaseSync(join(directory, 'mentorship.sqlite'));
      other.exec('BEGIN IMMEDIATE');
      return async () => other.close();
    },
    close: async () => {},
  };
}

async function localYdb(): Promise<Database> {
  const server = await startYdbServer();
  process.env['YDB_ANONYMOUS_CREDENTIALS'] = '1';
  const text = (value: unknown): string => JSON.stringify(value, (_key, part: unknown) => (typeof part === 'bigint' ? String(part) : part));
  return {
    environment: { STORE: 'ydb', YDB_CONNECTION_STRING: server.connectionString },
    rowsOf: (table) => server.tables.rows(table),
    kept: () => server.tables.names().map((table) => text(server.tables.rows(table))).join('\n'),
    outage: async () => {
      await server.stopListening();
      return () => server.listenAgain();
    },
    close: () => server.close(),
  };
}

function filesIn(directory: string): string {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'latin1')).join('\n');
}

const moscow = { geoId: 213, name: 'Moscow', nameRu: 'Москва', timezone: 'Europe/Moscow', lat: 55.7558, lon: 37.6173, ips: ['192.0.2.77'] };

function environmentOf(directory: string, upstreams: SandboxUpstreams, yt: YtProxy): Record<string, string> {
  return {
    DATA_DIR: directory,
    YT_PROXY: yt.url,
    ...upstreamVariables(upstreams),
    AUTH_JWKS: join(directory, 'jwks.json'),
    AUTH_ISSUER: 'https://issuer.test',
  };
}

export async function enrolAs(ctx: Context, profile: Profile): Promise<EnrolResult> {
  const linked = await ctx.upstreams.driverProfiles.linked([profile]);
  const known = linked.get(profileKey(profile)) ?? { udid: null, profiles: [profile] };
  return enrol(ctx, known, { caller: profile, idempotencyKey: null });
}

export async function settleTasks(ctx: Context): Promise<void> {
  const worker = new TaskWorker(ctx, { concurrency: 4, owner: 'test', leaseMs: 5_000, pollMs: 5 });
  worker.start();
  try {
    await vi.waitFor(async () => {
      const busy = (await ctx.tasks.stats()).filter(({ state, count }) => count > 0 && (state === 'pending' || state === 'running'));
      if (busy.length > 0) throw new Error(`tasks still wait: ${JSON.stringify(busy)}`);
    }, { timeout: 15_000, interval: 10 });
  } finally {
    await worker.stop(1_000);
  }
}

export async function matchingOf(ctx: Context, id: MatchingId): Promise<MatchingRecord> {
  const [record] = await ctx.store.matchings([id]);
  if (record === undefined) throw new Error(`there is no matching ${id}`);
  return record;
}

export async function statusOf(ctx: Context, id: MatchingId): Promise<Status> {
  return (await matchingOf(ctx, id)).status;
}

export function profileOf({ profiles }: WorldPerson, index = 0): Profile {
  const one = profiles[index];
  const profile = parseProfile(one?.parkId, one?.driverId);
  if (profile === null) throw new TypeError(`the person has no profile ${index}`);
  return profile;
}

/** A person with as many profiles as asked for; nothing of him is anybody's. */
export function person(name: string, profiles = 1, overrides: Partial<WorldPerson> = {}): WorldPerson {
  const digits = String(Buffer.from(name).reduce((sum, byte) => (sum * 31 + byte) % 10_000, 7)).padStart(4, '0');
  return {
    udid: `udid-${name}`,
    profiles: Array.from({ length: profiles }, (_, index) => ({ parkId: `park-${index + 1}`, driverId: `driver-${name}-${index + 1}` })),
    fullName: { last: `Фамильин-${name}`, first: `Именной-${name}`, middle: 'Отчествович' },
    phone: `+7999000${digits}`,
    phonePdId: `pd-${name}`,
    position: { lat: 55.7612, lon: 37.6095 },
    ip: null,
    rented: false,
    locale: 'ru',
    ...overrides,
  };
}

function createTables(yt: YtProxy, config: Config): void {
  yt.tree.ensureDynamicTable(config.yt.newDrivers, newDriversSchema);
}

const newDriversSchema = [
  { name: 'newbie_key', type: 'string', sort_order: 'ascending' },
  { name: 'matching_id', type: 'string' },
  { name: 'newbie_park_id', type: 'string' },
  { name: 'newbie_driver_id', type: 'string' },
  { name: 'phone', type: 'string' },
  { name: 'city', type: 'string' },
  { name: 'city_geo_id', type: 'int64' },
  { name: 'city_source', type: 'string' },
  { name: 'is_rented_car', type: 'boolean' },
  { name: 'created_at', type: 'string' },
  { name: 'requested_at', type: 'string' },
];
