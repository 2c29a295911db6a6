// The inspector in a real browser over a running world: matchings that move while one looks, their past, their next event, live actors.
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { MatchingRecord } from '../../machines/matching-record.ts';
import { RunningWorld } from '../sandbox/running-world.ts';
import type { SeededPerson } from '../sandbox/seed.ts';
import { axeViolations, illustrate, lookAt, overflowsSideways, useBrowser, type TabOptions } from './browsing.ts';

const adminToken = 'a-token-of-the-tests';
const every = '500ms';
const environment = {
  ADMIN_TOKEN: adminToken, IMPORT_MATCHINGS_EVERY: every, IMPORT_RESULTS_EVERY: every, FINISH_PROGRAMME_EVERY: every, HIDE_AFTER: '999d', ARCHIVE_AFTER: '999d',
};
const drivers = 12;
const travelled = 3;
const browsing = useBrowser();
// Several pages and a world share the machine.
vi.setConfig({ testTimeout: 60_000 });
let world: RunningWorld;
let traveller: MatchingRecord;

beforeAll(async () => {
  world = await RunningWorld.start({ drivers, speed: 2, environment });
  await world.enrolEach(newbies().slice(0, travelled));
  traveller = await world.until('somebody to be at least initialized', async () => {
    const found = await Promise.all(newbies().slice(0, travelled).map((person) => world.matchingOf(person)));
    return found.find((one) => one !== null && one.version >= 4) ?? null;
  });
}, 120_000);
afterAll(() => world.stop());

function newbies(): readonly SeededPerson[] {
  return world.network.people.newbies;
}

function newbie(ordinal: number): SeededPerson {
  const person = newbies()[ordinal];
  if (person === undefined) throw new RangeError(`there is no newbie ${ordinal}`);
  return person;
}

let enrolled = travelled;

/** Somebody who has not taken part yet enrols. */
async function enrolNext(): Promise<MatchingRecord> {
  const person = newbie(enrolled);
  enrolled += 1;
  await world.enrolEach([person]);
  return world.until('the matching', () => world.matchingOf(person));
}

async function open(place: string, options: TabOptions = {}): Promise<Page> {
  const page = await browsing.tab({ adminToken, ...options });
  await page.goto(`${world.adminUrl}/inspector${place}`);
  await page.locator('[data-live="live"]').waitFor();
  await page.locator('.chart-paper').waitFor();
  return page;
}

const active = '[data-active="true"]';

test('shows a matching moving live: an arrow lights up, the feed tells of it, the heat counts it', async () => {
  const page = await open('#/matching');
  const { id } = await enrolNext();
  const entry = page.getByTestId('feed').locator('li', { hasText: id }).last();
  await entry.getByText('ENROLLED').waitFor();
  await page.locator('[data-pulse]').first().waitFor({ state: 'attached' });
  const counts = async (): Promise<number> => {
    const cells = await page.getByTestId('heat').locator('tbody td:nth-of-type(1)').allTextContents();
    return cells.reduce((sum, cell) => sum + Number(cell.replaceAll(/\D/g, '')), 0);
  };
  await expect.poll(counts, { timeout: 10_000 }).toBe(enrolled);
  await entry.click();
  await page.locator(`h1:has-text("${id}")`).waitFor();
});

test('travels through the history of a matching by slider, marks, keys and link', async () => {
  const page = await open(`#/matching/${traveller.id}`);
  const transitions = await world.ctx.store.transitions(traveller.id);
  const slider = page.getByRole('slider', { name: 'Step of the history' });
  await slider.waitFor();
  await slider.press('Home');
  await expect.poll(() => page.locator(`.state${active}`).getAttribute('data-state')).toBe('matching.created');
  expect(await page.getByTestId('travelling').textContent()).toContain('step 1 of');
  expect(await page.getByTestId('step').textContent()).toContain('create_application');
  expect(page.url()).toContain('?step=1');
  await slider.press('ArrowRight');
  await expect.poll(() => page.locator(`.state${active}`).getAttribute('data-state')).toBe(`matching.${transitions[1]?.to}`);
  expect(await page.locator('.arrow.taken').getAttribute('data-edge')).toBe(`matching.created ${transitions[1]?.event} matching.${transitions[1]?.to}`);
  const changed = await page.getByTestId('context').locator('tr.changed th').allTextContents();
  expect(changed).toEqual(expect.arrayContaining(['status', 'version']));
  const again = await open(`#/matching/${traveller.id}?step=2`);
  await expect.poll(() => again.getByTestId('travelling').textContent()).toContain('step 2 of');
  await again.getByRole('button', { name: 'Step back' }).click();
  await expect.poll(() => again.locator('[aria-current="step"]').textContent()).toContain('created');
});

