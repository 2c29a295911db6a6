// The YTsaurus adapter against a local proxy on a real socket.
import { Writable } from 'node:stream';
import { expect, onTestFinished, test } from 'vitest';
import { readConfig, type YtConfig } from '../../runtime/config/config.ts';
import { ServiceError } from '../../runtime/errors.ts';
import { createLog } from '../../runtime/log.ts';
import { createMetrics, type Metrics } from '../../runtime/metrics.ts';
import type { ApplicationRow, Yt } from '../../runtime/yt.ts';
import { createYt } from '../../runtime/yt/cluster.ts';
import { startYtProxy, type YtProxy } from '../sandbox/yt-proxy/proxy.ts';

const text = (name: string) => ({ name, type: 'string' });
const key = (name: string) => ({ ...text(name), sort_order: 'ascending' });
const applicationColumns = [
  key('newbie_key'), text('matching_id'), text('newbie_park_id'), text('newbie_driver_id'), text('phone'), text('city'),
  { name: 'city_geo_id', type: 'int64' }, text('city_source'), { name: 'is_rented_car', type: 'boolean' }, text('created_at'), text('requested_at'),
];
const loginColumns = [key('park_id'), key('driver_id'), text('ip'), text('login_at')];

const application: ApplicationRow = {
  newbie_key: 'udid-1',
  matching_id: '7f2c1b52-64a1-4d9c-8a55-0d2b3f1e9a10',
  newbie_park_id: 'park-1',
  newbie_driver_id: 'driver-1',
  phone: '+79990001122',
  city: 'Орёл',
  city_geo_id: 10,
  city_source: 'gps',
  is_rented_car: true,
  created_at: '2026-01-02T03:04:05.000Z',
  requested_at: '2026-01-02T03:04:06.000Z',
};

interface Scene {
  readonly yt: Yt;
  readonly proxy: YtProxy;
  readonly config: YtConfig;
  readonly metrics: Metrics;
  readonly logged: () => string;
}

async function startScene(): Promise<Scene> {
  const proxy = await startYtProxy({ directory: null });
  const config = ytConfig(proxy.url);
  const metrics = createMetrics();
  const lines: string[] = [];
  const log = createLog('trace', new Writable({ write: (chunk, _, done) => done(void lines.push(String(chunk))) }));
  const yt = createYt(config, { log, metrics, random: Math.random });
  onTestFinished(async () => {
    await yt.close();
    await proxy.close();
  });
  return { yt, proxy, config, metrics, logged: () => lines.join('') };
}

function ytConfig(url: string): YtConfig {
  const upstreams = ['DRIVER_PROFILES_URL', 'PERSONAL_URL', 'TRACKSTORY_URL', 'FLEET_RENT_URL', 'CLIENT_EVENTS_URL'];
  const environment = Object.fromEntries(upstreams.map((name) => [name, 'http://localhost']));
  return readConfig({ ...environment, YT_PROXY: url, AUTH_JWKS: 'jwks.json', AUTH_ISSUER: 'test' }).yt;
}

async function failureOf(work: Promise<unknown>): Promise<ServiceError> {
  const error: unknown = await work.then(() => null, (reason: unknown) => reason);
  expect(error).toBeInstanceOf(ServiceError);
  return error as ServiceError;
}

async function collect(rows: AsyncIterable<unknown>): Promise<unknown[]> {
  const collected: unknown[] = [];
  for await (const row of rows) collected.push(row);
  return collected;
}

async function outcomes(metrics: Metrics): Promise<unknown[]> {
  return (await metrics.upstreamRequests.get()).values.map(({ labels, value }) => ({ ...labels, value }));
}

test('keeps one row per newbie in a dynamic table of applications', async () => {
  const { yt, proxy, config } = await startScene();
  proxy.tree.ensureDynamicTable(config.newDrivers, applicationColumns);
  await yt.writeApplication(application);
  await yt.writeApplication({ ...application, city: null, city_geo_id: null });
  expect(await proxy.tree.readRows(config.newDrivers)).toEqual([{ ...application, city: null, city_geo_id: null }]);
  expect(proxy.calls.filter((call) => call.command === 'get')).toHaveLength(1);
});

test('adds rows to a static table of applications inside a transaction', async () => {
  const { yt, proxy, config } = await startScene();
  proxy.tree.createTable(config.newDrivers);
  const second = { ...application, newbie_key: 'udid-2', matching_id: '1a2c1b52-64a1-4d9c-8a55-0d2b3f1e9a10' };
  await yt.writeApplication(application);
  await yt.writeApplication(second);
  expect(await proxy.tree.readRows(config.newDrivers)).toEqual([application, second]);
  const write = proxy.calls.find((call) => call.command === 'write_table');
  expect(write?.parameters['transaction_id']).toBeTypeOf('string');
});

