// The API reference in a real browser: drawn from this service's own document, in both themes and widths, with nothing asked of anybody else.
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

test.for([['light', 1440], ['dark', 1440], ['light', 360], ['dark', 360]] as const)('is clean in %s at %i pixels', async ([theme, width]) => {
  const page = await browsing.tab({ theme, width, adminToken });
  await page.goto(`${world.adminUrl}/docs`);
  await page.getByText('which are two listeners').waitFor();
  expect(await axeViolations(page)).toEqual([]);
  expect(await overflowsSideways(page)).toBe(false);
  await lookAt(page, `docs-${theme}-${width}`);
});

test('shows an endpoint with a call that can be copied, its input and its reply', async () => {
  const page = await browsing.tab({ adminToken });
  await page.goto(`${world.adminUrl}/docs`);
  await page.getByText('/admin/v1/matchings/{id}/events').first().click();
  await page.getByText('Send an event to a matching').first().waitFor();
  await page.getByText('curl -s -X POST').first().waitFor();
  await page.getByText('the driver asked to stop').first().waitFor();
  await lookAt(page, 'docs-endpoint');
  expect(await axeViolations(page)).toEqual([]);
});

test('asks for the admin token like every page', async () => {
  const page = await browsing.tab();
  await page.goto(`${world.adminUrl}/docs`);
  await page.getByLabel('Token').fill(adminToken);
  await page.keyboard.press('Enter');
  await page.getByText('which are two listeners').waitFor();
});