test('sends an event with its reason, and says when it was ignored', async () => {
  // The CRM's own match would come first on a slow machine.
  const imports = await world.until('the lock of the import', () => world.ctx.locks.tryAcquire('job:import-matchings'));
  onTestFinished(() => imports.release());
  const { id } = await enrolNext();
  await world.until('the application', async () => (await world.ctx.store.transitions(id)).length >= 2);
  const page = await open(`#/matching/${id}`);
  await page.getByRole('radio', { name: 'MATCHED', exact: true }).check();
  await page.getByLabel('Mentor', { exact: true }).fill('park-9_mentor-9');
  await page.getByRole('button', { name: 'Send MATCHED' }).click();
  expect(await page.getByLabel('Reason').evaluate((field: HTMLTextAreaElement) => field.validity.valueMissing)).toBe(true);
  await page.getByLabel('Reason').fill('the CRM is down and the mentor waits');
  await page.getByRole('button', { name: 'Send MATCHED' }).click();
  await page.getByText(/MATCHED moved it from/).waitFor();
  const moves = await world.ctx.store.transitions(id);
  expect(moves.find(({ event }) => event === 'MATCHED')).toMatchObject({ actor: expect.stringContaining('operator'), reason: 'the CRM is down and the mentor waits' });
  // An event that was chosen is not swapped for another when the matching moves on meanwhile.
  await page.getByRole('radio', { name: 'MATCH_ANNOUNCED' }).check();
  await imports.release();
  await page.getByText(/It has moved to \w+ meanwhile/).waitFor();
  expect(await page.getByRole('button', { name: 'Send MATCH_ANNOUNCED' }).isDisabled()).toBe(true);
  await world.until('the announcement', async () => (await world.matchingOf(newbie(enrolled - 1)))?.status !== 'matched');
  await page.getByRole('radio', { name: 'PROGRESS_ANNOUNCED' }).check();
  await page.getByLabel('Reason').fill('just trying');
  await page.getByRole('button', { name: 'Send PROGRESS_ANNOUNCED' }).click();
  await page.getByText(/was ignored in/).waitFor();
});

test('finds a matching by the slash key, by driver and by id, and lists who is in a state', async () => {
  const page = await open('#/matching');
  const others = await Promise.all(newbies().slice(0, travelled).map(async (person) => ({ person, own: await world.matchingOf(person) })));
  const { person, own } = others.find((one) => one.own?.id !== traveller.id)!;
  await page.keyboard.press('/');
  await page.keyboard.type(`${person.profiles[0].parkId}_${person.profiles[0].driverId}`);
  await page.keyboard.press('Enter');
  await page.locator(`h1:has-text("${own?.id}")`).waitFor();
  await page.keyboard.press('/');
  await page.keyboard.type(traveller.id);
  await page.keyboard.press('Enter');
  await page.locator(`h1:has-text("${traveller.id}")`).waitFor();
  await page.getByRole('button', { name: '← All matchings' }).click();
  await page.locator('.state.heat-5').first().focus();
  await page.keyboard.press('Enter');
  await page.getByTestId('in-state').getByRole('button', { name: /^Look at / }).first().waitFor();
});

test('shows the application being formed, its regions at once, and nothing of the person', async () => {
  const page = await open('#/application');
  const { id } = await enrolNext();
  await page.getByTestId('runs').getByText(id).first().waitFor();
  await page.getByTestId('runs').getByRole('button', { name: new RegExp(id) }).click();
  const slider = page.getByRole('slider', { name: 'Step of the history' });
  await slider.press('Home');
  await expect.poll(() => page.locator(active).evaluateAll((all) => all.map((one) => one.getAttribute('data-state')))).toEqual(
    expect.arrayContaining(['application.collecting.city.locating', 'application.collecting.car.asking', 'application.collecting.phone.asking']),
  );
  await slider.press('End');
  await expect.poll(() => page.locator(`.state${active}`).getAttribute('data-state')).toBe('application.written');
  const shown = await page.getByTestId('actor-step').textContent();
  expect(shown).toContain('phone_known');
  expect(shown).not.toContain(newbie(enrolled - 1).phone.slice(1));
});

