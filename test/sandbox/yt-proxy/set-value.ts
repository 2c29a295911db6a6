// `set`: values become nodes, maps become map nodes with children, and attributes change whole or inside.
import { isComputed, valueAt } from './attributes.ts';
import type { Cluster } from './cluster.ts';
import type { Transaction } from './cypress.ts';
import { commandError } from './errors.ts';
import { isExact } from './exact.ts';
import { unwrap } from './formats.ts';
import { acquireLock } from './locks.ts';
import { checkValue, NodeType, setAttribute, setValue, typeForValue } from './node.ts';
import type { Path } from './paths.ts';
import { placeNode } from './placing.ts';

export interface Setting {
  readonly path: Path;
  readonly value: unknown;
  readonly recursive: boolean;
  /** Needed to replace a map node with all below it. */
  readonly force: boolean;
  readonly transaction: Transaction | null;
}

export function setNode(cluster: Cluster, setting: Setting): void {
  const { path, transaction, recursive } = setting;
  const { plain, attributes } = unwrap(setting.value);
  const existing = cluster.cypress.find(path, transaction)?.node ?? null;
  if (isMap(plain) && existing?.type !== NodeType.document) {
    setMap(cluster, { ...setting, value: plain }, attributes);
    return;
  }
  if (existing === null) placeNode(cluster, { path, type: typeForValue(plain), attributes, recursive, transaction });
  const { node } = cluster.cypress.resolve(path, transaction);
  checkValue(node.type, plain);
  acquireLock(cluster.cypress, node, { mode: 'exclusive' }, transaction);
  // Attributes of the value become those of the node.
  for (const [name, value] of Object.entries(attributes)) cluster.cypress.change(node.id, transaction, setAttribute(name, value, cluster.cypress.stamp()));
  cluster.cypress.change(node.id, transaction, setValue(plain, cluster.cypress.stamp()));
}

export function setNodeAttribute(cluster: Cluster, { path, value, transaction }: Setting): void {
  const { cypress } = cluster;
  const [name, ...inner] = path.attribute ?? [];
  if (name === undefined) throw commandError(1, 'Attributes are set one by one');
  const { node } = cypress.resolve(path, transaction);
  if (isComputed(node, name)) throw commandError(1, `Builtin attribute "${name}" cannot be set`);
  acquireLock(cypress, node, { mode: 'shared', key: `attribute:${name}` }, transaction);
  const whole = inner.length === 0 ? value : withInner(node.attributes[name], inner, value);
  cypress.change(node.id, transaction, setAttribute(name, whole, cypress.stamp()));
}

function setMap(cluster: Cluster, setting: Setting, attributes: Readonly<Record<string, unknown>>): void {
  const { path, value, recursive, force, transaction } = setting;
  if (cluster.cypress.find(path, transaction)?.node.type === NodeType.map_node && !force) {
    throw commandError(1, `"set" of map node ${path.text} without "force" is forbidden`);
  }
  placeNode(cluster, { path, type: NodeType.map_node, attributes, recursive, transaction });
  for (const [key, child] of Object.entries(value as Record<string, unknown>)) {
    const name = key.startsWith('$$') ? key.slice(1) : key;
    setNode(cluster, { ...setting, value: child, path: { ...path, keys: [...path.keys, name], text: `${path.text}/${name}` } });
  }
}

function withInner(whole: unknown, [key = '', ...rest]: readonly string[], value: unknown): unknown {
  if (!isMap(whole) || (rest.length > 0 && valueAt(whole, [key]) === undefined)) throw commandError(500, `Attribute has no child with key "${key}"`);
  return { ...whole, [key]: rest.length === 0 ? value : withInner(valueAt(whole, [key]), rest, value) };
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isExact(value);
}
