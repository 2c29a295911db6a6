// Runs `main` or `cli` as `npm run build` bundled it; from the sources where one of them is newer than that.
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const [entry] = process.argv.splice(2, 1);

await import(newestSource() > modifiedAt(`dist/${entry}.mjs`) ? `./${entry}.ts` : `../dist/${entry}.mjs`);

function newestSource() {
  const files = ['machines', 'runtime', 'jobs', 'http'].flatMap((folder) => sourcesIn(folder));
  return Math.max(...files.map(modifiedAt));
}

function sourcesIn(folder) {
  const isThere = statSync(join(root, folder), { throwIfNoEntry: false }) !== undefined;
  const names = isThere ? readdirSync(join(root, folder), { recursive: true }) : [];
  return names.filter((name) => /\.(?:ts|json)$/.test(name) && !name.startsWith('web')).map((name) => join(folder, name));
}

/** Minus infinity for what is not there. */
function modifiedAt(path) {
  return statSync(join(root, path), { throwIfNoEntry: false })?.mtimeMs ?? -Infinity;
}
