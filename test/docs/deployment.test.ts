// What is written for Docker and Kubernetes, as far as it can be checked without them: it parses, and its names, ports, times and files are
// those of the code.
import { existsSync, globSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { readConfig } from '../../runtime/config/config.ts';
import { serviceVariables } from '../../runtime/config/env.ts';

const root = join(import.meta.dirname, '../..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');
type Json = Record<string, unknown>;

const manifestFiles = globSync('docs/operations/kubernetes/*.yaml', { cwd: root });
const manifests = manifestFiles.flatMap((file) => parseAllDocuments(read(file)).map((document) => document.toJS() as Json));
const ofKind = (kind: string): Json[] => manifests.filter((manifest) => manifest['kind'] === kind);

/** The value at a path of keys and indexes. */
function at(node: unknown, ...steps: readonly (string | number)[]): unknown {
  return steps.reduce<unknown>((found, step) => (found as Record<string | number, unknown> | undefined)?.[step], node);
}

const statefulSet = ofKind('StatefulSet')[0]!;
const pod = at(statefulSet, 'spec', 'template', 'spec');
const container = at(pod, 'containers', 0) as Json;
const compose = parse(read('compose.yaml')) as { services: Record<string, Json> };
const dockerfile = read('Dockerfile');

/** Of libraries that read the environment themselves. */
const foreign = /^(YDB_\w+_CREDENTIALS|NODE_ENV)$/;
const isKnown = (name: string): boolean => Object.hasOwn(serviceVariables, name) || foreign.test(name);

test('every file of YAML parses, without a warning', () => {
  const files = globSync('{compose.yaml,docs/operations/**/*.yaml}', { cwd: root });
  expect(files.length).toBeGreaterThan(10);
  for (const file of files) {
    for (const document of parseAllDocuments(read(file))) expect([...document.errors, ...document.warnings], file).toEqual([]);
  }
});

test('the kustomization lists every manifest', () => {
  const listed = at(parse(read('docs/operations/kubernetes/kustomization.yaml')), 'resources') as string[];
  expect(new Set([...listed, 'kustomization.yaml'])).toEqual(new Set(manifestFiles.map((file) => file.split('/').at(-1))));
});

test('the variables of both are the service\'s, and start it', () => {
  const ofCompose = at(compose.services['service'], 'environment') as Record<string, string>;
  const ofCluster = at(ofKind('ConfigMap')[0], 'data') as Record<string, string>;
  for (const variables of [ofCompose, ofCluster]) {
    expect(Object.keys(variables).filter((name) => !isKnown(name))).toEqual([]);
    const substituted = Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, value.replace(/\$\{\w+:-(.*)\}/, '$1')]));
    expect(readConfig(substituted).store.kind).toBe('ydb');
    // Without it the probes and Prometheus could not reach the admin listener, which then asks for a token.
    expect(substituted['ADMIN_HOST']).toBe('0.0.0.0');
  }
});

test('the ports are those the service listens on', () => {
  const { http, admin } = readConfig({ ...requiredOnly() });
  const ports = Object.fromEntries((container['ports'] as { name: string; containerPort: number }[]).map(({ name, containerPort }) => [name, containerPort]));
  expect(ports).toEqual({ driver: http.port, admin: admin.port });
  expect(dockerfile).toContain(`EXPOSE ${http.port} ${admin.port}`);
  expect(at(compose.services['upstreams'], 'ports')).toEqual([`127.0.0.1:${http.port}:${http.port}`, `127.0.0.1:${admin.port}:${admin.port}`]);
  const named = new Set(Object.keys(ports));
  for (const service of ofKind('Service')) {
    for (const { targetPort } of at(service, 'spec', 'ports') as { targetPort: string }[]) expect(named).toContain(targetPort);
  }
  for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe']) expect(at(container, probe, 'httpGet', 'port')).toBe('admin');
});

test('a pod has the time to stop that the service takes', () => {
  const [, giveUpMs = ''] = /stopWithinMs = ([\d_]+)/.exec(read('runtime/main.ts')) ?? [];
  const stopSeconds = Number(giveUpMs.replaceAll('_', '')) / 1_000;
  expect(stopSeconds).toBeGreaterThan(0);
  const preStopSeconds = Number(at(container, 'lifecycle', 'preStop', 'exec', 'command', 1));
  const graceSeconds = at(pod, 'terminationGracePeriodSeconds') as number;
  expect(graceSeconds).toBeGreaterThan(preStopSeconds + stopSeconds);
  expect(graceSeconds).toBeLessThanOrEqual(60);
  expect(Number.parseInt(at(compose.services['service'], 'stop_grace_period') as string, 10)).toBeGreaterThan(stopSeconds);
  // Draining is seen by the load balancers before the listener closes.
  const { periodSeconds, failureThreshold } = container['readinessProbe'] as Record<string, number>;
  expect(periodSeconds! * failureThreshold!).toBeLessThanOrEqual(preStopSeconds);
});

