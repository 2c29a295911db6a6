// The written documentation against the repository: links lead somewhere, commands and variables exist, every page can be reached.
import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, test } from 'vitest';
import { adminRoutes } from '../../http/admin/routes.ts';
import { driverRoutes } from '../../http/driver/routes.ts';
import { pageRoutes } from '../../http/pages.ts';
import { serviceVariables } from '../../runtime/config/env.ts';

const root = join(import.meta.dirname, '../..');
const pages = globSync(['*.md', 'docs/**/*.md', 'runtime/*/README.md'], { cwd: root }).map(normalize).sort();
const read = (page: string): string => readFileSync(join(root, page), 'utf8');

interface Link {
  readonly page: string;
  readonly target: string;
  /** From the root of the repository. */
  readonly path: string;
  readonly anchor: string;
}

/** Outside of code. */
function linksOf(page: string): Link[] {
  const prose = read(page).replaceAll(/^```[\s\S]*?^```/gm, '').replaceAll(/`[^`\n]*`(?!\])/g, '');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, target = '']) => {
    if (/^[a-z]+:/.test(target)) return [];
    const [file = '', anchor = ''] = target.split('#');
    return [{ page, target, path: file === '' ? page : normalize(join(dirname(page), file)).replace(/\/$/, ''), anchor }];
  });
}

/** As the common renderers name headings. */
function anchorsOf(page: string): string[] {
  const headings = [...read(page).replaceAll(/^```[\s\S]*?^```/gm, '').matchAll(/^#+ (.+)$/gm)];
  return headings.map(([, text = '']) => text.toLowerCase().replaceAll(/[^\p{L}\p{N} _-]/gu, '').replaceAll(' ', '-'));
}

test('every relative link leads to a file, and its anchor to a heading', () => {
  const links = pages.flatMap(linksOf);
  expect(links.length).toBeGreaterThan(60);
  expect(links.filter(({ path }) => !existsSync(join(root, path))).map(({ page, target }) => `${page}: ${target}`)).toEqual([]);
  const anchored = links.filter(({ anchor, path }) => anchor !== '' && path.endsWith('.md'));
  expect(anchored.filter(({ path, anchor }) => !anchorsOf(path).includes(anchor)).map(({ page, target }) => `${page}: ${target}`)).toEqual([]);
});

test('every page is reached from the README', () => {
  const reached = new Set<string>();
  const walk = (page: string): void => {
    if (reached.has(page)) return;
    reached.add(page);
    for (const { path } of linksOf(page)) {
      if (path.endsWith('.md')) walk(path);
      // A link to a folder stands for the pages in it.
      else if (existsSync(join(root, path)) && statSync(join(root, path)).isDirectory()) pages.filter((one) => dirname(one) === path).forEach(walk);
    }
  };
  walk('README.md');
  expect(pages.filter((page) => !reached.has(page))).toEqual([]);
});

test('every npm command that a page names exists', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  const named = pages.flatMap((page) => [...read(page).matchAll(/npm run (?:-s )?([a-z][\w:-]*)/g)].map(([, script = '']) => ({ page, script })));
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter(({ script }) => scripts[script] === undefined)).toEqual([]);
});

/** Of the tests and the tools, of what libraries read, of shell lines in the tutorial; and ones that a how-to invents. */
const others = new Set([
  'DRIVER', 'ADMIN', 'TOKEN', 'MATCHING', 'NEWBIE', 'MENTOR', 'GUEST', 'CHROME_PATH', 'YDB_IMAGE', 'YDB_HOSTNAME', 'RATINGS_URL', 'REMIND_EVERY',
  'YDB_ANONYMOUS_CREDENTIALS', 'YDB_ACCESS_TOKEN_CREDENTIALS', 'YDB_SERVICE_ACCOUNT_KEY_FILE_CREDENTIALS', 'YDB_METADATA_CREDENTIALS',
]);

test('every variable that a page names exists', () => {
  const prefixes = new Set(Object.keys(serviceVariables).map((name) => name.split('_')[0]));
  const named = pages.filter((page) => !page.startsWith('runtime/')).flatMap((page) =>
    [...read(page).matchAll(/`\$?([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)(?:=[^`]*)?`/g)].map(([, name = '']) => ({ page, name })));
  expect(named.length).toBeGreaterThan(40);
  // What begins as no variable of ours does is an event, such as MATCH_ANNOUNCED.
  const unknown = named.filter(({ name }) => prefixes.has(name.split('_')[0] ?? '') && !Object.hasOwn(serviceVariables, name) && !others.has(name));
  expect(unknown).toEqual([]);
});

test('every address that a page calls is a route', () => {
  // The socket is no route of the table.
  const routes = [...driverRoutes, ...adminRoutes, ...pageRoutes, { path: '/inspector/ws' }].map(({ path }) => new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`));
  const called = pages.flatMap((page) => [...read(page).matchAll(/(?:\$(?:DRIVER|ADMIN)|127\.0\.0\.1:808[01]|localhost:808[01])(\/[\w$./-]*)/g)].map(([, path = '']) => ({ page, path })));
  expect(called.length).toBeGreaterThan(8);
  expect(called.filter(({ path }) => !routes.some((route) => route.test(path)))).toEqual([]);
});

test('every page has a title', () => {
  for (const page of pages) expect(read(page), page).toMatch(/^# /m);
});
