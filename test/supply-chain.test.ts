// What the service is built of: exact versions, each held to its digest, under licences that were looked at.
import { execFile } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');

interface Manifest {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

interface Locked extends Manifest {
  readonly version?: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly license?: string;
  readonly dev?: boolean;
  readonly link?: boolean;
  readonly hasInstallScript?: boolean;
}

interface Bill {
  readonly bomFormat: string;
  readonly components: readonly { readonly name: string; readonly version: string; readonly hashes?: readonly unknown[] }[];
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(join(root, path), 'utf8'));
}

function manifestAt(path: string): Manifest {
  return readJson(path) as Manifest;
}

const lock = readJson('package-lock.json') as { lockfileVersion: number; packages: Readonly<Record<string, Locked>> };
/** What a registry gave, by its path below the root. */
const fetched = Object.entries(lock.packages).filter(([path, { link }]) => path.includes('node_modules/') && link !== true);
const production = fetched.filter(([, { dev }]) => dev !== true);
const manifests = ['package.json', ...globSync('runtime/*/package.json', { cwd: root })];

function demands({ dependencies, devDependencies, optionalDependencies }: Manifest): [string, string][] {
  return Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies });
}

/** Permissive; none asks more of who runs the service than to keep its notice. */
const licences: readonly string[] = ['MIT', 'ISC', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', '0BSD', 'BlueOak-1.0.0', '(MIT OR CC0-1.0)'];

/** Packages that say it elsewhere or otherwise, with what was found there. */
const lookedUp: Readonly<Record<string, { readonly file: string; readonly says: RegExp }>> = {
  'node_modules/combine-errors': { file: 'Readme.md', says: /## License\s+MIT\s*$/ },
  'node_modules/ydb-sdk': { file: 'LICENSE', says: /Apache License\s+Version 2\.0/ },
  'node_modules/ydb-sdk-proto': { file: 'LICENSE', says: /Apache License\s+Version 2\.0/ },
};

/** Packages that may run a script when they are installed, and why that is fine. */
const scripted: Readonly<Record<string, string>> = {
  'node_modules/protobufjs': 'compares version schemes and prints a warning; npm leaves it out unless it is approved',
  'node_modules/core-js-pure': 'of a test tool: prints a request for donations',
};

test.each(manifests)('%s asks for exact versions', (path) => {
  const asked = demands(manifestAt(path));
  expect(asked.filter(([, version]) => !/^(?:npm:[@\w./-]+@)?\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(version))).toEqual([]);
  expect(asked.length).toBeGreaterThan(0);
});

test('the lock file holds what the manifest asks for', () => {
  const asked = demands(manifestAt('package.json'));
  const held = asked.map(([name]) => lock.packages[`node_modules/${name}`]?.version);
  expect(held).toEqual(asked.map(([, version]) => version.split('@').at(-1)));
});

test('every package is held to a SHA-512 digest, and comes from whatever registry is configured', () => {
  expect(lock.lockfileVersion).toBe(3);
  expect(fetched.filter(([, { integrity }]) => !/^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity ?? '')).map(([path]) => path)).toEqual([]);
  expect(fetched.filter(([, { resolved }]) => resolved !== undefined).map(([path]) => path)).toEqual([]);
  expect(fetched.length).toBeGreaterThan(100);
});

test('everything in production is under a licence of the list', () => {
  const others = production.filter(([path, { license }]) => !licences.includes(license ?? '') && !(path in lookedUp));
  expect(others.map(([path, { license }]) => `${path}: ${license}`)).toEqual([]);
});

test.each(Object.entries(lookedUp))('%s is licensed as was found', (path, { file, says }) => {
  expect(readFileSync(join(root, path, file), 'utf8')).toMatch(says);
});

test('no other package runs a script when it is installed', () => {
  expect(fetched.filter(([, { hasInstallScript }]) => hasInstallScript === true).map(([path]) => path).sort()).toEqual(Object.keys(scripted).sort());
});

// `--omit dev` of npm 11 leaves out more than it should (xstate, for one): the bill names all, and marks what is for development.
test('the bill of materials names every installed package in production, with its digest', async () => {
  const { stdout } = await promisify(execFile)('npm', ['run', '-s', 'sbom'], { cwd: root, maxBuffer: 64 * 1024 * 1024 });
  const { bomFormat, components } = JSON.parse(stdout) as Bill;
  expect(bomFormat).toBe('CycloneDX');
  const named = new Map(components.map((component) => [`${component.name}@${component.version}`, component]));
  // Under the name it is imported by, which may be an alias.
  const installed = production
    .filter(([path]) => existsSync(join(root, path, 'package.json')))
    .map(([path, { version }]) => `${path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)}@${version}`);
  const billed = installed.map((name) => [name, named.get(name)?.hashes?.length] as const);
  expect(billed.filter(([, digests]) => digests !== 1).map(([name]) => name)).toEqual([]);
  expect(billed.length).toBeGreaterThan(90);
}, 60_000);
