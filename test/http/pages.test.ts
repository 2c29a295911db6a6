// The web pages as they are served: compressed, cached, fenced in, and small.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliDecompressSync, gunzipSync, gzipSync } from 'node:zlib';
import { expect, onTestFinished, test } from 'vitest';
import { createAdminGuards } from '../../http/admin-access.ts';
import { createAssets, readAssets } from '../../http/assets.ts';
import { pageRoutes } from '../../http/pages.ts';
import { listen, openGuards, problemOf } from './listener.ts';

const built = join(import.meta.dirname, '../../http/web/dist');

async function serve(folder = built): Promise<(path: string) => string> {
  const guards = { ...openGuards, ...createAdminGuards('secret') };
  return (await listen({ ctx: { assets: createAssets(folder) }, routes: pageRoutes, guards })).url;
}

/** As it came over the wire: fetch() would decompress it. */
function raw(url: string, headers: Record<string, string>): Promise<{ headers: NodeJS.Dict<string | string[]>; body: Buffer }> {
  return new Promise((resolve, reject) => {
    request(url, { headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve({ headers: response.headers, body: Buffer.concat(chunks) }));
    }).on('error', reject).end();
  });
}

function assetsNamed(html: string): string[] {
  return [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] ?? '');
}

test('pages and all they name load without the token, from this listener alone', async () => {
  const url = await serve();
  for (const { path } of pageRoutes.filter((route) => !route.path.startsWith('/assets/'))) {
    const page = await fetch(url(path));
    expect(page.status, path).toBe(200);
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    const named = assetsNamed(await page.text());
    expect(named.length).toBeGreaterThan(1);
    for (const name of named) {
      expect(name).toMatch(/^\/assets\//);
      expect((await fetch(url(name))).status, name).toBe(200);
    }
  }
});

test('a page may load nothing from elsewhere, run nothing inline and be framed by nobody', async () => {
  const url = await serve();
  const { headers } = await fetch(url('/'));
  expect(headers.get('content-security-policy')).toBe(
    `default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; ` +
    `base-uri 'none'; form-action 'self'; frame-ancestors 'none'`,
  );
  // What draws the API reference writes styles into the document: there alone it may, and scripts stay as they are.
  const reference = await fetch(url('/docs'));
  expect(reference.headers.get('content-security-policy')).toBe(headers.get('content-security-policy')?.replace(`style-src 'self'`, `style-src 'self' 'unsafe-inline'`));
  expect(headers.get('x-content-type-options')).toBe('nosniff');
  expect(headers.get('referrer-policy')).toBe('no-referrer');
});

test('no script or style names another host', async () => {
  for (const [name, asset] of await readAssets(built)) {
    if (!/\.(?:js|css|html)$/.test(name)) continue;
    const hosts = Buffer.from(asset.body).toString().match(/https?:\/\/[\w.-]+/g) ?? [];
    // Names of XML namespaces and pointers in messages, none of which is ever requested. The bridge alone frames another site, and asks first.
    const mentioned = /\/\/(?:www\.w3\.org|localhost|github\.com|marked\.js\.org|example\.com)$/;
    const framed = name.startsWith('assets/stately-') ? ['https://stately.ai'] : [];
    expect(hosts.filter((host) => !mentioned.test(host) && !framed.includes(host)), name).toEqual([]);
  }
});

test('serves the form the client accepts, under a tag of its own', async () => {
  const url = await serve();
  const plain = await raw(url('/'), {});
  const brotli = await raw(url('/'), { 'Accept-Encoding': 'gzip, br' });
  const gzip = await raw(url('/'), { 'Accept-Encoding': 'gzip;q=0.5, br;q=0' });
  expect([plain, brotli, gzip].map(({ headers }) => headers['content-encoding'])).toEqual([undefined, 'br', 'gzip']);
  expect(brotliDecompressSync(brotli.body)).toEqual(plain.body);
  expect(gunzipSync(gzip.body)).toEqual(plain.body);
  expect(new Set([plain, brotli, gzip].map(({ headers }) => headers['etag'])).size).toBe(3);
  expect(brotli.headers['vary']).toBe('Accept-Encoding');
});

test('a page is asked for anew and answered 304 while unchanged; what its name tells the content of is kept for good', async () => {
  const url = await serve();
  const page = await fetch(url('/'));
  expect(page.headers.get('cache-control')).toBe('no-cache');
  const again = await fetch(url('/'), { headers: { 'If-None-Match': page.headers.get('etag') ?? '' } });
  expect(again.status).toBe(304);
  const [script = ''] = assetsNamed(await page.text()).filter((name) => name.endsWith('.js'));
  const { headers } = await fetch(url(script));
  expect(headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
  expect(headers.get('content-type')).toBe('text/javascript; charset=utf-8');
});

test('a file that is no asset is not found, however it is named', async () => {
  const url = await serve();
  for (const name of ['nothing.js', '..%2fconsole%2findex.html', '..%2f..%2f..%2fpackage.json']) {
    expect((await fetch(url(`/assets/${name}`))).status, name).toBe(404);
  }
});

test('says how to build the pages where they were not, and serves them once they are', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'pages-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const url = await serve(join(folder, 'dist'));
  const response = await fetch(url('/'));
  expect(response.status).toBe(503);
  expect(await problemOf(response)).toMatchObject({ code: 'pages_not_built', detail: 'The web pages were not built: run `npm run build`.' });
  mkdirSync(join(folder, 'dist/console'), { recursive: true });
  writeFileSync(join(folder, 'dist/console/index.html'), 'built');
  expect(await (await fetch(url('/'))).text()).toBe('built');
});

test.each([
  ['console and inspector', (name: string) => !name.startsWith('assets/docs-')],
  ['API reference', (name: string) => name.startsWith('assets/docs-')],
] as const)('%s: less than 300 KB compressed', async (_page, isOurs) => {
  const ours = [...(await readAssets(built))].filter(([name]) => isOurs(name));
  const sizes = ours.map(([, { body, encoded }]) => (encoded.gzip ?? gzipSync(body)).byteLength);
  expect(sizes.length).toBeGreaterThan(1);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(300 * 1024);
});
