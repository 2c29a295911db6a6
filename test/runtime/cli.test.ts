// The operator's commands, run as an operator runs them.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { dispatch } from '../../runtime/mentorship/dispatch.ts';
import { openScene, person, profileOf, type Scene } from '../suites/scene.ts';

const root = join(import.meta.dirname, '..', '..');

interface Ended {
  readonly code: number;
  readonly printed: string;
  readonly complained: string;
}

function run(environment: Record<string, string>, ...args: readonly string[]): Promise<Ended> {
  const command = ['--disable-warning=ExperimentalWarning', 'runtime/launch.mjs', 'cli', ...args];
  return new Promise((resolve) => {
    execFile(process.execPath, command, { cwd: root, env: { PATH: process.env['PATH'], ...environment } }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, printed: stdout, complained: stderr });
    });
  });
}

let directory: string;
let scene: Scene | null = null;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'mentorship-cli-'));
});
afterEach(async () => {
  await scene?.close();
  scene = null;
  rmSync(directory, { recursive: true });
});

test('help teaches by examples', async () => {
  const { code, printed } = await run({}, '--help');
  expect(code).toBe(0);
  for (const name of ['migrate', 'job', 'matching', 'event', 'tasks', 'token', 'diagram']) expect(printed).toContain(name);
  expect(printed).toContain('tasks list --state dead');
});

test('migrate makes the schema once and needs nothing but the store', async () => {
  const first = await run({ DATA_DIR: directory }, 'migrate');
  expect(first).toMatchObject({ code: 0, complained: '' });
  expect(first.printed).toMatch(/^applied 1/);
  expect(await run({ DATA_DIR: directory }, 'migrate')).toMatchObject({ code: 0, printed: 'the schema is up to date\n' });
});

test('diagram prints Mermaid text; an unknown machine is named as a mistake', async () => {
  expect((await run({}, 'diagram', 'matching')).printed).toMatch(/^stateDiagram-v2\n/);
  expect(await run({}, 'diagram', 'toaster')).toMatchObject({ code: 1, complained: expect.stringContaining('matching, application, import') });
});

test('a mistake is one clear line', async () => {
  await run({ DATA_DIR: directory }, 'migrate');
  const environment = { DATA_DIR: directory };
  expect((await run(environment, 'matching', '7')).complained).toBe('<id>: is not a matching id (a lower-case UUID)\n');
  expect((await run(environment, 'tasks', 'retry', 'none')).complained).toBe('<id>: there is no dead or waiting task with this id\n');
  expect((await run({ DATA_DIR: directory, STORE: 'postgres' }, 'migrate')).complained).toBe('STORE: must be sqlite or ydb\n');
});

test('a job that is not one is named; a dry run writes nothing but who asked for it', async () => {
  scene = await openScene();
  expect(await run(environmentOf(scene), 'job', 'tea-break')).toMatchObject({ code: 1, complained: expect.stringContaining('import-matchings, import-results, finish-programme') });
  const ran = await run(environmentOf(scene), 'job', 'finish-programme', '--dry-run');
  expect(JSON.parse(ran.printed)).toMatchObject({ job: 'finish-programme', outcome: 'succeeded', dryRun: true });
  expect((await scene.ctx.store.jobRuns({}, { limit: 1, cursor: null })).items).toEqual([]);
  const { items } = await scene.ctx.store.operatorActions({}, { limit: 2, cursor: null });
  expect(items).toMatchObject([{ actor: 'operator', action: 'dry_run_job', subject: 'finish-programme', reason: null, outcome: 'succeeded' }]);
});

test('shows a matching and sends it an event with a reason', async () => {
  const rita = person('rita');
  scene = await openScene({ people: [rita] });
  const { participation: { matchingId } } = await scene.enrol(profileOf(rita));
  const shown = JSON.parse((await run(environmentOf(scene), 'matching', matchingId)).printed);
  expect(shown).toMatchObject({ matching: { status: 'created' }, allowed_events: ['APPLICATION_WRITTEN', 'MATCHED'] });
  const sent = await run(environmentOf(scene), 'event', matchingId, 'APPLICATION_WRITTEN', '--reason', 'written by hand', '--operator', 'olga');
  expect(JSON.parse(sent.printed)).toEqual({ outcome: 'moved', from: 'created', to: 'requested' });
  expect((await scene.ctx.store.transitions(matchingId)).at(-1)).toMatchObject({ actor: 'operator', reason: 'written by hand' });
  const { items } = await scene.ctx.store.operatorActions({ matchingId }, { limit: 2, cursor: null });
  expect(items).toMatchObject([{ actor: 'olga', action: 'send_event', reason: 'written by hand', outcome: 'moved' }]);
  const forged = await run(environmentOf(scene), 'event', matchingId, 'xstate.init', '--reason', 'mischief');
  expect(forged).toMatchObject({ code: 1, complained: '<type>: is not an event of the lifecycle\n' });
  const year = await run(environmentOf(scene), 'event', matchingId, 'MATCHED', '--reason', 'r', '--mentor', 'p_m', '--connected', '2026');
  expect(year).toMatchObject({ code: 1, complained: '--connected: MATCHED needs an RFC 3339 time\n' });
});

test('an event needs no reason here, and a directory that is none is named by its variable', async () => {
  const rita = person('rita');
  scene = await openScene({ people: [rita] });
  const { participation: { matchingId } } = await scene.enrol(profileOf(rita));
  const sent = await run(environmentOf(scene), 'event', matchingId, 'APPLICATION_WRITTEN');
  expect(JSON.parse(sent.printed)).toMatchObject({ outcome: 'moved' });
  const nowhere = await run({ ...environmentOf(scene), DATA_DIR: import.meta.filename }, 'migrate');
  expect(nowhere).toMatchObject({ code: 1, complained: expect.stringMatching(/^DATA_DIR: .+\n$/) });
});

test('an import by hand goes on where the database is', async () => {
  const [kira, lev] = [person('kira'), person('lev')];
  scene = await openScene({ people: [kira, lev] });
  const { participation: { matchingId } } = await scene.enrol(profileOf(kira));
  await dispatch(scene.ctx, [{ matchingId, event: { type: 'APPLICATION_WRITTEN' } }], { actor: 'test' });
  const [newbie, mentor] = [profileOf(kira), profileOf(lev)];
  scene.yt.tree.createTable(scene.config.yt.distribution);
  await scene.yt.tree.writeRows(scene.config.yt.distribution, [{
    newbie_park_id: newbie.parkId, newbie_driver_id: newbie.driverId,
    mentor_park_id: mentor.parkId, mentor_driver_id: mentor.driverId, connected_dttm: '2026-01-02T03:04:05Z',
  }]);
  const ran = await run(environmentOf(scene), 'job', 'import-matchings');
  expect(JSON.parse(ran.printed)).toMatchObject({ outcome: 'succeeded' });
  expect((await scene.matching(matchingId)).status).toBe('matched');
});

function environmentOf({ environment }: Scene): Record<string, string> {
  return { ...environment };
}
