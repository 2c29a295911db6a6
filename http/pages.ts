// The web pages of the admin listener. They hold no data, so they load without the token; what they show they ask of the admin API.
import { z } from 'zod';
import { AssetsMissing, type Asset, type Assets, type Coding } from './assets.ts';
import { HttpProblem } from './problem.ts';
import { conditionalReply, type Reply } from './reply.ts';
import { defineRoute, type Route } from './routes.ts';

export interface PagesContext {
  readonly assets: Assets;
}

interface Page {
  readonly path: string;
  /** In the build's folder. */
  readonly file: string;
  readonly summary: string;
  /** Of what it is built from writes styles into the document, which everything else is forbidden. */
  readonly inlineStyles?: true;
  /** Sites it may show in a frame, besides none. */
  readonly frames?: string;
}

const pages: readonly Page[] = [
  { path: '/', file: 'console/index.html', summary: 'The console' },
  { path: '/inspector', file: 'inspector/index.html', summary: 'The inspector of the state machines' },
  { path: '/docs', file: 'docs/index.html', summary: 'The API reference', inlineStyles: true },
  { path: '/inspector/stately', file: 'stately/index.html', summary: 'A bridge to the inspector hosted by Stately', frames: 'https://stately.ai' },
];

function contentSecurityPolicy({ inlineStyles, frames }: Pick<Page, 'inlineStyles' | 'frames'>): string {
  return [
    `default-src 'none'`, `script-src 'self'`, `style-src 'self'${inlineStyles === undefined ? '' : ` 'unsafe-inline'`}`, `img-src 'self' data:`,
    `connect-src 'self'`, `font-src 'self'`, `base-uri 'none'`, `form-action 'self'`, `frame-ancestors 'none'`,
    ...(frames === undefined ? [] : [`frame-src ${frames}`]),
  ].join('; ');
}

const pageHeaders = {
  'Content-Security-Policy': contentSecurityPolicy({}),
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(), geolocation=(), microphone=()',
} as const;

const headers = z.object({ 'accept-encoding': z.string().default(''), 'if-none-match': z.string().optional() });

export const pageRoutes: readonly Route<PagesContext>[] = [...pages.map(pageRoute), assetRoute()];

function pageRoute({ path, file, summary, ...allowed }: Page): Route<PagesContext> {
  const policy = contentSecurityPolicy(allowed);
  return defineRoute({
    method: 'GET', path, access: 'monitor', summary, headers,
    replies: { 200: { description: 'The page.', schema: null }, 304: { description: 'The client holds it.', schema: null } },
    handle: async (ctx: PagesContext, input) => {
      const asset = await found(ctx.assets, file);
      // A page names its scripts by the hash of their content: it is asked for anew, they are not.
      const reply = assetReply(asset, 'no-cache', input.headers);
      return { ...reply, headers: { ...reply.headers, 'Content-Security-Policy': policy } };
    },
  });
}

function assetRoute(): Route<PagesContext> {
  return defineRoute({
    method: 'GET', path: '/assets/{name}', access: 'monitor', summary: 'Scripts, styles and fonts of the pages', headers,
    params: z.strictObject({ name: z.string() }),
    replies: { 200: { description: 'The file.', schema: null }, 304: { description: 'The client holds it.', schema: null } },
    handle: async (ctx: PagesContext, input) => {
      const asset = await found(ctx.assets, `assets/${input.params.name}`);
      return assetReply(asset, 'public, max-age=31536000, immutable', input.headers);
    },
  });
}

async function found(assets: Assets, path: string): Promise<Asset> {
  const asset = await assets(path).catch((error: unknown) => {
    if (!(error instanceof AssetsMissing)) throw error;
    throw new HttpProblem('pages_not_built', 'The web pages were not built: run `npm run build`.');
  });
  if (asset === null) throw new HttpProblem('not_found', 'There is no such file.');
  return asset;
}

function assetReply(asset: Asset, cacheControl: string, asked: z.output<typeof headers>): Reply {
  const coding = preferredCoding(asset, asked['accept-encoding']);
  const reply: Reply = {
    status: 200,
    headers: {
      ...pageHeaders,
      'Content-Type': asset.contentType,
      'Cache-Control': cacheControl,
      Vary: 'Accept-Encoding',
      ...(coding === null ? {} : { 'Content-Encoding': coding }),
    },
    body: (coding === null ? undefined : asset.encoded[coding]) ?? asset.body,
  };
  // One tag for each form: a strong tag stands for the bytes sent.
  return conditionalReply(reply, coding === null ? asset.etag : asset.etag.replace(/"$/, `.${coding}"`), asked['if-none-match']);
}

/** RFC 9110 section 12.5.3, as far as browsers use it: a coding is accepted when named without weight zero. */
function preferredCoding(asset: Asset, acceptEncoding: string): Coding | null {
  const accepted = acceptEncoding.split(',').map((part) => part.trim().toLowerCase().replaceAll(' ', ''));
  const usable = (coding: Coding): boolean =>
    asset.encoded[coding] !== undefined
    && accepted.some((part) => part === coding || (part.startsWith(`${coding};q=`) && !/;q=0(?:\.0*)?$/.test(part)));
  return (['br', 'gzip'] as const).find(usable) ?? null;
}