test('adds an application once when the reply of the commit is lost', async () => {
  const { yt, proxy, config } = await startScene();
  proxy.tree.createTable(config.newDrivers);
  proxy.faults.inject({ command: 'commit_transaction', times: 2, effect: { kind: 'drop_reply' } });
  await yt.writeApplication(application);
  expect(await proxy.tree.readRows(config.newDrivers)).toEqual([application]);
});

test('notices that the table of applications was made anew as the other kind', async () => {
  const { yt, proxy, config } = await startScene();
  proxy.tree.createTable(config.newDrivers);
  await yt.writeApplication(application);
  proxy.tree.remove(config.newDrivers);
  proxy.tree.ensureDynamicTable(config.newDrivers, applicationColumns);
  const second = { ...application, newbie_key: 'udid-2', matching_id: '1a2c1b52-64a1-4d9c-8a55-0d2b3f1e9a10' };
  const third = { ...application, newbie_key: 'udid-3', matching_id: '2b2c1b52-64a1-4d9c-8a55-0d2b3f1e9a10' };
  await yt.writeApplication(second);
  expect(await proxy.tree.readRows(config.newDrivers)).toEqual([second]);
  proxy.tree.createTable(config.newDrivers);
  await yt.writeApplication(third);
  expect(await proxy.tree.readRows(config.newDrivers)).toEqual([third]);
});

test('does not make the table of applications', async () => {
  const { yt, proxy, config } = await startScene();
  const error = await failureOf(yt.writeApplication(application));
  expect(error).toMatchObject({ code: 'yt_table_missing', retryable: true });
  expect(proxy.tree.exists(config.newDrivers)).toBe(false);
});

test('says nothing of the row that the cluster refused', async () => {
  const { yt, proxy, config, logged } = await startScene();
  proxy.tree.ensureDynamicTable(config.newDrivers, applicationColumns);
  proxy.faults.inject({ command: 'insert_rows', effect: { kind: 'error', error: { code: 307, message: `Invalid value "${application.phone}"` } } });
  const error = await failureOf(yt.writeApplication(application));
  expect(error).toMatchObject({ code: 'yt_refused', retryable: false });
  const cause = error.cause instanceof Error ? error.cause.message : '';
  expect(error.message + cause + (error.stack ?? '') + logged()).not.toContain(application.phone);
});

test('reports a held table as a passing trouble', async () => {
  const { yt, proxy, config } = await startScene();
  proxy.tree.createTable(config.newDrivers);
  proxy.faults.inject({ command: 'write_table', times: Infinity, effect: { kind: 'error', error: { code: 402, message: 'Lock conflict' } } });
  expect(await failureOf(yt.writeApplication(application))).toMatchObject({ code: 'yt_unavailable', retryable: true });
});

test('reads one version of a table through a break and a replacement, and lets it go', async () => {
  const { yt, proxy, config } = await startScene();
  const before = Array.from({ length: 5 }, (_, n) => ({ udid: `u-${n}`, rate_avg_7d: 'отлично', extra: n }));
  await proxy.tree.writeRows(config.results, before);
  proxy.faults.inject({ command: 'read_table', effect: { kind: 'break', afterRows: 2 } });
  const read = await yt.readTable(config.results, ['udid', 'rate_avg_7d'], async (table) => {
    proxy.tree.createTable(config.results);
    await proxy.tree.writeRows(config.results, [{ udid: 'new' }]);
    return { rowCount: table.rowCount, rows: await collect(table.rows()) };
  });
  expect(read).toEqual({ rowCount: 5, rows: before.map(({ udid, rate_avg_7d }) => ({ udid, rate_avg_7d })) });
  expect(proxy.calls.at(-1)?.command).toBe('abort_transaction');
});

test('gives a table another revision whenever its rows change, the same in lists and snapshots', async () => {
  const { yt, proxy, config } = await startScene();
  const path = `${config.promocodesDir}/finished_promocodes_to_add_1_2026-01-01`;
  const revision = () => yt.readTable(path, ['promocode'], async (table) => table.revision);
  await proxy.tree.writeRows(path, [{ promocode: 'A' }]);
  const first = await revision();
  expect(await revision()).toBe(first);
  expect(await yt.listTables(config.promocodesDir)).toEqual([{ name: 'finished_promocodes_to_add_1_2026-01-01', revision: first }]);
  await proxy.tree.appendRows(path, [{ promocode: 'B' }]);
  expect(await revision()).not.toBe(first);
});

