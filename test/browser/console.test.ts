// The console in a real browser over the running world: what an operator does in an ordinary week. Jobs run only when the tests run
// them, so that nothing moves behind their back.
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Page } from 'playwright-core';
import { profileKey } from '../../machines/ids.ts';
import type { MatchingRecord } from '../../machines/matching-record.ts';
import { RunningWorld } from '../sandbox/running-world.ts';
import { spellName } from '../sandbox/names.ts';
import type { SeededPerson } from '../sandbox/seed.ts';
import { tablePaths } from '../sandbox/tables.ts';
import { axeViolations, illustrate, lookAt, overflowsSideways, useBrowser } from './browsing.ts';

const drivers = 5;
/** For what starts a thread or waits for a job, on whatever machine. */
const patienceMs = 60_000;
const browsing = useBrowser();
let world: RunningWorld;

beforeAll(async () => {
  world = await RunningWorld.start({ drivers, speed: 2, environment: { JOBS: 'off', HIDE_AFTER: '999d', FAIL_GRACE: '999d' } });
  await world.enrolEach(world.network.people.newbies);
  await world.until('the CRM to match everybody', async () => (await world.tableRows(tablePaths.YT_DISTRIBUTION)).length >= drivers);
  await world.ctx.store.transact((tx) => tx.insertRejects(
    ['unknown_newbie', 'bad_date'].map((reason, index) => ({ id: `reject-${index}`, source: 'import-matchings', reason, detail: 'connected_dttm', firstSeenAt: Date.now() })),
  ));
}, 90_000);
afterAll(() => world.stop());

async function open(view: string, options: { width?: number; theme?: 'light' | 'dark' } = {}): Promise<Page> {
  const page = await browsing.tab(options);
  await page.goto(`${world.adminUrl}/#/${view}`);
  await page.getByRole('heading', { level: 1 }).waitFor();
  return page;
}

function newbie(ordinal = 0): SeededPerson {
  return world.network.people.newbies[ordinal]!;
}

async function matchingOf(person: SeededPerson): Promise<MatchingRecord> {
  return world.until('a matching', () => world.matchingOf(person));
}

async function statusesNow(): Promise<string[]> {
  return Promise.all(world.network.people.newbies.map(async (person) => (await matchingOf(person)).status));
}

test('a dry run shows what would change and changes nothing; running it then does', async () => {
  const page = await open('jobs');
  const card = page.getByRole('region', { name: 'import-matchings', exact: true });
  const diff = card.getByRole('group', { name: 'What would change' });
  await card.getByRole('button', { name: 'Dry run' }).click();
  await diff.waitFor({ timeout: patienceMs });
  expect(await diff.getByRole('row').count()).toBe(1 + drivers);
  expect(await diff.getByRole('row').nth(1).textContent()).toMatch(/MATCHEDrequestedmatched$/);
  expect(new Set(await statusesNow())).toEqual(new Set(['requested']));
  await lookAt(page, 'dry-run');
  // Announcements will be refused, which no retry heals: their tasks die, for the next test.
  world.network.upstreams.faults.clientEvents.set({ kind: 'status', status: 400 });
  await card.getByLabel('Reason').fill('the CRM asked for it');
  await card.getByRole('button', { name: 'Run import-matchings now' }).click();
  await world.until('the import', async () => (await statusesNow()).every((status) => status === 'matched'));
}, 2 * patienceMs);

test('dead tasks tell their error; one is retried, then all', async () => {
  // No jitter: the attempts follow each other at once.
  vi.spyOn(world.ctx, 'random').mockReturnValue(0);
  await world.until('the announcements to die', async () => (await world.ctx.tasks.list({ state: 'dead' }, { limit: 10, cursor: null })).items.length === drivers);
  const page = await open('tasks');
  const rows = page.getByRole('group', { name: 'Tasks' }).locator('tbody tr');
  await expect.poll(() => rows.count()).toBe(drivers);
  expect(await rows.first().textContent()).toContain('upstream_refused');
  await lookAt(page, 'dead-tasks');
  world.network.upstreams.faults.clientEvents.clear();
  await rows.first().getByRole('button', { name: 'Retry' }).click();
  await expect.poll(() => rows.count()).toBe(drivers - 1);
  await page.getByRole('button', { name: 'Retry all' }).click();
  await page.getByRole('button', { name: 'Yes, retry them' }).click();
  await page.getByText('No dead tasks').waitFor();
  await world.until('everybody to be told', async () => (await statusesNow()).every((status) => status === 'initialized'));
}, patienceMs);

