// S4: after a whole world of made-up people has lived, nothing of any of them is in anything the service has written or told.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Counter } from 'prom-client';
import { finalStatuses } from '../../machines/status.ts';
import { startOtlpReceiver, type OtlpReceiver } from '../otlp-receiver.ts';
import { RunningWorld } from '../sandbox/running-world.ts';
import type { WorldPerson } from '../sandbox/upstreams/world.ts';
import { leaksIn, randomize, secretsOf, type Places, type Secret } from './secrets.ts';

const drivers = 6;
const wholeLifeMs = 150_000;
const environment = {
  IMPORT_MATCHINGS_EVERY: '300ms', IMPORT_RESULTS_EVERY: '300ms', FINISH_PROGRAMME_EVERY: '500ms', REPLICATE_EVERY: '1s', FAIL_GRACE: '2d', SPOOL_AFTER: '300ms',
};

let receiver: OtlpReceiver;
let world: RunningWorld;
let secrets: readonly Secret[];
const errorBodies: string[] = [];
let spooled = '';

function person(profile: { readonly driverId: string }): WorldPerson {
  const found = world.network.upstreams.world.people.find(({ profiles }) => profiles.some(({ driverId }) => driverId === profile.driverId));
  if (found === undefined) throw new RangeError('the world does not know the driver');
  return found;
}

function databaseFile(): string {
  const { store } = world.ctx.config;
  if (store.kind !== 'sqlite') throw new TypeError('this world keeps a file');
  return store.file;
}

/** Requests that hold what is personal where it does not belong. */
async function misplace({ phone, fullName, ip }: WorldPerson, token: string): Promise<void> {
  const name = encodeURIComponent(fullName.last);
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'x-forwarded-for': ip ?? '198.51.100.7', 'user-agent': name, 'accept-language': name, traceparent: phone };
  const base = `${world.driverUrl}/driver/v1/mentorship`;
  const admin = `${world.adminUrl}/admin/v1`;
  const post = (body: unknown, more: object = {}): RequestInit => ({ method: 'POST', headers: { ...headers, ...more }, body: JSON.stringify(body) });
  const requests: readonly (readonly [string, RequestInit])[] = [
    [`${base}/contacts?phone=${encodeURIComponent(phone)}`, { headers }],
    [`${base}/contacts?role=${name}`, { headers }],
    [`${base}/contacts?cursor=${name}`, { headers }],
    [`${base}/contacts/${encodeURIComponent(phone)}/messages`, { headers }],
    [`${base}/${name}`, { headers }],
    [`${base}/contacts/${phone.slice(1)}/read`, post({ read_through: phone, [fullName.first]: fullName.last })],
    [`${base}/participation`, post({}, { 'idempotency-key': phone })],
    [`${base}/offer`, { headers: { ...headers, authorization: `Bearer ${phone.slice(1)}` } }],
    [`${admin}/matchings?driver=${encodeURIComponent(phone)}`, { headers: {} }],
    [`${admin}/jobs/${name}/run`, post({}, { authorization: '' })],
    [`${admin}/jobs/archive/run?dry_run=true`, post({ reason: `call ${phone}` })],
    [`${admin}/jobs/archive/run?dry_run=true`, post({}, { 'x-operator': phone.slice(1) })],
    [`${admin}/tasks/${name}/retry`, post({})],
  ];
  for (const [url, init] of requests) {
    const response = await fetch(url, init);
    errorBodies.push(`${JSON.stringify([...response.headers])} ${await response.text()}`);
    if (!url.endsWith('/participation')) expect(response.status, url).toBeGreaterThanOrEqual(400);
  }
}

/** An enrolment while the database is locked, and what the spool then holds. */
async function enrolIntoSpool(index: number): Promise<void> {
  const other = new DatabaseSync(databaseFile());
  other.exec('BEGIN IMMEDIATE');
  const { status } = await world.app(world.network.people.newbies[index]!).enrol();
  expect(status).toBe(202);
  spooled = bytesOf('spool/');
  other.close();
}

function bytesOf(prefix: string): string {
  return [...world.files()].filter(([path]) => path.startsWith(prefix)).map(([, bytes]) => bytes.toString('latin1')).join('\n');
}

function taskRows(condition: string): string {
  const database = new DatabaseSync(databaseFile(), { readOnly: true });
  const rows = database.prepare(`SELECT payload, last_error FROM tasks WHERE ${condition}`).all();
  database.close();
  return rows.map((row) => Buffer.from(JSON.stringify(Object.values(row))).toString('latin1')).join('\n');
}

async function places(): Promise<Places> {
  const metrics = await (await fetch(`${world.adminUrl}/metrics`)).text();
  return {
    log: bytesOf('service.log'),
    database: bytesOf('mentorship.sqlite'),
    tasks: taskRows('true'),
    'dead tasks': taskRows("state = 'dead'"),
    metrics,
    traces: receiver.posts.map(({ body }) => body.toString('latin1')).join('\n'),
    spool: `${spooled}\n${bytesOf('spool/')}`,
    errors: Buffer.from(errorBodies.join('\n')).toString('latin1'),
  };
}

