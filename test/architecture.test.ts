// The import rule of docs/architecture.md: down, never up or across. Read from the code itself at each run.
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');

type Layer = 'core' | 'port' | 'use case' | 'adapter' | 'compose' | 'http' | 'web' | 'jobs' | 'entry' | 'package' | 'test';

/** First match wins. */
const layers: readonly (readonly [RegExp, Layer])[] = [
  [/^(runtime\/ytsaurus-client\/)?test\//, 'test'],
  [/^runtime\/ytsaurus-client\//, 'package'],
  [/^(runtime\/(main|cli|service)\.ts|runtime\/cli\/[a-z-]+\.ts|jobs\/thread\.ts)$/, 'entry'],
  [/^runtime\/compose\.ts$/, 'compose'],
  [/^machines\//, 'core'],
  [/^http\/web\//, 'web'],
  [/^http\//, 'http'],
  [/^jobs\//, 'jobs'],
  [/^runtime\/(mentorship|tasks|messages)\//, 'use case'],
  [/^runtime\/(store|lock|yt|upstream|trace|spool)\//, 'adapter'],
  [/^runtime\/(config\/)?[a-z-]+\.ts$/, 'port'],
];

const allowed: Readonly<Record<Layer, readonly Layer[]>> = {
  core: ['core'],
  port: ['core', 'port'],
  'use case': ['core', 'port', 'use case'],
  adapter: ['core', 'port', 'adapter', 'package'],
  compose: ['core', 'port', 'adapter', 'compose'],
  http: ['core', 'port', 'use case', 'http'],
  web: ['core', 'web'],
  jobs: ['core', 'port', 'use case', 'jobs'],
  entry: ['core', 'port', 'use case', 'compose', 'http', 'jobs', 'entry'],
  package: ['package'],
  test: ['core', 'port', 'use case', 'adapter', 'compose', 'http', 'web', 'jobs', 'entry', 'package', 'test'],
};

interface Import {
  readonly file: string;
  readonly specifier: string;
  readonly typeOnly: boolean;
}

const files = globSync('{machines,runtime,http,jobs,test}/**/*.{ts,tsx}', { cwd: root, exclude: ['**/node_modules/**'] }).map(normalize);
const imports = files.flatMap(importsOf);
const local = imports.filter(({ specifier }) => specifier.startsWith('.')).map((one) => ({ ...one, target: normalize(join(dirname(one.file), one.specifier)) }));

function importsOf(file: string): Import[] {
  const source = readFileSync(join(root, file), 'utf8');
  const statements = source.matchAll(/^(?:import|export)\s+(type\s+)?(?:[^'";]*?\sfrom\s+)?'([^']+)'/gm);
  const dynamic = source.matchAll(/\bimport\('([^']+)'\)/g);
  return [
    ...[...statements].map((match) => ({ file, specifier: match[2] ?? '', typeOnly: match[1] !== undefined })),
    ...[...dynamic].map((match) => ({ file, specifier: match[1] ?? '', typeOnly: false })),
  ];
}

function layerOf(file: string): Layer {
  const found = layers.find(([pattern]) => pattern.test(file));
  if (found === undefined) throw new Error(`${file} belongs to no layer`);
  return found[1];
}

/** An adapter may use its own folder only: `runtime/<port>/`. */
function adapterFolder(file: string): string {
  return file.split('/').slice(0, 2).join('/');
}

test('every file belongs to a layer', () => {
  expect(files.length).toBeGreaterThan(50);
  for (const file of files) expect(() => layerOf(file)).not.toThrow();
});

test('imports go down, never up or across', () => {
  const wrong = local.filter(({ file, target, typeOnly }) => {
    const [from, to] = [layerOf(file), layerOf(target)];
    // The pages speak the admin API's types: a change of the wire that breaks a page does not compile.
    if (from === 'web' && to === 'http') return !typeOnly;
    return !allowed[from].includes(to) || (from === 'adapter' && to === 'adapter' && adapterFolder(file) !== adapterFolder(target));
  });
  expect(wrong.map(({ file, target }) => `${file} -> ${target}`)).toEqual([]);
});

test('the core knows xstate and itself, no clock and no randomness', () => {
  const outside = imports.filter(({ file, specifier }) => layerOf(file) === 'core' && !specifier.startsWith('.') && !/^xstate(\/|$)/.test(specifier));
  expect(outside).toEqual([]);
  const impure = files.filter((file) => layerOf(file) === 'core' && /\b(Date\.now|new Date\(\)|Math\.random|setTimeout\(|process\.\w)/.test(readFileSync(join(root, file), 'utf8')));
  expect(impure).toEqual([]);
});

test('only compose names adapters', () => {
  const named = local.filter(({ file, target }) => layerOf(target) === 'adapter' && !['adapter', 'compose', 'test'].includes(layerOf(file)));
  expect(named.map(({ file }) => file)).toEqual([]);
});

test('only dispatch moves a status: nobody else of the runtime writes a transition', () => {
  const writers = files.filter((file) => /^(runtime\/(mentorship|tasks)|jobs|http)\//.test(file) && /insertTransition\(|insertMatching\(/.test(readFileSync(join(root, file), 'utf8')));
  expect(writers).toEqual(['runtime/mentorship/dispatch.ts']);
});

test('only step.ts runs the lifecycle machine', () => {
  const runners = files.filter((file) => !file.startsWith('test/') && /matchingMachine\.(transition|resolveState)|\b(initialTransition|getNextSnapshot)\(/.test(readFileSync(join(root, file), 'utf8')));
  expect(runners).toEqual(['machines/step.ts']);
});

test('there are no import cycles', () => {
  const graph = new Map<string, string[]>();
  for (const { file, target, typeOnly } of local) if (!typeOnly) graph.set(file, [...(graph.get(file) ?? []), target]);
  const done = new Set<string>();
  const walk = (file: string, trail: readonly string[]): void => {
    expect(trail, `cycle through ${file}`).not.toContain(file);
    if (done.has(file)) return;
    for (const next of graph.get(file) ?? []) walk(next, [...trail, file]);
    done.add(file);
  };
  for (const file of files) walk(file, []);
});
