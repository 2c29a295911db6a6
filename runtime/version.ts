// The version that runs, from the package's own manifest.
import { readFileSync } from 'node:fs';

const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { readonly version: string };

export const serviceVersion: string = manifest.version;
