// What every page has in common, in a real browser: the frame, the token, the theme, the keyboard.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { RunningWorld } from '../sandbox/running-world.ts';
import { axeViolations, lookAt, overflowsSideways, useBrowser } from './browsing.ts';

const adminToken = 'a-token-of-the-tests';
const browsing = useBrowser();
let world: RunningWorld;
beforeAll(async () => {
  world = await RunningWorld.start({ drivers: 1, speed: 1, environment: { ADMIN_TOKEN: adminToken, JOBS: 'off' } });
}, 60_000);
afterAll(() => world.stop());

const pages = { console: '/', inspector: '/inspector' } as const;

test('asks for the admin token once, says when it is wrong, and keeps it out of the address', async () => {
  const page = await browsing.tab();
  await page.goto(world.adminUrl);
  await page.getByLabel('Token').fill('wrong');
  await page.keyboard.press('Enter');
  await page.getByText('did not accept').waitFor();
  expect(await axeViolations(page)).toEqual([]);
  await lookAt(page, 'token');
  await page.getByLabel('Token').fill(adminToken);
  await page.keyboard.press('Enter');
  await page.getByRole('main').getByRole('heading', { level: 1 }).waitFor();
  await page.reload();
  await page.getByRole('main').getByRole('heading', { level: 1 }).waitFor();
  expect(page.url()).not.toContain(adminToken);
});

test.for(Object.entries(pages))('%s: nothing wrong with it in either theme, wide or narrow', async ([name, path]) => {
  for (const theme of ['light', 'dark'] as const) {
    for (const width of [1440, 360]) {
      const page = await browsing.tab({ theme, width, adminToken });
      await page.goto(world.adminUrl + path);
      await page.getByRole('main').getByRole('heading', { level: 1 }).waitFor();
      expect(await axeViolations(page), `${theme} ${width}`).toEqual([]);
      expect(await overflowsSideways(page), `${theme} ${width}`).toBe(false);
      await lookAt(page, `frame-${name}-${theme}-${width}`);
      await page.close();
    }
  }
});

test('the chosen theme outlives the page and wins over the system\'s', async () => {
  const page = await browsing.tab({ theme: 'light', adminToken });
  const scheme = (): Promise<string> => page.evaluate(() => getComputedStyle(document.documentElement).colorScheme);
  await page.goto(world.adminUrl);
  await page.getByLabel('Theme').selectOption('dark');
  expect(await scheme()).toBe('dark');
  await page.goto(`${world.adminUrl}/inspector`);
  await expect.poll(scheme).toBe('dark');
});

test('the first stop of the keyboard leads past the top bar', async () => {
  const page = await browsing.tab({ adminToken });
  await page.goto(world.adminUrl);
  await page.keyboard.press('Tab');
  expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Skip to content');
  await page.keyboard.press('Enter');
  expect(await page.evaluate(() => document.activeElement?.id)).toBe('content');
});