test('shows the runs of jobs on this host, from the lock to the end', async () => {
  const page = await open('#/import');
  const slider = page.getByRole('slider', { name: 'Step of the history' });
  // Of a run that had ended before the page was opened only the end is known.
  await expect.poll(async () => {
    await page.getByTestId('runs').getByRole('button', { name: /import-matchings/ }).first().click();
    return Number(await slider.getAttribute('max'));
  }, { timeout: 20_000 }).toBeGreaterThan(2);
  await slider.press('Home');
  await expect.poll(() => page.locator(`.state${active}`).getAttribute('data-state')).toBe('import.locking');
});

test('fits, enlarges and moves the chart from the keyboard', async () => {
  const page = await open('#/matching');
  const paper = page.locator('.chart-paper');
  const place = (): Promise<string | null> => paper.locator('> g').getAttribute('transform');
  const fitted = await place();
  await paper.focus();
  await page.keyboard.press('+');
  await expect.poll(place).not.toBe(fitted);
  const larger = await place();
  await page.keyboard.press('ArrowRight');
  await expect.poll(place).not.toBe(larger);
  await page.keyboard.press('0');
  await expect.poll(place).toBe(fitted);
});

test('hands official frames to the hosted inspector once the reader has said so, and only to it', async () => {
  const page = await browsing.tab({ adminToken, mayAsk: 'stately.ai' });
  await page.route('https://stately.ai/**', (route) => route.fulfill({
    contentType: 'text/html',
    body: `<title>stand-in</title><ul></ul><script>
      addEventListener('message', ({ data }) => { document.querySelector('ul').append(Object.assign(document.createElement('li'), { textContent: JSON.stringify(data) })); });
      parent.postMessage({ type: '@statelyai.connected' }, '*');
    </script>`,
  }));
  await page.goto(`${world.adminUrl}/inspector/stately#${traveller.id}`);
  await page.getByRole('heading', { name: 'This page leaves the service' }).waitFor();
  expect(await axeViolations(page)).toEqual([]);
  await page.getByRole('button', { name: 'Load the Stately inspector' }).click();
  await page.getByText(/^Connected, /).waitFor();
  const handed = page.frameLocator('iframe').locator('li');
  await handed.filter({ hasText: '@xstate.snapshot' }).first().waitFor();
  const frames = (await handed.allTextContents()).map((text) => JSON.parse(text) as { type: string; sessionId: string });
  expect(frames[0]).toMatchObject({ type: '@xstate.actor', sessionId: `matching:${traveller.id}` });
  expect(frames.every(({ type }) => type.startsWith('@xstate.'))).toBe(true);
});

test('says plainly that the hosted inspector needs the internet', async () => {
  const page = await browsing.tab({ adminToken, mayAsk: 'stately.ai' });
  await page.route('https://stately.ai/**', (route) => route.fulfill({ contentType: 'text/html', body: 'no answer' }));
  await page.clock.install();
  await page.goto(`${world.adminUrl}/inspector/stately`);
  await page.getByRole('button', { name: 'Load the Stately inspector' }).click();
  await page.locator('iframe').waitFor();
  await page.clock.runFor(13_000);
  await page.getByRole('alert').getByText(/needs the internet/).waitFor();
});

describe.each(['light', 'dark'] as const)('in %s', (theme) => {
  describe.each([1440, 360])('at %i pixels', (width) => {
    test.each([
      ['overview', () => '#/matching'],
      ['matching', () => `#/matching/${traveller.id}?step=3`],
      ['application', () => '#/application'],
      ['jobs', () => '#/import'],
    ])('the %s is accessible and no wider than the screen', async (name, place) => {
      const page = await open(place(), { theme, width, height: width === 360 ? 740 : 900 });
      if (name === 'matching') await page.getByTestId('travelling').waitFor();
      if (name === 'jobs') await page.getByRole('slider').waitFor();
      if (name === 'overview') await page.locator('.state .count').first().waitFor();
      if (name === 'application') {
        await enrolNextIfAny(page);
      }
      expect(await axeViolations(page)).toEqual([]);
      expect(await overflowsSideways(page)).toBe(false);
      await lookAt(page, `inspector-${name}-${theme}-${width}`);
      if (theme === 'light' && width === 1440 && (name === 'overview' || name === 'matching')) await illustrate(page, `inspector-${name}`);
    });
  });
});

/** A run to look at, while there is somebody left to enrol. */
async function enrolNextIfAny(page: Page): Promise<void> {
  if (enrolled >= drivers) return;
  const { id } = await enrolNext();
  await page.getByTestId('runs').getByText(id).first().waitFor();
}