test('throws an error that comes after two of three rows', async () => {
  const { yt, proxy, config } = await startScene();
  await proxy.tree.writeRows(config.results, [{ udid: 'a' }, { udid: 'b' }, { udid: 'c' }]);
  proxy.faults.inject({ command: 'read_table', effect: { kind: 'trailer', afterRows: 2, error: { code: 901, message: 'row of a' } } });
  const reading = yt.readTable(config.results, ['udid'], (table) => collect(table.rows()));
  expect(await failureOf(reading)).toMatchObject({ code: 'yt_unavailable', message: expect.not.stringContaining('row of a') as string });
});

test('passes on what the reader of a table throws', async () => {
  const { yt, proxy, config } = await startScene();
  await proxy.tree.writeRows(config.results, [{ udid: 'a' }]);
  const own = new ServiceError('store_conflict', 'the reader gave up');
  expect(await failureOf(yt.readTable(config.results, ['udid'], () => Promise.reject(own)))).toBe(own);
  expect(proxy.calls.at(-1)?.command).toBe('abort_transaction');
});

test('tells a missing table and a missing directory', async () => {
  const { yt, config } = await startScene();
  expect(await failureOf(yt.readTable(config.results, ['udid'], async () => 0))).toMatchObject({ code: 'yt_table_missing' });
  expect(await yt.listTables(config.promocodesDir)).toBeNull();
});

test('lists tables and nothing else', async () => {
  const { yt, proxy, config } = await startScene();
  proxy.tree.createTable(`${config.promocodesDir}/table`);
  proxy.tree.createTable(`${config.promocodesDir}/directory/inner`);
  expect((await yt.listTables(config.promocodesDir))?.map((table) => table.name)).toEqual(['table']);
});

test('finds the address of the newest login among the profiles', async () => {
  const { yt, proxy, config } = await startScene();
  const profiles = ['a', 'b', 'c', 'd'].map((driverId) => ({ parkId: 'p', driverId }));
  expect(await yt.lastLoginIp(profiles)).toBeNull();
  proxy.tree.ensureDynamicTable(config.driverLogin, loginColumns);
  expect(await yt.lastLoginIp(profiles)).toBeNull();
  proxy.tree.insertRows(config.driverLogin, [
    { park_id: 'p', driver_id: 'a', ip: '192.0.2.1', login_at: '2026-01-02T00:00:00Z' },
    { park_id: 'p', driver_id: 'b', ip: '192.0.2.2', login_at: '2026-01-03T00:00:00+03:00' },
    { park_id: 'p', driver_id: 'c', ip: '192.0.2.3', login_at: '2026-01-01T00:00:00Z' },
  ]);
  expect(await yt.lastLoginIp(profiles)).toBe('192.0.2.2');
  expect(await yt.lastLoginIp([])).toBeNull();
});

test('passes over a malformed login without naming the address', async () => {
  const { yt, proxy, config, logged } = await startScene();
  proxy.tree.ensureDynamicTable(config.driverLogin, loginColumns);
  proxy.tree.insertRows(config.driverLogin, [
    { park_id: 'p', driver_id: 'a', ip: '192.0.2.1', login_at: 'yesterday' },
    { park_id: 'p', driver_id: 'b', ip: '192.0.2.2', login_at: '2026-01-03T00:00:00Z' },
  ]);
  expect(await yt.lastLoginIp([{ parkId: 'p', driverId: 'a' }, { parkId: 'p', driverId: 'b' }])).toBe('192.0.2.2');
  expect(logged()).toContain('login_at');
  expect(logged()).not.toContain('192.0.2');
});

test('counts what it asked of the cluster and how it ended', async () => {
  const { yt, metrics } = await startScene();
  await yt.ping();
  await yt.ping();
  await failureOf(yt.writeApplication(application));
  expect(await outcomes(metrics)).toEqual([
    { upstream: 'yt', method: 'ping', outcome: 'ok', value: 2 },
    { upstream: 'yt', method: 'write_application', outcome: 'yt_table_missing', value: 1 },
  ]);
});

test('is not well when the cluster cannot be reached', async () => {
  const { yt, proxy } = await startScene();
  await proxy.close();
  expect(await failureOf(yt.ping())).toMatchObject({ code: 'yt_unavailable' });
});

test('stops when its caller does', async () => {
  const { yt, proxy, config } = await startScene();
  await proxy.tree.writeRows(config.results, [{ udid: 'a' }]);
  proxy.faults.inject({ command: 'read_table', effect: { kind: 'slow', delayMs: 60_000 } });
  const caller = new AbortController();
  const reading = failureOf(yt.readTable(config.results, ['udid'], (table) => collect(table.rows()), caller.signal));
  await expect.poll(() => proxy.faults.pending).toBe(0);
  caller.abort();
  expect(await reading).toMatchObject({ code: 'cancelled' });
});