test('the slash leads into the search, which finds a person by any profile and opens his story', async () => {
  const page = await open('');
  const person = newbie(4);
  await page.keyboard.press('/');
  await page.keyboard.type(person.profiles[2]!.driverId);
  await page.keyboard.press('Enter');
  // The third profile never took part itself: driver-profiles knows that it is the same person only by its park.
  await page.getByText('No matching fits').waitFor();
  await page.keyboard.press('/');
  await page.keyboard.type(profileKey(person.profiles[2]!));
  await page.keyboard.press('Enter');
  const { id } = await matchingOf(person);
  await page.getByRole('group', { name: 'Matchings' }).getByRole('link', { name: id }).click();
  const timeline = page.getByRole('region', { name: 'Timeline' });
  await timeline.getByText('Both were told of each other').waitFor();
  const story = await timeline.getByRole('listitem').allTextContents();
  for (const part of ['Asked to take part', 'Application row written to YT', 'Matched with a mentor by the CRM', 'The match told to the newbie', 'The match told to the mentor', 'operator retried the task', 'Task create_application done']) {
    expect(story.some((entry) => entry.includes(part)), part).toBe(true);
  }
});

test('the id of a matching leads straight to it', async () => {
  const page = await open('health');
  const { id } = await matchingOf(newbie());
  await page.getByRole('searchbox').fill(id);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: 'Matching' }).waitFor();
  expect(page.url()).toContain(`#/matchings/${id}`);
});

test('shows the phone of either side in either language, the numbers masked, and records every look', async () => {
  const { id, mentor } = await matchingOf(newbie());
  const mentorPerson = world.network.people.mentors.find(({ profiles }) => profiles.some((profile) => profileKey(profile) === profileKey(mentor!)))!;
  const page = await open(`matchings/${id}`);
  await page.getByRole('button', { name: 'Show the phone' }).click();
  const phone = page.getByRole('region', { name: 'The newbie’s phone' });
  await phone.getByRole('article', { name: spellName(mentorPerson.name) }).waitFor();
  expect(await phone.textContent()).toMatch(/ваш наставник/);
  await page.getByRole('button', { name: 'en', exact: true }).click();
  await expect.poll(() => page.getByRole('article').first().textContent()).toMatch(/mentor/i);
  await page.getByRole('button', { name: 'mentor', exact: true }).click();
  await page.getByRole('article', { name: spellName(newbie().name) }).waitFor();
  await page.getByRole('button', { name: 'ru', exact: true }).click();
  await expect.poll(() => page.getByRole('article', { name: spellName(newbie().name) }).textContent()).toMatch(/\+7 999 \*\*\*-\*\*-\d\d/);
  expect(await page.content()).not.toContain(newbie().phone.slice(1));
  await lookAt(page, 'phone');
  const { items } = await world.ctx.store.operatorActions({}, { limit: 10, cursor: null });
  expect(items.filter(({ action }) => action === 'preview').length).toBeGreaterThanOrEqual(3);
});

test('an event goes only with a reason, and its outcome and author stand in the story', async () => {
  const { id } = await matchingOf(newbie(1));
  const page = await open(`matchings/${id}`);
  const form = page.getByRole('region', { name: 'Send an event' });
  await form.getByLabel('Event').selectOption('PROGRESS_ANNOUNCED');
  await form.getByRole('button', { name: 'Send' }).click();
  expect(await form.getByLabel('Reason').evaluate((input) => (input as HTMLInputElement).validity.valueMissing)).toBe(true);
  await form.getByLabel('Your name').fill('anna');
  await form.getByLabel('Reason').fill('asked by the driver');
  await form.getByRole('button', { name: 'Send' }).click();
  await form.getByRole('status').waitFor();
  await page.getByRole('region', { name: 'Timeline' }).getByText('anna sent PROGRESS_ANNOUNCED').waitFor();
});

