// The built pages, in memory: read from the build's folder when first asked for, with the forms the build compressed beside them.
import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { strongETag } from './reply.ts';

export interface Asset {
  readonly contentType: string;
  readonly body: Uint8Array;
  /** The same, compressed, by content coding. */
  readonly encoded: Readonly<Partial<Record<Coding, Uint8Array>>>;
  readonly etag: string;
}

export const codings = { br: '.br', gzip: '.gz' } as const;
export type Coding = keyof typeof codings;

/** The asset at a path inside the folder, such as `assets/main-4f2a.js`; null when there is none. Throws `AssetsMissing`. */
export type Assets = (path: string) => Promise<Asset | null>;

/** The pages were not built. */
export class AssetsMissing extends Error {
  override readonly name = 'AssetsMissing';
}

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
};

export function createAssets(folder: string): Assets {
  let reading: Promise<ReadonlyMap<string, Asset>> | null = null;
  return async (path) => {
    // Forgotten after a failure: once the pages are built, the next request finds them.
    reading ??= readAssets(folder).catch((cause: unknown) => {
      reading = null;
      throw new AssetsMissing(`${folder} cannot be read`, { cause });
    });
    return (await reading).get(path) ?? null;
  };
}

/** All of them, by path. */
export async function readAssets(folder: string): Promise<ReadonlyMap<string, Asset>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const names = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1));
  const contents = new Map(await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name))] as const)));
  const assets = [...contents].flatMap(([name, body]) => {
    const contentType = contentTypes[extname(name)];
    return contentType === undefined ? [] : [[name, assetOf(name, { contentType, body, contents })] as const];
  });
  return new Map(assets);
}

interface Parts {
  readonly contentType: string;
  readonly body: Uint8Array;
  readonly contents: ReadonlyMap<string, Uint8Array>;
}

function assetOf(name: string, { contentType, body, contents }: Parts): Asset {
  const encoded = Object.entries(codings).flatMap(([coding, suffix]) => {
    const bytes = contents.get(name + suffix);
    return bytes === undefined ? [] : [[coding, bytes] as const];
  });
  return { contentType, body, encoded: Object.fromEntries(encoded), etag: strongETag([Buffer.from(body).toString('latin1')]) };
}