test('what the spool needs is a volume of the pod\'s own, mounted where the service keeps its data', () => {
  const claims = (at(statefulSet, 'spec', 'volumeClaimTemplates') as Json[]).map((claim) => at(claim, 'metadata', 'name'));
  const mounts = container['volumeMounts'] as { name: string; mountPath: string }[];
  const [, dataDir] = /DATA_DIR=(\S+)/.exec(dockerfile) ?? [];
  expect(mounts.find(({ name }) => claims.includes(name))?.mountPath).toBe(dataDir);
  expect(dockerfile).toContain(`VOLUME ${dataDir}`);
  expect(at(compose.services['service'], 'volumes', 0)).toBe(`data:${dataDir}`);
  expect(at(statefulSet, 'spec', 'persistentVolumeClaimRetentionPolicy')).toEqual({ whenDeleted: 'Retain', whenScaled: 'Retain' });
});

test('nothing runs as root or writes to its image', () => {
  expect(dockerfile).toMatch(/^USER node$/m);
  expect(at(pod, 'securityContext', 'runAsNonRoot')).toBe(true);
  expect(container['securityContext']).toEqual({ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } });
});

test('selectors choose the pods, and one may leave at a time', () => {
  const labels = at(statefulSet, 'spec', 'template', 'metadata', 'labels');
  expect(at(statefulSet, 'spec', 'selector', 'matchLabels')).toEqual(labels);
  for (const service of ofKind('Service')) expect(at(service, 'spec', 'selector')).toEqual(labels);
  const [budget] = ofKind('PodDisruptionBudget');
  expect(at(budget, 'spec', 'selector', 'matchLabels')).toEqual(labels);
  expect(at(budget, 'spec', 'maxUnavailable')).toBeLessThan(at(statefulSet, 'spec', 'replicas') as number);
  expect(at(ofKind('NetworkPolicy')[0], 'spec', 'podSelector', 'matchLabels')).toEqual(labels);
});

test('the label job stays the service\'s own wherever Prometheus scrapes', () => {
  expect(at(parse(read('docs/operations/prometheus/prometheus.yaml')), 'scrape_configs', 0, 'honor_labels')).toBe(true);
  expect(at(ofKind('PodMonitor')[0], 'spec', 'podMetricsEndpoints', 0, 'honorLabels')).toBe(true);
});

test('the image starts the same program as npm start, and copies what exists', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  const [, command = '[]'] = /^CMD (\[.*\])$/m.exec(dockerfile) ?? [];
  const [, assigned = '', started = ''] = /^((?:\w+=\S+ )*)exec (.+)$/.exec(scripts['start'] ?? '') ?? [];
  expect((JSON.parse(command) as string[]).join(' ')).toBe(started);
  for (const variable of assigned.split(' ').filter((one) => one !== '')) expect(dockerfile).toContain(`ENV ${variable}\n`);
  const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, sources = '']) => sources.split(' '));
  for (const path of copied) expect(existsSync(join(root, path)), path).toBe(true);
  const ignored = read('.dockerignore').split('\n');
  for (const path of copied.filter((one) => one !== '.')) expect(ignored, path).toContain(`!${path.split('/')[0]}`);
  expect(at(compose.services['upstreams'], 'command', 2)).toBe('sandbox');
  expect(scripts['sandbox']).toBeDefined();
});

test('what the image keeps of the HTTP server is there, for both processors that it is built for', () => {
  expect(dockerfile).toContain('! -name "uws_linux_*_$(node -p process.versions.modules).node"');
  const folder = 'node_modules/uWebSockets.js/dist/bin';
  for (const processor of ['x64', 'arm64']) expect(existsSync(join(root, folder, `uws_linux_${processor}_${process.versions.modules}.node`))).toBe(true);
});

test('what runs in the image needs no development dependency', () => {
  const manifest = JSON.parse(read('package.json')) as { dependencies: Record<string, string>; optionalDependencies: Record<string, string> };
  const client = JSON.parse(read('runtime/ytsaurus-client/package.json')) as { dependencies?: Record<string, string> };
  const installed = new Set([...Object.keys(manifest.dependencies), ...Object.keys(client.dependencies ?? {}), 'ytsaurus-client', ...builtinModules]);
  const files = globSync('{machines,runtime,jobs,http}/**/*.ts', { cwd: root, exclude: ['**/node_modules/**', 'http/web/**', 'runtime/ytsaurus-client/test/**', '**/*.d.ts'] });
  const needed = files.flatMap((file) => [...read(file).matchAll(/(?:^(?:import|export) (?!type )[^'";]*from |^import |import\()'([^'./][^']*)'/gm)].map(([, name = '']) => ({ file, name })));
  expect(needed.length).toBeGreaterThan(50);
  const packageOf = (name: string): string => name.split('/').slice(0, name.startsWith('@') ? 2 : 1).join('/');
  expect(needed.filter(({ name }) => !name.startsWith('node:') && !installed.has(packageOf(name)))).toEqual([]);
  expect(needed.filter(({ name }) => packageOf(name) in manifest.optionalDependencies)).toEqual([]);
});

function requiredOnly(): Record<string, string> {
  const url = 'http://127.0.0.1:1';
  return {
    YT_PROXY: url, DRIVER_PROFILES_URL: url, PERSONAL_URL: url, TRACKSTORY_URL: url, FLEET_RENT_URL: url, CLIENT_EVENTS_URL: url,
    AUTH_JWKS: url, AUTH_ISSUER: url,
  };
}
