// Loads the simulation together with the product as one planted bug leaves it: every module of ours is loaded once more under the bug's name,
// and the one that the bug is in with its edits.
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bugs, type Bug } from './bugs.ts';
import type { runSeed } from './seed-run.ts';

const root = join(import.meta.dirname, '..', '..');
let hooked = false;

/** The simulation of the product with the bug; with null, of the product as it is. */
export async function simulationWith(bug: Bug | null): Promise<typeof runSeed> {
  if (bug !== null) hook();
  const url = pathToFileURL(join(import.meta.dirname, 'seed-run.ts'));
  if (bug !== null) url.searchParams.set('bug', bug.name);
  const loaded = (await import(url.href)) as { runSeed: typeof runSeed };
  return loaded.runSeed;
}

function hook(): void {
  if (hooked) return;
  hooked = true;
  registerHooks({
    resolve(specifier, context, next) {
      const resolved = next(specifier, context);
      const name = context.parentURL === undefined ? null : bugNameIn(context.parentURL);
      if (name === null || !resolved.url.startsWith('file:') || resolved.url.includes('/node_modules/')) return resolved;
      const url = new URL(resolved.url);
      url.searchParams.set('bug', name);
      return { ...resolved, url: url.href };
    },
    load(url, context, next) {
      const loaded = next(url, context);
      const bug = bugs.find(({ name }) => name === bugNameIn(url));
      if (bug === undefined || !new URL(url).pathname.endsWith(`/${bug.file}`)) return loaded;
      return { ...loaded, source: edited(bug, textOf(loaded.source)) };
    },
  });
}

function textOf(source: string | ArrayBuffer | NodeJS.TypedArray | undefined): string {
  return typeof source === 'string' ? source : Buffer.from(source as ArrayBuffer).toString('utf8');
}

function bugNameIn(url: string): string | null {
  return url.startsWith('file:') ? new URL(url).searchParams.get('bug') : null;
}

/** Each text stands exactly once in the file, or the bug has to be written anew. */
export function edited({ name, file, edits }: Bug, source: string): string {
  return edits.reduce((text, { find, put }) => {
    const parts = text.split(find);
    if (parts.length !== 2) throw new Error(`the planted bug "${name}" finds its text ${parts.length - 1} times in ${join(root, file)}`);
    return parts.join(put);
  }, source);
}