test('filters and pages of the list live in the address', async () => {
  const page = await open('matchings?status=initialized&limit=2');
  const rows = page.getByRole('group', { name: 'Matchings' }).locator('tbody tr');
  await expect.poll(() => rows.count()).toBe(2);
  await page.getByRole('button', { name: 'Show more' }).click();
  await expect.poll(() => rows.count()).toBe(4);
  await page.getByLabel('Status').selectOption('failed');
  await page.getByText('No matching fits').waitFor();
  expect(page.url()).toContain('status=failed');
});

test('the list follows a change made elsewhere without being asked', async () => {
  const { id, status } = await matchingOf(newbie(2));
  expect(status).toBe('initialized');
  const page = await open(`matchings/${id}`);
  await page.getByRole('list', { name: 'Programme' }).locator('[aria-current=step]', { hasText: 'initialized' }).waitFor();
  await world.until('the progress to be imported and told', async () => {
    await fetch(`${world.adminUrl}/admin/v1/jobs/import-results/run`, { method: 'POST' });
    return (await matchingOf(newbie(2))).status !== 'initialized';
  });
  await page.getByRole('list', { name: 'Programme' }).locator('[aria-current=step]', { hasNotText: 'initialized' }).waitFor();
}, 2 * patienceMs);

const views = ['', 'matchings', 'matchings/of-the-first', 'matchings/00000000-0000-4000-8000-000000000000', 'jobs', 'tasks', 'rejects', 'health', 'activity', 'nowhere'];

test.for(views)('/%s: nothing wrong with it in either theme, wide or narrow', async (view) => {
  const path = view === 'matchings/of-the-first' ? `matchings/${(await matchingOf(newbie())).id}` : view;
  const page = await open(path);
  await page.locator('[aria-busy]').waitFor({ state: 'detached' });
  if (view === 'matchings/of-the-first') {
    await page.getByRole('button', { name: 'Show the phone' }).click();
    await page.getByRole('article').first().waitFor();
  }
  for (const theme of ['light', 'dark'] as const) {
    for (const width of [1440, 360]) {
      await page.emulateMedia({ colorScheme: theme });
      await page.setViewportSize({ width, height: 900 });
      expect(await axeViolations(page), `${theme} ${width}`).toEqual([]);
      expect(await overflowsSideways(page), `${theme} ${width}`).toBe(false);
      await lookAt(page, `console-${view.replace(/\W+/g, '-') || 'overview'}-${theme}-${width}`);
    }
  }
});

test('every stop of the keyboard can be seen, none holds the reader, and the last leads out of the page', async () => {
  const page = await open(`matchings/${(await matchingOf(newbie())).id}`);
  await page.getByRole('region', { name: 'Timeline' }).waitFor();
  const stops: string[] = [];
  for (let presses = 0; presses < 80; presses += 1) {
    await page.keyboard.press('Tab');
    const stop = await page.evaluate(() => {
      const element = document.activeElement;
      if (element === null || element === document.body) return null;
      const { outlineStyle, outlineWidth } = getComputedStyle(element);
      const { width, height } = element.getBoundingClientRect();
      const seen = outlineStyle !== 'none' && outlineWidth !== '0px' && width > 0 && height > 0;
      return { name: `${element.tagName} ${element.getAttribute('aria-label') ?? element.textContent?.slice(0, 30) ?? ''}`, seen };
    });
    if (stop === null) break;
    expect(stop.seen, `${stop.name} shows that it is focused`).toBe(true);
    stops.push(stop.name);
  }
  expect(stops.length).toBeGreaterThan(15);
  expect(stops.length).toBeLessThan(80);
  expect(stops.some((name) => name.includes('Send'))).toBe(true);
});

test('the pictures of the documentation', async () => {
  const page = await open(`matchings/${(await matchingOf(newbie(3))).id}`, { width: 1280 });
  await page.getByRole('button', { name: 'Show the phone' }).click();
  await page.getByRole('article').first().waitFor();
  await illustrate(page, 'console');
});
