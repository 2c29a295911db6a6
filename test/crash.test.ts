// A crash before, inside and after the n-th call of a port, for every n, on the real SQLite store: the next life opens the file as it was
// left, and everything comes out as if nothing had happened.
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Moment } from './crash/life.ts';
import { makeTemplate, newbie, runWith, type Ended, type Watch } from './crash/scenario.ts';

let template: Awaited<ReturnType<typeof makeTemplate>>;
beforeAll(async () => {
  template = await makeTemplate();
});
afterAll(() => template.remove());

const way = ['created', 'requested', 'matched', 'initialized', 'in_progress', 'finished', 'succeed'];
const everyPage = { limit: 100, cursor: null };

/** True at every moment: what the driver was promised is there, once, and no task has been given up. */
async function checkAlways({ acknowledged, store: { store, tasks }, cluster }: Ended): Promise<void> {
  const present = (await store.matchingsOfNewbies(newbie.profiles)).map(({ id }) => id);
  const archived = cluster.staticRows(archive('matchings')).map((row) => row['id']);
  expect(present.length).toBeLessThanOrEqual(1);
  if (acknowledged !== null) expect([...present, ...archived]).toContain(acknowledged);
  expect((await tasks.list({ state: 'dead' }, everyPage)).items).toEqual([]);
}

/** The end of the way: one matching, moved along it once, told of once, applied for once, archived once, gone from here. */
async function checkEnd({ acknowledged, store: { store }, cluster, app }: Ended): Promise<void> {
  const id = acknowledged;
  expect(await store.matchingsOfNewbies(newbie.profiles)).toEqual([]);
  expect(cluster.staticRows(archive('matchings'))).toMatchObject([{ id, status: 'succeed', epoch: 1, mentor_promocode: 'CODE' }]);
  const moves = cluster.staticRows(archive('status_transitions'));
  expect(moves.map((row) => row['to'])).toEqual(way);
  expect(moves.map((row) => row['from'])).toEqual([null, ...way.slice(0, -1)]);
  expect(cluster.staticRows(archive('results'))).toMatchObject([{ matching_id: id, rate_avg_7d: '4.9', rate_avg_14d: '4.8' }]);
  expect([...cluster.applications.values()]).toMatchObject([{ newbie_key: 'udid-newbie', matching_id: id, phone: '+79990000000' }]);
  const notices = ['initialized:1:mentor', 'initialized:1:newbie', 'in_progress:1:mentor', 'finished:1:mentor', 'succeed:1:mentor'];
  expect([...app.shown.keys()].sort()).toEqual(notices.map((notice) => `${id}:${notice}`).sort());
  const replica = [...cluster.dynamicRows('//home/taxi/production/replica/contractor-mentorship/matchings').values()];
  expect(replica).toMatchObject([{ id, deleted: true }]);
  expect((await store.jobRuns({}, everyPage)).items.filter(({ outcome }) => outcome === 'running')).toEqual([]);
}

function archive(table: string): string {
  return `//home/taxi/production/archive/contractor-mentorship/${table}`;
}

const watch: Watch = { always: checkAlways, end: checkEnd };

/** Where a process may die, by the calls that it makes when it does not. */
async function placesToDie(moment: Moment): Promise<number[]> {
  const { calls, lastWords } = await runWith(null, template.file, watch);
  expect(lastWords).toBe('');
  const places = calls.map((_, index) => index + 1);
  return moment === 'inside' ? places.filter((number) => calls[number - 1] === 'store.transact') : places;
}

test.each([
  { moment: 'before', atLeast: 100 }, { moment: 'inside', atLeast: 20 }, { moment: 'after', atLeast: 100 },
] as const)('a crash $moment any call of a port changes nothing of the outcome', async ({ moment, atLeast }) => {
  const places = await placesToDie(moment);
  expect(places.length).toBeGreaterThan(atLeast);
  const deaths = new Set<string>();
  for (const atCall of places) {
    const { lastWords } = await runWith({ atCall, moment }, template.file, watch);
    expect(lastWords, `call ${atCall}`).not.toBe('');
    deaths.add(lastWords);
  }
  const writes = ['store.transact', 'tasks.claim', 'tasks.complete', 'leases.acquire', 'retention.forget', 'yt.writeApplication', 'yt.copies.append', 'clientEvents.push'];
  const died = moment === 'inside' ? ['store.transact'] : writes;
  expect([...deaths]).toEqual(expect.arrayContaining(died.map((port) => `${moment} ${port}`)));
}, 240_000);