beforeAll(async () => {
  receiver = await startOtlpReceiver();
  const traces = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json', OTEL_BSP_SCHEDULE_DELAY: '50' };
  world = await RunningWorld.start({ drivers, speed: 2.5, environment: { ...environment, ...traces } });
  const { newbies, mentors } = world.network.people;
  const { faults, world: known } = world.network.upstreams;
  for (const one of known.people) randomize(one, Math.random);
  secrets = [...newbies, ...mentors].flatMap(({ profiles }) => secretsOf(person(profiles[0])));
  const gossip = person(mentors[0]!.profiles[0]);
  faults.clientEvents.set({ kind: 'reject', recipients: mentors[0]!.profiles, reason: `${gossip.phone} ${gossip.fullName.last}` });
  faults.personal.set({ kind: 'malformed_json', times: 2 });
  faults.trackstory.set({ kind: 'wrong_type', path: 'items.0.position.lat', value: gossip.phone, times: 1 });
  await world.enrolEach(newbies.slice(0, -1));
  await enrolIntoSpool(drivers - 1);
  const table = `${world.ctx.config.yt.promocodesDir}/finished_promocodes_to_add_X_${new Date(world.network.clock.now()).toISOString().slice(0, 10)}`;
  await world.network.yt.tree.writeRows(table, [{ entity_id: gossip.phone, promocode: gossip.fullName.first }, { entity_id: gossip.fullName.last, promocode: gossip.ip ?? '' }]);
  for (const { profiles } of newbies) await misplace(person(profiles[0]), await world.network.token(profiles[0]));
  await world.until('a whole life and a dead task', async () => {
    await Promise.all([...newbies, ...mentors].map((one) => world.app(one).contacts()));
    const rows = await Promise.all(newbies.map((one) => world.matchingOf(one)));
    return rows.some((row) => row !== null && finalStatuses.includes(row.status)) && taskRows("state = 'dead'") !== '';
  }, wholeLifeMs);
}, wholeLifeMs + 60_000);

afterAll(async () => {
  await world.stop();
  await receiver.close();
}, 30_000);

test('every place has something in it, and nothing of anybody', async () => {
  const searched = await places();
  expect(Object.entries(searched).filter(([, bytes]) => bytes.length < 20).map(([place]) => place)).toEqual([]);
  expect(searched['database']).toContain(world.network.people.newbies[0]!.profiles[0].driverId);
  expect(leaksIn(searched, secrets)).toEqual([]);
});

test('the search finds a leak in every kind of place', async () => {
  const [victim] = world.network.people.newbies;
  const { phone, fullName, position, ip } = person(victim!.profiles[0]);
  const { ctx } = world;
  const matching = (await world.matchingOf(victim!))!;
  ctx.log.info({ note: phone }, 'planted');
  await ctx.store.transact(async (tx) => {
    await tx.putJobState('planted', `${fullName.last} ${position?.lat} ${ip}`);
    await tx.enqueue({ id: 'planted', queue: 'announce', matchingId: matching.id, payload: JSON.stringify({ to: fullName.first }), delayMs: 1e9 });
  });
  const file = new DatabaseSync(databaseFile());
  file.prepare("UPDATE tasks SET last_error = ? WHERE state = 'dead'").run(`refused ${fullName.middle}`);
  file.close();
  new Counter({ name: 'planted_total', help: 'x', labelNames: ['phone'], registers: [ctx.metrics.registry] }).inc({ phone });
  ctx.tracing!.begin({ name: `call ${phone}`, kind: 'internal', attributes: {} }, null).end();
  spooled += Buffer.from(JSON.stringify({ name: fullName.last })).toString('latin1');
  errorBodies.push(`{"detail":"${phone} is not a number"}`);
  const found = await world.until('all the leaks', async () => {
    const kinds = new Set(leaksIn(await places(), secrets).map((leak) => leak.split(':')[0]));
    return kinds.size === 8 && kinds;
  });
  expect(found).toEqual(new Set(['database', 'dead tasks', 'errors', 'log', 'metrics', 'spool', 'tasks', 'traces']));
});

test('the search knows the forms in which a database, JSON and a URL would hold it', () => {
  const someone: WorldPerson = {
    udid: null, profiles: [{ parkId: 'p', driverId: 'd' }], fullName: { last: 'Жуков', first: 'Юрий', middle: null }, phone: '+79261234567',
    phonePdId: 'x', position: { lat: 55.123_456, lon: 37.654_321 }, ip: '11.22.133.144', rented: false, locale: 'ru',
  };
  const directory = mkdtempSync(join(tmpdir(), 'packed-'));
  const database = new DatabaseSync(join(directory, 'file'));
  database.exec('CREATE TABLE t (a)');
  for (const value of [79_261_234_567n, 55.123_456]) database.prepare('INSERT INTO t VALUES (?)').run(value);
  database.close();
  const searched = {
    packed: readFileSync(join(directory, 'file')).toString('latin1'),
    escaped: String.raw`"\u0416\u0443\u043a\u043e\u0432"`,
    url: encodeURIComponent('Юрий'),
    rounded: 'at 37.6543',
    nothing: '9261234, 55.1, 11.22.133.1',
  };
  rmSync(directory, { recursive: true });
  expect(leaksIn(searched, secretsOf(someone))).toEqual([
    'packed: phone of p_d', 'packed: latitude of p_d', 'escaped: last name of p_d', 'url: first name of p_d', 'rounded: longitude of p_d',
  ]);
});
