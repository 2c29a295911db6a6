// Pages in a real browser for one test file: one browser, tabs that close with their test, and what no page of ours may do.
import { createRequire } from 'node:module';
import { mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished } from 'vitest';
import type { AxeResults, RunOptions } from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { launchChromium } from './chromium.ts';

export interface TabOptions {
  readonly theme?: 'light' | 'dark';
  readonly width?: number;
  readonly height?: number;
  /** Kept from the start, as if the reader had given it before. */
  readonly adminToken?: string;
  /** A host that the page may ask besides ours. */
  readonly mayAsk?: string;
}

export interface Browsing {
  /** Closed with the test, which fails when the page logged an error or asked another host for anything. */
  tab(options?: TabOptions): Promise<Page>;
}

/** For the top of a test file. */
export function useBrowser(): Browsing {
  let browser: Browser | null = null;
  beforeAll(async () => {
    browser = await launchChromium();
  }, 60_000);
  afterAll(() => browser?.close());
  return {
    tab: async (options = {}) => {
      if (browser === null) throw new TypeError('the browser starts before the first test');
      return openTab(browser, options);
    },
  };
}

async function openTab(browser: Browser, { theme = 'light', width = 1440, height = 900, adminToken, mayAsk }: TabOptions): Promise<Page> {
  const context = await browser.newContext({ colorScheme: theme, viewport: { width, height }, locale: 'en-GB', timezoneId: 'UTC', reducedMotion: 'reduce' });
  if (adminToken !== undefined) await context.addInitScript((token) => sessionStorage.setItem('admin-token', token), adminToken);
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  const misdeeds: string[] = [];
  page.on('pageerror', (error) => misdeeds.push(`uncaught: ${error.message}`));
  // Refused calls are the page's to show, and the browser logs them in any case.
  page.on('console', (message) => {
    if (message.type() === 'error' && !/Failed to load resource: .* status of 4/.test(message.text())) misdeeds.push(message.text());
  });
  page.on('request', (request) => {
    const { hostname, protocol } = new URL(request.url());
    if (protocol !== 'data:' && protocol !== 'blob:' && hostname !== '127.0.0.1' && hostname !== mayAsk) misdeeds.push(`asked ${request.url()}`);
  });
  onTestFinished(async () => {
    await context.close();
    expect(misdeeds).toEqual([]);
  });
  return page;
}

const axePath = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

/** What axe finds wrong with the page as it stands, by rule and element; empty when it is clean. */
export async function axeViolations(page: Page): Promise<string[]> {
  // Through the debugger: the page's own policy admits no foreign script.
  await page.evaluate(readFileSync(axePath, 'utf8'));
  const options: RunOptions = { resultTypes: ['violations'] };
  const { violations } = await page.evaluate(
    (asked) => (globalThis as unknown as { axe: { run(options: RunOptions): Promise<AxeResults> } }).axe.run(asked), options);
  return violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id} ${target.join(' ')}: ${failureSummary ?? ''}`));
}

const shotsFolder = process.env['SCREENSHOTS'];

/** For the eyes of whoever works on the pages: written only where SCREENSHOTS names a folder. */
export async function lookAt(page: Page, name: string): Promise<void> {
  if (shotsFolder === undefined) return;
  const path = join(shotsFolder, `${name}.png`);
  mkdirSync(dirname(path), { recursive: true });
  await page.screenshot({ path, fullPage: true });
}

/** Whether something sticks out to the right, which a reader on a phone would have to scroll for. */
export async function overflowsSideways(page: Page): Promise<boolean> {
  return page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
}

const imagesFolder = join(import.meta.dirname, '../../docs/images');

/** A picture for the documentation: written only by `npm run docs:images`. */
export async function illustrate(page: Page, name: string): Promise<void> {
  if (process.env['DOCS_IMAGES'] === undefined) return;
  mkdirSync(imagesFolder, { recursive: true });
  await page.screenshot({ path: join(imagesFolder, `${name}.png`) });
}
